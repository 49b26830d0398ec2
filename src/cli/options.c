// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shell.h"
#include "base/suggest.h"
#include "command.h"
#include "config/policy.h"
#include "xen/advice.h"

struct option_row {
    enum option option;
    const char *name;
    const char *argument; // NULL: none
    const char *help;
};

static const struct option_row option_rows[] = {
    { OPTION_ALL, "all", NULL, "everything that was attached to the running guest" },
    { OPTION_COMMAND, "command", "LINE", "translate a USB command of xm or xl, not a file" },
    { OPTION_DOMAIN, "domain", "DOMAIN", "name or id of the domain; default: the file's name=" },
    { OPTION_DRY_RUN, "dry-run", NULL, "show what would be done; change nothing" },
    { OPTION_EXIT_CODE, "exit-code", NULL, "exit with 10 if there is something to do" },
    { OPTION_FORGET, "forget", NULL, "remove journals that cannot be read" },
    { OPTION_FORCE, "force", NULL, "attach a device even if this host uses it" },
    { OPTION_FROM, "from", "FORM", "format of FILE if not a config: libvirt or sxp" },
    { OPTION_HYPERVISOR, "hypervisor", "NAME",
      "libvirt driver to write for: xen (default) or qemu" },
    { OPTION_IN_PLACE, "in-place", NULL, "rewrite FILE; the old one is kept as FILE.bak" },
    { OPTION_JSON, "json", NULL, "print JSON for scripts instead of text" },
    { OPTION_KEEP, "keep", NULL, "keep it attached, also over reboots of the guest, until detach" },
    { OPTION_NO_COMMENTS, "no-comments", NULL, "omit the comments with the original statements" },
    { OPTION_NO_SAVE, "no-save", NULL, "do not update libxl's saved config (lost at xl reboot)" },
    { OPTION_ONCE, "once", NULL, "bring everything up to date, then end" },
    { OPTION_POLICY, "policy", "FILE", "use this policy instead of " POLICY_PATH },
    { OPTION_PRUNE, "prune", NULL, "remove what the file does not name" },
    { OPTION_QMP, "qmp", "SOCKET", "use the QEMU at this QMP socket, with or without Xen" },
    { OPTION_REQUIRE_GUEST, "require-guest", NULL,
      "take a device back if the guest does not use it" },
    { OPTION_RESOLVE, "resolve", NULL, "look devices up on this host" },
    { OPTION_START_BACKEND, "start-backend", NULL, "start a PVUSB QEMU if the guest has none" },
    { OPTION_TIMEOUT, "timeout", "FACTOR", "factor for all time limits, 0.1 to 100; default 1" },
    { OPTION_TO, "to", "DIALECT", "dialect to translate to" },
    { OPTION_TREE, "tree", NULL, "print a tree instead of a table" },
    { OPTION_UDEV, "udev", "BUSID",
      "print the udev properties of a device that is kept for guests" },
    { OPTION_USB_ONLY, "usb-only", NULL, "print only the USB statements" },
};

enum { OPTION_ROWS = sizeof option_rows / sizeof *option_rows };

bool options_about(const struct command *command, size_t number, struct option_about *about)
{
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(command->options & row->option) || number--)
            continue;
        *about = (struct option_about){ row->name, row->argument, row->help };
        return true;
    }
    return false;
}

static const struct option_row *row_of(const struct command *command, struct text name)
{
    for (size_t i = 0; i < OPTION_ROWS; i++)
        if (command->options & option_rows[i].option && text_is(name, option_rows[i].name))
            return &option_rows[i];
    return NULL;
}

// "controller --help" gives the help of both verbs.
static const char *help_for(const struct invocation *invocation)
{
    struct text name = text_of(invocation->command->name);
    size_t size = text_find(name, ' ', 0);
    return advice(invocation->arena, ADVICE_HELP, NULL,
                  arena_copy(invocation->arena, name.at, size));
}

