// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/arguments.h"
#include "base/buffer.h"
#include "base/duration.h"
#include "base/suggest.h"
#include "color.h"
#include "command.h"
#include "envelope.h"
#include "misread.h"
#include "option_table.h"
#include "xen/advice.h"

#include <stdlib.h>
#include <unistd.h>

// The options of a verb, or of all.
struct options {
    const struct option_row *rows[OPTION_ROWS];
    struct argument_option read[OPTION_ROWS];
    size_t count;
};

static void options_of(const struct command *command, struct options *options)
{
    options->count = 0;
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_is_of(row, command))
            continue;
        options->read[options->count] =
            (struct argument_option){ row->name, row->letter, row->argument };
        options->rows[options->count++] = row;
    }
}

// "controller --help" gives the help of both verbs.
static const char *help_for(const struct invocation *invocation)
{
    if (!invocation->command)
        return advice(invocation->arena, ADVICE_VERBS, NULL, NULL);
    struct text name = text_of(invocation->command->name);
    size_t size = text_find(name, ' ', 0);
    return advice(invocation->arena, ADVICE_HELP, NULL,
                  arena_copy(invocation->arena, name.at, size));
}

static const char *without_value(struct arena *arena, const char *word)
{
    return arena_copy(arena, word, text_find(text_of(word), '=', 0));
}

// "-json" is a heap of letters, of which one is none; as a whole it is near the name of an option.
static void complain_unknown(const struct invocation *invocation, const struct options *options,
                             const struct argument *argument)
{
    struct arena *arena = invocation->arena;
    const char *names[OPTION_ROWS + 1] = { NULL };
    for (size_t i = 0; i < options->count; i++)
        names[i] = arena_printf(arena, "--%s", options->rows[i]->name);
    const char *typed = without_value(arena, argument->word);
    const char *meant = misread_option(invocation, argument->word);
    const bool letter = argument->letter > 0 && argument->letter != '-' && !meant;
    const char *given = letter ? arena_printf(arena, "-%c", argument->letter) : typed;
    const char *who = invocation->command ? invocation->command->name : "xenusb";
    struct diag *diag =
        complain_error(invocation->diags, CODE_USAGE, "%s has no option %s", who, given);
    if (meant)
        diag_hint(invocation->diags, diag, "%s", meant);
    else if (argument->letter && strlen(typed) < 4)
        diag_hint(invocation->diags, diag, "%s", help_for(invocation));
    else
        diag_suggest(invocation->diags, diag, text_of(typed), names, help_for(invocation));
}

static void complain_ambiguous(const struct invocation *invocation, const struct options *options,
                               const char *word)
{
    struct buffer list = buffer_in(invocation->arena);
    const char *typed = without_value(invocation->arena, word + 2);
    for (size_t i = 0; i < options->count; i++)
        if (text_starts(text_of(options->rows[i]->name), typed))
            buffer_join(&list, ", ", "--%s", options->rows[i]->name);
    diag_hint(invocation->diags,
              complain_error(invocation->diags, CODE_USAGE, "--%s could be several options", typed),
              "one of: %s", buffer_string(&list));
}

// An argument that is no word and no option. Returns STATUS_REQUEST.
static enum status complain_argument(const struct invocation *invocation,
                                     const struct options *options, const struct argument *argument)
{
    const struct option_row *row = options->rows[argument->option];
    if (argument->kind == ARGUMENT_AMBIGUOUS)
        complain_ambiguous(invocation, options, argument->word);
    else if (argument->kind == ARGUMENT_NO_VALUE)
        complain_error(invocation->diags, CODE_USAGE, "--%s needs a value: %s", row->name,
                       row->argument);
    else if (argument->kind == ARGUMENT_A_VALUE)
        complain_error(invocation->diags, CODE_USAGE, "--%s takes no value", row->name);
    else
        complain_unknown(invocation, options, argument);
    return STATUS_REQUEST;
}

