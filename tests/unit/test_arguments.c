// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/arguments.h"
#include "base/buffer.h"
#include "unit.h"

#include <stdlib.h>

static const struct argument_option options[] = { { "dry-run", 'n', false },
                                                  { "domain", 0, true },
                                                  { "json", 'j', false },
                                                  { "output", 'o', true } };
enum { OPTIONS = sizeof options / sizeof *options };

// How each word was read: "WORD", "NAME", "NAME=VALUE", or what is wrong with it.
static const char *shown(struct arena *arena, const struct argument *argument)
{
    const char *name = argument->option < OPTIONS ? options[argument->option].name : "none";
    switch (argument->kind) {
    case ARGUMENT_WORD: return arena_printf(arena, "'%s'", argument->word);
    case ARGUMENT_OPTION:
        return arena_printf(arena, "%s%s%s%s", name, argument->shortened ? "*" : "",
                            argument->value ? "=" : "", argument->value ? argument->value : "");
    case ARGUMENT_UNKNOWN:
        return argument->letter ? arena_printf(arena, "unknown:%c", argument->letter) : "unknown";
    case ARGUMENT_AMBIGUOUS: return "ambiguous";
    case ARGUMENT_NO_VALUE: return arena_printf(arena, "%s:no value", name);
    case ARGUMENT_A_VALUE: return arena_printf(arena, "%s:a value", name);
    case ARGUMENT_END: break;
    }
    return "end";
}

static void want(struct arena *arena, const char *wanted, const char *const *words, size_t count)
{
    struct buffer got = buffer_in(arena);
    struct arguments arguments = arguments_of(arena, options, OPTIONS, words, count);
    for (struct argument at; (at = arguments_next(&arguments)).kind != ARGUMENT_END;) {
        assert_true(at.at < count);
        assert_string_equal(at.word, words[at.at]);
        buffer_join(&got, " ", "%zu:%s", at.at, shown(arena, &at));
    }
    assert_int_equal(arguments_next(&arguments).kind, ARGUMENT_END);
    assert_string_equal(buffer_string(&got), wanted);
}

#define WANT(wanted, ...)                                                                          \
    do {                                                                                           \
        const char *const words[] = { __VA_ARGS__ };                                               \
        want(*state, wanted, words, sizeof words / sizeof *words);                                 \
    } while (0)

static void test_options_among_words(void **state)
{
    WANT("0:'a' 1:dry-run 2:'b' 3:json", "a", "-n", "b", "--json");
    WANT("0:dry-run 0:json 1:'-' 2:''", "-nj", "-", "");
    WANT("0:'a' 2:'-n' 3:'--' 4:'b'", "a", "--", "-n", "--", "b");
    want(*state, "", NULL, 0);
    // The environment does not change what a command line means.
    setenv("POSIXLY_CORRECT", "1", 1);
    WANT("0:'a' 1:dry-run", "a", "-n");
    unsetenv("POSIXLY_CORRECT");
}

static void test_values(void **state)
{
    WANT("0:domain=x 1:domain=y 3:'z'", "--domain=x", "--domain", "y", "z");
    WANT("0:domain= 1:domain=--json", "--domain=", "--domain", "--json");
    WANT("0:output=x 1:output=y 3:dry-run 3:output=z", "-ox", "-o", "y", "-noz");
    WANT("0:domain:no value", "--domain");
    WANT("0:dry-run 0:output:no value", "-no");
    WANT("0:json:a value 1:'a'", "--json=1", "a");
}

static void test_shortened(void **state)
{
    WANT("0:json* 1:domain*=x 2:dry-run*", "--js", "--do=x", "--dr");
    WANT("0:ambiguous 1:ambiguous", "--d", "--d=x");
    WANT("0:dry-run", "--dry-run");
    WANT("0:json:a value", "--js=1");
}

static void test_unknown(void **state)
{
    WANT("0:unknown 1:unknown 2:'a'", "--purge", "--purge=1", "a");
    WANT("0:unknown:x 1:dry-run 1:unknown:x 1:json", "-x", "-nxj");
    WANT("0:unknown", "--jsonx");
}

static int arena_up(void **state)
{
    *state = arena_new(0);
    return *state ? 0 : -1;
}

static int arena_down(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_among_words),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_shortened),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, arena_up, arena_down);
}