static enum status complain_unknown(struct invocation *invocation, struct text name)
{
    const char *names[OPTION_ROWS + 1];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_ROWS; i++)
        if (invocation->command->options & option_rows[i].option)
            names[count++] = arena_printf(invocation->arena, "--%s", option_rows[i].name);
    names[count] = NULL;
    const char *given = arena_printf(invocation->arena, "--%.*s", (int)name.size, name.at);
    diag_suggest(
        invocation->diags,
        complain_error(invocation->diags, "%s has no option %s", invocation->command->name, given),
        text_of(given), names, help_for(invocation));
    return STATUS_REQUEST;
}

// "2", "0.5": digits with at most one dot, 0.1 to 100.
static bool read_factor(struct text text, double *factor)
{
    uint64_t whole = 0, tenths = 0;
    size_t dot = text_find(text, '.', 0);
    struct text behind = text_part(text, dot + 1, text.size);
    if (text_number(text_part(text, 0, dot), 10, 0, 100, &whole) != NUMBER_OK)
        return false;
    if (dot < text.size &&
        (behind.size != 1 || text_number(behind, 10, 0, 9, &tenths) != NUMBER_OK))
        return false;
    *factor = (double)whole + (double)tenths / 10;
    return *factor >= 0.1 && *factor <= 100;
}

static enum status take(struct invocation *invocation, const struct option_row *row,
                        const char *value)
{
    invocation->given |= row->option;
    switch (row->option) {
    case OPTION_DOMAIN: invocation->domain = value; break;
    case OPTION_QMP: invocation->qmp = value; break;
    case OPTION_COMMAND: invocation->old_command = value; break;
    case OPTION_HYPERVISOR: invocation->hypervisor = value; break;
    case OPTION_FROM: invocation->from = value; break;
    case OPTION_POLICY: invocation->policy = value; break;
    case OPTION_TO: invocation->to = value; break;
    case OPTION_UDEV: invocation->udev = value; break;
    case OPTION_TIMEOUT:
        if (!read_factor(text_of(value), &invocation->timeout_scale)) {
            complain_error(invocation->diags, "--timeout takes a factor from 0.1 to 100, not '%s'",
                           value);
            return STATUS_REQUEST;
        }
        break;
    default: break;
    }
    return STATUS_OK;
}

// Takes the option at words[*at], and its value where it has one.
static enum status read_option(struct invocation *invocation, const char *const *words,
                               size_t count, size_t *at)
{
    struct text word = text_of(words[*at]);
    size_t equals = text_find(word, '=', 0);
    struct text name = text_part(word, 2, equals);
    const struct option_row *row = row_of(invocation->command, name);
    const char *value = equals < word.size ? word.at + equals + 1 : NULL;
    if (!row)
        return complain_unknown(invocation, name);
    if (!row->argument && value) {
        complain_error(invocation->diags, "--%s takes no value", row->name);
        return STATUS_REQUEST;
    }
    if (row->argument && !value) {
        if (*at + 1 == count) {
            complain_error(invocation->diags, "--%s needs a value: %s", row->name, row->argument);
            return STATUS_REQUEST;
        }
        value = words[++*at];
    }
    return take(invocation, row, value);
}

static enum status count_words(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    // The domain is the first argument, unless --qmp replaces it.
    bool domain_word = strncmp(command->arguments, "DOMAIN", 6) == 0 ||
                       strncmp(command->arguments, "[DOMAIN]", 8) == 0;
    size_t spared = domain_word && invocation->qmp ? 1 : 0;
    size_t least = command->least > spared ? command->least - spared : 0;
    size_t most = command->most == SIZE_MAX ? SIZE_MAX : command->most - spared;
    if (invocation->count >= least && invocation->count <= most)
        return STATUS_OK;
    struct diag *diag = complain_error(invocation->diags, "too %s arguments for %s%s",
                                       invocation->count < least ? "few" : "many", command->name,
                                       spared ? " --qmp" : "");
    diag_hint(invocation->diags, diag, "usage: xenusb %s%s%s%s", command->name,
              *command->arguments ? " " : "", command->arguments,
              spared ? ", with --qmp SOCKET in place of DOMAIN" : "");
    return STATUS_REQUEST;
}