// --timeout: how long to wait for a guest or a QEMU. The other limits follow in proportion.
static enum status take_timeout(struct invocation *invocation, const char *value)
{
    static const double USUAL = 10, LEAST = 0.1, MOST = 3600;
    double seconds = 0;
    struct diags *diags = invocation->diags;
    if (duration_read(text_of(value), &seconds) && seconds >= LEAST && seconds <= MOST) {
        invocation->timeout_scale = seconds / USUAL;
        return STATUS_OK;
    }
    struct diag *diag = complain_error(diags, CODE_USAGE,
                                       "--timeout takes a time from 100ms to 1h, not '%s'", value);
    if (decimal_read(text_of(value), &seconds) && seconds > 0)
        diag_hint(diags, diag,
                  "say %ss to wait so many seconds, or %gs for so many times the usual %gs", value,
                  seconds * USUAL, USUAL);
    else
        diag_hint(diags, diag, "like 30s, 2m or 500ms");
    return STATUS_REQUEST;
}

// For machines that are slow: multiplies every time limit, and is all that limits an undo.
static enum status take_factor(struct invocation *invocation)
{
    const char *given = getenv("XENUSB_TIME_FACTOR");
    double factor = 1;
    if (given && *given &&
        (!decimal_read(text_of(given), &factor) || factor < 0.01 || factor > 100)) {
        complain_error(invocation->diags, CODE_USAGE,
                       "XENUSB_TIME_FACTOR must be from 0.01 to 100, not '%s'", given);
        return STATUS_REQUEST;
    }
    const double scale = invocation->timeout_scale * factor;
    invocation->timeout_scale = scale;
    invocation->undo_scale = scale > factor ? scale : factor;
    return STATUS_OK;
}

static enum status take_color(struct invocation *invocation, const char *when)
{
    if (!color_is_when(when)) {
        complain_error(invocation->diags, CODE_USAGE,
                       "--color takes always, auto or never, not '%s'", when);
        return STATUS_REQUEST;
    }
    invocation->color = color_on(when, STDERR_FILENO);
    invocation->color_output = color_on(when, STDOUT_FILENO);
    return STATUS_OK;
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
    case OPTION_CONTROLLERS: invocation->controllers = value; break;
    case OPTION_DEVICES: invocation->devices = value; break;
    case OPTION_UDEV: invocation->udev = value; break;
    case OPTION_OUTPUT: invocation->output = value; break;
    case OPTION_COLOR: return take_color(invocation, value);
    case OPTION_TIMEOUT: return take_timeout(invocation, value);
    default: break;
    }
    return STATUS_OK;
}

