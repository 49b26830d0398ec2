// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/lookalike.h"
#include "misreading.h"
#include "parser/parser.h"
#include "parser/translate.h"
#include "xen/advice.h"

// Options of other tools.
static const struct {
    const char *verb; // NULL: any
    const char *name;
    const char *hint;
} meanings[] = {
    { NULL, "verbose", "there is nothing more to print; doctor says what is wrong" },
    { NULL, "debug", "there is nothing more to print; doctor says what is wrong" },
    { NULL, "yes", "it is not needed: nothing asks for a confirmation" },
    { NULL, "assume-yes", "it is not needed: nothing asks for a confirmation" },
    { NULL, "format", "--json prints JSON" },
    { NULL, "domain", "the domain is a word of its own, the first one" },
    { NULL, "vm", "the domain is a word of its own, the first one" },
    { NULL, "guest", "the domain is a word of its own, the first one" },
    { "attach", "to", "the domain is a word of its own, the first one" },
    { "move", "to", "the target is a word of its own, the last one" },
    { "doctor", "fix", "'repair' fixes what doctor reports" },
    { "doctor", "repair", "'repair' fixes what doctor reports" },
    { "list", "watch", "'watch' keeps what configs ask for; list prints once" },
    { "apply", "file", "the file needs no option" },
    { "plan", "file", "the file needs no option" },
    { "check", "file", "the file needs no option" },
    { "translate", "file", "the file needs no option" },
};

// What the letters of some of them stand for, also repeated, as in -vvv.
static const char *name_of(const char *typed)
{
    static const struct {
        char letter;
        const char *name;
    } letters[] = { { 'v', "verbose" }, { 'y', "yes" }, { 'w', "watch" }, { 'd', "domain" } };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        const char set[] = { letters[i].letter, '\0' };
        if (typed[1] == letters[i].letter && !typed[1 + strspn(typed + 1, set)])
            return letters[i].name;
    }
    return NULL;
}

// Whether it is a key of what the verb takes as SPEC.
static bool is_key(const struct invocation *invocation, struct text name)
{
    struct arena *arena = invocation->arena;
    const struct command *command = invocation->command;
    if (!command || !strstr(command->arguments, "SPEC") || !name.size)
        return false;
    const bool controller = text_starts(text_of(command->name), "controller");
    const char *word = arena_printf(arena, "%.*s=1", (int)name.size, name.at);
    struct diags quiet;
    diags_init(&quiet, arena);
    parse_specs(arena, &quiet, source_from_words(arena, "", &word, 1),
                controller ? SPEC_CONTROLLER : SPEC_DEVICE);
    for (const struct diag *at = quiet.first; at; at = at->next)
        if (at->code == CODE_UNKNOWN_KEY)
            return false;
    return true;
}

const char *misread_option(const struct invocation *invocation, const char *word)
{
    struct arena *arena = invocation->arena;
    const char *verb = invocation->command ? invocation->command->name : "";
    struct text typed = text_of(word), plain = lookalike_ascii(arena, typed);
    if (!text_same(plain, typed)) {
        while (text_starts(plain, "-"))
            plain = text_part(plain, 1, plain.size);
        return arena_printf(arena, "write --%.*s", (int)plain.size, plain.at);
    }
    size_t equals = text_find(typed, '=', 0);
    const char *known = name_of(word);
    struct text name = known ? text_of(known) : text_part(typed, strlen("--"), equals);
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (text_is(name, meanings[i].name) &&
            (!meanings[i].verb || strcmp(meanings[i].verb, verb) == 0))
            return meanings[i].hint;
    if (text_starts(typed, "-device") || text_starts(typed, "-usbdevice"))
        return "leave it out: QEMU's options are not needed for a device";
    if (!text_starts(typed, "--") || !is_key(invocation, name))
        return NULL;
    return arena_printf(arena, "it is a key of SPEC, after a comma: SPEC,%.*s=%s", (int)name.size,
                        name.at, equals < typed.size ? typed.at + equals + 1 : "...");
}

enum status misread_dashes(const struct invocation *invocation, const char *const *words,
                           size_t count)
{
    struct arena *arena = invocation->arena;
    for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
        if (!lookalike_is_dashed(text_of(words[i])))
            continue;
        struct diag *diag = complain_error(invocation->diags, CODE_USAGE,
                                           "'%s' begins with another dash than options", words[i]);
        struct text plain = lookalike_ascii(arena, text_of(words[i]));
        size_t dashes = 0;
        while (dashes < plain.size && plain.at[dashes] == '-')
            dashes++;
        struct text name = text_part(plain, dashes, plain.size);
        diag_hint(invocation->diags, diag, "write %s%.*s", name.size > 1 ? "--" : "-",
                  (int)name.size, name.at);
        return STATUS_REQUEST;
    }
    return STATUS_OK;
}

bool misread_is_of(const struct invocation *invocation, const char *verb)
{
    return invocation->command && strcmp(invocation->command->name, verb) == 0;
}

bool misread_is_filler(const char *word)
{
    static const char *const fillers[] = { "to",  "from", "on", "in", "into", "as",
                                           "and", "with", "->", "=>", NULL };
    return text_is_among(text_of(word), fillers);
}

const char *misread_filler(const struct invocation *invocation)
{
    const char **words = arena_array_of(invocation->arena, const char *, invocation->count + 1);
    size_t count = 0, fillers = 0;
    for (size_t i = 0; i < invocation->count; i++)
        fillers += misread_is_filler(invocation->words[i]);
    for (size_t i = 0; i < invocation->count; i++)
        if (!misread_is_filler(invocation->words[i]) &&
            !(i && strcmp(invocation->words[i], invocation->words[0]) == 0)) // "from win10"
            words[count++] = invocation->words[i];
    return count < invocation->command->least || !fillers
               ? NULL
               : arena_printf(
                     invocation->arena, "without the little words: %s",
                     advice_retyped(invocation->arena, invocation->command->name, words, count));
}

const char *misread_count(const struct invocation *invocation)
{
    struct arena *arena = invocation->arena;
    if (!invocation->count)
        return NULL;
    if (invocation->old_command)
        return arena_printf(arena, "quote the command as one word: --command '%s ...'",
                            invocation->old_command);
    if (misread_is_of(invocation, "translate") && translation_named(invocation->words[1]))
        return arena_printf(arena, "write --to %s", invocation->words[1]);
    return misread_filler(invocation);
}
