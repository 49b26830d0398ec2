// SPDX-License-Identifier: MIT
#include "advice.h"

#include "base/arena.h"
#include "base/shell.h"

enum { NAME_SHOWN = 64 }; // bytes; messages are cut at some length, and a command must not be

const struct advice_row advice_rows[ADVICE_KINDS] = {
    [ADVICE_LIST] = { "list", "to list its devices", "xenusb list %d" },
    [ADVICE_DEVICES] = { "devices", "to list this host's devices", "xenusb devices" },
    [ADVICE_ADD_CONTROLLER] = { "add-controller", "to add one", "xenusb controller add %d %1" },
    [ADVICE_DETACH] = { "detach", "to detach it", "xenusb detach %d %1" },
    [ADVICE_REMOVE_CONTROLLER] = { "remove-controller", "to remove it",
                                   "xenusb controller remove %d %1" },
    [ADVICE_REMOVE_RECORD] = { "remove-record", "to remove the record",
                               "xenusb controller remove %d %1" },
    [ADVICE_UNPAUSE] = { "unpause", "to unpause it", "xl unpause %d" },
    [ADVICE_REPAIR] = { "repair", "to fix it", "xenusb repair %d" },
    [ADVICE_REPAIR_HOST] = { "repair-host", "to fix it", "xenusb repair" },
    [ADVICE_FORGET] = { "forget", "to remove it", "xenusb repair --forget %d" },
    [ADVICE_RESTORE] = { "restore", "once the cause is fixed, to attach it again",
                         "xenusb attach %d %1" },
    [ADVICE_ATTACH] = { "attach", "once it is plugged in again, to attach it",
                        "xenusb attach %d %1" },
    [ADVICE_MOVE] = { "move", "to move it there", "xenusb move %d %1 %2" },
    [ADVICE_RETURN] = { "return", "to bring it back", "xenusb attach %d %1" },
    [ADVICE_START_QEMU] = { "start-qemu", "to start one and add a controller",
                            "xenusb controller add --start-backend %d qusb" },
    [ADVICE_SERVE] = { "serve", "to start a QEMU for it",
                       "xenusb controller add --start-backend %d %1" },
    [ADVICE_DOMAINS] = { "domains", "to list the domains of this host", "xl list" },
    [ADVICE_HELP] = { "help", "for help", "xenusb %1 --help" },
    [ADVICE_VERBS] = { "verbs", "for a list of the verbs", "xenusb --help" },
    [ADVICE_FROM_LIBVIRT] = { "from-libvirt", "to convert libvirt's XML",
                              "xenusb translate --from libvirt %1" },
    [ADVICE_FROM_SXP] = { "from-sxp", "to convert it", "xenusb translate --from sxp %1" },
    [ADVICE_CHECK_POLICY] = { "check-policy", "for all that is wrong with it",
                              "xenusb check --policy %1" },
    [ADVICE_EXPLAIN] = { "explain", "for more about this", "xenusb explain %1" },
    [ADVICE_PARK] = { "park", "before it is saved or migrated", "xenusb park %d" },
    [ADVICE_APPLY] = { "apply", "to add it to the running guest", "xenusb apply %1" },
};

// Whether xenusb and xl take the name for this domain and nothing else: both take digits for an id.
static bool is_named(const struct domain *domain)
{
    struct text name = text_of(domain->name);
    uint32_t point = 0;
    bool only_digits = true, blank = true;
    for (size_t i = 0, size; i < name.size; i += size) {
        size = text_utf8(text_part(name, i, name.size), &point);
        if (size == 0 || text_unsafe(point))
            return false;
        only_digits = only_digits && point >= '0' && point <= '9';
        blank = blank && point == ' ';
    }
    return !only_digits && !blank && *domain->name != '-' && name.size <= NAME_SHOWN &&
           !domain->namesake;
}

static void add(struct advice_command *command, const char *word)
{
    if (command->count < ADVICE_WORDS_MAX)
        command->words[command->count++] = word;
}

// A word that may begin with '-' but is not an option.
static void add_argument(struct advice_command *command, const char *argument)
{
    bool ended = false;
    for (size_t i = 0; i < command->count; i++)
        ended = ended || strcmp(command->words[i], "--") == 0;
    if (*argument == '-' && !ended)
        add(command, "--");
    add(command, argument);
}

static void add_domain(struct arena *arena, struct advice_command *command,
                       const struct domain *domain)
{
    if (domain->id >= 0) {
        add(command, is_named(domain) ? domain->name : arena_printf(arena, "%d", domain->id));
    } else if (domain->qmp_socket) {
        add(command, "--qmp");
        add(command, domain->qmp_socket);
    } else {
        add_argument(command, domain->name);
    }
}

static struct advice_command words_of(struct arena *arena, enum advice_kind kind,
                                      const struct domain *domain, const char *const *arguments)
{
    struct advice_command command = { .count = 0 };
    struct text row = text_of(advice_rows[kind].command);
    for (size_t from = 0, to; from < row.size; from = to + 1) {
        to = text_find(row, ' ', from);
        struct text word = text_part(row, from, to);
        if (text_is(word, "%d"))
            add_domain(arena, &command, domain);
        else if (text_is(word, "%1") || text_is(word, "%2"))
            add_argument(&command, arguments[word.at[1] - '1']);
        else
            add(&command, arena_copy(arena, word.at, word.size));
    }
    return command;
}

struct advice_command advice_words(struct arena *arena, enum advice_kind kind,
                                   const struct domain *domain, const char *argument)
{
    const char *const arguments[] = { argument ? argument : "", "" };
    return words_of(arena, kind, domain, arguments);
}

const char *advice_line(struct arena *arena, const struct advice_command *command)
{
    struct buffer line = buffer_in(arena);
    for (size_t i = 0; i < command->count; i++)
        shell_add_word(&line, text_of(command->words[i]));
    return buffer_string(&line);
}

const char *advice_retyped(struct arena *arena, const char *verb, const char *const *words,
                           size_t count)
{
    struct buffer line = buffer_in(arena);
    buffer_printf(&line, "xenusb %s", verb);
    for (size_t i = 0; i < count; i++)
        shell_add_word(&line, text_of(words[i]));
    return buffer_string(&line);
}

const char *advice(struct arena *arena, enum advice_kind kind, const struct domain *domain,
                   const char *argument)
{
    const struct advice_row *row = &advice_rows[kind];
    if (!argument && strstr(row->command, "%1"))
        return NULL;
    struct advice_command command = advice_words(arena, kind, domain, argument);
    return arena_printf(arena, "%s: %s", row->purpose, advice_line(arena, &command));
}

const char *advice_of_two(struct arena *arena, enum advice_kind kind, const struct domain *domain,
                          const char *first, const char *second)
{
    const char *const arguments[] = { first, second };
    if (!first || !second)
        return NULL;
    struct advice_command command = words_of(arena, kind, domain, arguments);
    return arena_printf(arena, "%s: %s", advice_rows[kind].purpose, advice_line(arena, &command));
}

const char *advice_for_file(struct arena *arena, enum advice_kind kind, const char *name)
{
    return advice(arena, kind, NULL, strcmp(name, "<stdin>") == 0 ? "-" : name);
}

void advise(struct diags *diags, struct diag *diag, enum advice_kind kind,
            const struct domain *domain, const char *argument)
{
    const char *text = advice(diags->arena, kind, domain, argument);
    if (text)
        diag_hint(diags, diag, "%s", text);
}
