// SPDX-License-Identifier: MIT
#include "arguments.h"

#include "arena.h"
#include "buffer.h"

#include <getopt.h>

// What getopt_long() returns for the long option of that number; letters are smaller.
enum { LONG = 256 };

struct arguments arguments_of(struct arena *arena, const struct argument_option *options,
                              size_t option_count, const char *const *words, size_t word_count)
{
    struct option *table = arena_array_of(arena, struct option, option_count + 1);
    struct buffer letters = buffer_in(arena);
    // Words in their order, whatever POSIXLY_CORRECT says; a missing value is ':'.
    buffer_add_string(&letters, "-:");
    for (size_t i = 0; i < option_count; i++) {
        table[i] = (struct option){ .name = options[i].name,
                                    .has_arg = options[i].value ? required_argument : no_argument,
                                    .val = LONG + (int)i };
        if (options[i].letter)
            buffer_printf(&letters, "%c%s", options[i].letter, options[i].value ? ":" : "");
    }
    char **copy = arena_array_of(arena, char *, word_count + 2);
    copy[0] = arena_strdup(arena, "xenusb");
    for (size_t i = 0; i < word_count; i++)
        copy[i + 1] = arena_strdup(arena, words[i]);
    optind = 0; // the GNU way to begin again
    opterr = 0;
    return (struct arguments){ .options = options,
                               .option_count = option_count,
                               .word_count = word_count,
                               .words = copy,
                               .letters = buffer_string(&letters),
                               .names = table };
}

static size_t option_of_letter(const struct arguments *arguments, int letter)
{
    size_t i = 0;
    while (i < arguments->option_count && arguments->options[i].letter != letter)
        i++;
    return i;
}

// What is wrong with an option for which getopt_long() returns '?'.
static enum argument_kind fault_of(const struct arguments *arguments, const char *word)
{
    if (optopt >= LONG)
        return ARGUMENT_A_VALUE;
    if (!text_starts(text_of(word), "--"))
        return ARGUMENT_UNKNOWN;
    struct text typed = text_of(word + 2);
    typed = text_part(typed, 0, text_find(typed, '=', 0));
    size_t begun = 0;
    for (size_t i = 0; i < arguments->option_count; i++)
        begun += text_same(text_part(text_of(arguments->options[i].name), 0, typed.size), typed);
    return begun > 1 ? ARGUMENT_AMBIGUOUS : ARGUMENT_UNKNOWN;
}

// `code` is a letter, or LONG and the number of an option.
static void take_option(const struct arguments *arguments, int code, struct argument *argument)
{
    argument->option = code >= LONG ? (size_t)(code - LONG) : option_of_letter(arguments, code);
    if (code < LONG) {
        argument->letter = (char)code;
        return;
    }
    struct text typed = text_of(argument->word + 2);
    size_t size = text_find(typed, '=', 0);
    argument->shortened = size < strlen(arguments->options[argument->option].name);
}

static struct argument next_word(const struct arguments *arguments)
{
    if ((size_t)optind > arguments->word_count)
        return (struct argument){ .kind = ARGUMENT_END };
    size_t at = (size_t)optind++;
    return (struct argument){ .kind = ARGUMENT_WORD, .at = at - 1, .word = arguments->words[at] };
}

struct argument arguments_next(struct arguments *arguments)
{
    if (arguments->ended)
        return next_word(arguments);
    const int at = optind ? optind : 1;
    const int code = getopt_long((int)arguments->word_count + 1, arguments->words,
                                 arguments->letters, arguments->names, NULL);
    if (code == -1) {
        arguments->ended = true;
        return next_word(arguments);
    }
    struct argument argument = { .kind = ARGUMENT_OPTION,
                                 .at = (size_t)at - 1,
                                 .word = arguments->words[at] };
    if (code == 1) {
        argument.kind = ARGUMENT_WORD;
    } else if (code == '?') {
        argument.kind = fault_of(arguments, argument.word);
        if (argument.kind == ARGUMENT_A_VALUE)
            take_option(arguments, optopt, &argument);
        else
            argument.letter = (char)optopt;
    } else if (code == ':') {
        argument.kind = ARGUMENT_NO_VALUE;
        take_option(arguments, optopt, &argument);
    } else {
        take_option(arguments, code, &argument);
        argument.value = arguments->options[argument.option].value ? optarg : NULL;
    }
    return argument;
}