// An empty argument is usually an unset variable in a script; no verb has a use for one.
static enum status complain_empty(const struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->count; i++) {
        if (text_trim(text_of(invocation->words[i])).size)
            continue;
        struct diag *diag = complain_error(invocation->diags, "argument %zu of %s is empty", i + 1,
                                           invocation->command->name);
        diag_hint(invocation->diags, diag, "usage: xenusb %s %s", invocation->command->name,
                  invocation->command->arguments);
        return STATUS_REQUEST;
    }
    return STATUS_OK;
}

static const char *name_of(enum option option)
{
    size_t i = 0;
    while (option_rows[i].option != option)
        i++;
    return option_rows[i].name;
}

// Options that exclude each other.
static enum status complain_together(const struct invocation *invocation)
{
    static const enum option pairs[][2] = { { OPTION_DOMAIN, OPTION_QMP },
                                            { OPTION_JSON, OPTION_TREE },
                                            { OPTION_JSON, OPTION_UDEV },
                                            { OPTION_KEEP, OPTION_QMP } };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        unsigned both = pairs[i][0] | pairs[i][1];
        if ((invocation->given & both) != both)
            continue;
        complain_error(invocation->diags, "--%s and --%s cannot be combined", name_of(pairs[i][0]),
                       name_of(pairs[i][1]));
        status = status_worse(status, STATUS_REQUEST);
    }
    return status;
}

enum status options_read(struct invocation *invocation, const char *const *words, size_t count,
                         bool *help)
{
    const char **rest = arena_array_of(invocation->arena, const char *, count);
    bool ended = false;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        struct text word = text_of(words[i]);
        if (!ended && text_is(word, "--"))
            ended = true;
        else if (!ended && (text_is(word, "--help") || text_is(word, "-h")))
            *help = true;
        else if (!ended && text_starts(word, "--"))
            status = status_worse(status, read_option(invocation, words, count, &i));
        else if (!ended && word.size > 1 && *word.at == '-') {
            complain_error(invocation->diags, "unknown option '%s': options begin with --",
                           word.at);
            status = status_worse(status, STATUS_REQUEST);
        } else
            rest[invocation->count++] = words[i];
    }
    invocation->words = rest;
    if (*help || status != STATUS_OK)
        return status;
    status = status_worse(complain_together(invocation), count_words(invocation));
    return status == STATUS_OK ? complain_empty(invocation) : status;
}

// The command without its options, as a shell takes it.
static const char *command_line(const struct invocation *invocation)
{
    struct buffer line = buffer_in(invocation->arena);
    buffer_add_string(&line, invocation->command ? invocation->command->name : "");
    for (size_t i = 0; i < invocation->count; i++)
        shell_add_word(&line, text_of(invocation->words[i]));
    return buffer_string(&line);
}

struct world_options options_for_world(const struct invocation *invocation)
{
    return (struct world_options){
        .arena = invocation->arena,
        .diags = invocation->diags,
        .known = invocation->known,
        .qmp_socket = invocation->qmp,
        .verb = invocation->command ? invocation->command->name : NULL,
        .command = command_line(invocation),
        .timeout_scale = invocation->timeout_scale,
        .keep_saved = invocation->given & OPTION_NO_SAVE,
        .require_guest = invocation->given & OPTION_REQUIRE_GUEST,
    };
}

void options_print_help(const struct command *command, FILE *stream)
{
    enum { HELP_COLUMN = 22 };
    fprintf(stream, "usage: xenusb %s [options]%s%s\n\n%s\n", command->name,
            *command->arguments ? " " : "", command->arguments, command->summary);
    if (command->details)
        fprintf(stream, "\n%s\n", command->details);
    fputs("\noptions:\n", stream);
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(command->options & row->option))
            continue;
        int width = fprintf(stream, "  --%s%s%s", row->name, row->argument ? " " : "",
                            row->argument ? row->argument : "");
        fprintf(stream, "%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", row->help);
    }
    fprintf(stream, "  --help%*s%s\n", HELP_COLUMN - 8, "", "this text");
}