// Takes an option, if it was typed well enough.
static enum status take_option(struct invocation *invocation, const struct option_row *row,
                               const struct argument *argument)
{
    if (!argument->shortened || !row->whole)
        return take(invocation, row, argument->value ? argument->value : "");
    diag_hint(invocation->diags,
              complain_error(invocation->diags, CODE_USAGE, "%s must be typed in full",
                             without_value(invocation->arena, argument->word)),
              "did you mean '--%s'?", row->name);
    return STATUS_REQUEST;
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
    struct diag *diag = complain_error(invocation->diags, CODE_USAGE, "too %s arguments for %s%s",
                                       invocation->count < least ? "few" : "many", command->name,
                                       spared ? " --qmp" : "");
    const char *meant = misread_count(invocation);
    if (meant)
        diag_hint(invocation->diags, diag, "%s", meant);
    else
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
        struct diag *diag =
            complain_error(invocation->diags, CODE_USAGE, "argument %zu of %s is empty", i + 1,
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
    static const enum option pairs[][2] = {
        { OPTION_DOMAIN, OPTION_QMP },      { OPTION_JSON, OPTION_TREE },
        { OPTION_JSON, OPTION_UDEV },       { OPTION_JSON, OPTION_QUIET },
        { OPTION_JSON, OPTION_OUTPUT },     { OPTION_JSON, OPTION_RAW },
        { OPTION_JSON, OPTION_NOHEADINGS }, { OPTION_TREE, OPTION_OUTPUT },
        { OPTION_TREE, OPTION_RAW },        { OPTION_TREE, OPTION_NOHEADINGS },
        { OPTION_UDEV, OPTION_OUTPUT },     { OPTION_UDEV, OPTION_RAW },
        { OPTION_UDEV, OPTION_NOHEADINGS }, { OPTION_KEEP, OPTION_QMP },
        { OPTION_UDEV, OPTION_TREE },       { OPTION_AS_CONFIG, OPTION_JSON },
        { OPTION_AS_CONFIG, OPTION_TREE },  { OPTION_AS_CONFIG, OPTION_OUTPUT },
        { OPTION_AS_CONFIG, OPTION_RAW },   { OPTION_AS_CONFIG, OPTION_NOHEADINGS },
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint64_t both = pairs[i][0] | pairs[i][1];
        if ((invocation->given & both) != both)
            continue;
        complain_error(invocation->diags, CODE_USAGE, "--%s and --%s cannot be combined",
                       name_of(pairs[i][0]), name_of(pairs[i][1]));
        status = status_worse(status, STATUS_REQUEST);
    }
    return status;
}

// The verb: which of the words are its own.
struct verb_words {
    size_t at[2];
    size_t count;
};

static bool is_own(const struct verb_words *verb, size_t word)
{
    return word == verb->at[0] || (verb->count == 2 && word == verb->at[1]);
}

// Finds the verb, before or behind options. An option before it can be any verb's. Without a verb,
// `command` stays NULL, and the words of the invocation are all that are no options.
static enum status find_verb(struct invocation *invocation, const char *const *words, size_t count,
                             struct verb_words *verb)
{
    const char **found = arena_array_of(invocation->arena, const char *, count);
    struct options options;
    options_of(NULL, &options);
    struct arguments arguments =
        arguments_of(invocation->arena, options.read, options.count, words, count);
    for (struct argument next; (next = arguments_next(&arguments)).kind != ARGUMENT_END;) {
        if (next.kind == ARGUMENT_OPTION)
            invocation->given |= options.rows[next.option]->option & (OPTION_HELP | OPTION_VERSION);
        if (next.kind == ARGUMENT_WORD) {
            if (invocation->count < 2)
                verb->at[invocation->count] = next.at;
            found[invocation->count++] = next.word;
        } else if (next.kind != ARGUMENT_OPTION && !invocation->count) {
            return complain_argument(invocation, &options, &next);
        }
    }
    invocation->command = command_find(found, invocation->count, &verb->count);
    invocation->words = found;
    return STATUS_OK;
}

// Reads what is not the verb's name.
static enum status read_rest(struct invocation *invocation, const char *const *words, size_t count)
{
    struct options options;
    options_of(invocation->command, &options);
    struct arguments arguments =
        arguments_of(invocation->arena, options.read, options.count, words, count);
    const char **rest = arena_array_of(invocation->arena, const char *, count);
    const char *complained = NULL;
    enum status status = STATUS_OK;
    for (struct argument next; (next = arguments_next(&arguments)).kind != ARGUMENT_END;) {
        if (next.kind == ARGUMENT_WORD)
            rest[invocation->count++] = next.word;
        else if (next.kind == ARGUMENT_OPTION)
            status =
                status_worse(status, take_option(invocation, options.rows[next.option], &next));
        else if (next.word != complained) // once for all letters of a word
            status = status_worse(status, complain_argument(invocation, &options, &next));
        if (next.kind == ARGUMENT_UNKNOWN)
            complained = next.word;
    }
    invocation->words = rest;
    return status;
}

// Whether --json is among them, also if others are wrong: scripts get the errors as JSON too.
static bool ask_for_json(struct arena *arena, const char *const *words, size_t count)
{
    struct options options;
    options_of(NULL, &options);
    struct arguments arguments = arguments_of(arena, options.read, options.count, words, count);
    for (struct argument next; (next = arguments_next(&arguments)).kind != ARGUMENT_END;)
        if (next.kind == ARGUMENT_OPTION && options.rows[next.option]->option == OPTION_JSON)
            return true;
    return false;
}

enum status options_read(struct invocation *invocation, const char *const *words, size_t count)
{
    struct verb_words verb = { .count = 0 };
    if (invocation->envelope)
        invocation->envelope->wanted = ask_for_json(invocation->arena, words, count);
    enum status status = misread_dashes(invocation, words, count);
    if (status == STATUS_OK)
        status = find_verb(invocation, words, count, &verb);
    if (status != STATUS_OK || !invocation->command)
        return status;
    const char **others = arena_array_of(invocation->arena, const char *, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_own(&verb, i))
            others[kept++] = words[i];
    invocation->count = 0;
    status = read_rest(invocation, others, kept);
    if (invocation->given & (OPTION_HELP | OPTION_VERSION))
        return STATUS_OK;
    if (invocation->command->options & OPTION_TIMEOUT)
        status = status_worse(status, take_factor(invocation));
    if (status != STATUS_OK)
        return status;
    status = status_worse(complain_together(invocation), count_words(invocation));
    return status == STATUS_OK ? complain_empty(invocation) : status;
}
