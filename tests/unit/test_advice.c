// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shell.h"
#include "unit.h"
#include "xen/advice.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// What a shell makes of the line as the arguments of printf.
static const char *read_by(const char *shell, const char *line)
{
    static char read[4096];
    assert_int_equal(setenv("LINE", line, 1), 0);
    const char *command = arena_printf(arena, "exec %s -c \"printf '[%%s]' $LINE\"", shell);
    FILE *pipe = popen(command, "r"); // NOLINT(cert-env33-c): a shell is what is tested
    assert_non_null(pipe);
    size_t size = fread(read, 1, sizeof read - 1, pipe);
    assert_int_equal(pclose(pipe), 0);
    read[size] = '\0';
    return read;
}

static void test_a_shell_reads_each_word_back(void **state)
{
    (void)state;
    static const char *const words[] = {
        "win10",
        "my guest",
        "it's",
        "a\"b",
        "$HOME",
        "`id`",
        "$(id)",
        "a\\b",
        "*",
        "~",
        "#x",
        "a;b|c&d",
        "{a,b}",
        "a=b",
        "=a",
        "!!",
        "",
        " ",
        "-x",
        "m\xc3\xbcller",
        "two\nlines",
        "\x1b[31mred",
        "\xff\xfe",
        "100%\x01!",
        "\xe2\x80\x8b'\\",
        "\xc2\xa0",
    };
    static const char *const shells[] = { "sh", "bash" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct buffer line = buffer_in(arena);
        shell_add_word(&line, text_of(words[i]));
        const char *shown = buffer_string(&line);
        assert_string_equal(text_show(arena, text_of(shown), 4096), shown);
        for (size_t shell = 0; shell < 2; shell++)
            assert_string_equal(read_by(shells[shell], shown),
                                arena_printf(arena, "[%s]", words[i]));
    }
}

static void test_only_words_that_need_it_are_quoted(void **state)
{
    (void)state;
    struct buffer line = buffer_in(arena);
    static const char *const words[] = { "xenusb",       "detach", "win-10_a.b",
                                         "bus=1,port=2", "a b",    "1d6b:0002" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        shell_add_word(&line, text_of(words[i]));
    assert_string_equal(buffer_string(&line),
                        "xenusb detach win-10_a.b bus=1,port=2 'a b' 1d6b:0002");
}

static const char *controller_of(struct domain domain)
{
    return advice(arena, ADVICE_REMOVE_CONTROLLER, &domain, "hci0");
}

static void test_a_domain_is_named_so_that_nothing_else_is_meant(void **state)
{
    (void)state;
    static const struct {
        struct domain domain;
        const char *shown;
    } rows[] = {
        { { .id = 7, .name = "win10" }, "win10" },
        { { .id = 7, .name = "my guest" }, "'my guest'" },
        { { .id = 7, .name = "m\xc3\xbcller" }, "'m\xc3\xbcller'" },
        { { .id = 7, .name = "3" }, "7" },     // an id
        { { .id = 7, .name = "99999" }, "7" }, // xl takes any digits for an id
        { { .id = 7, .name = "-x" }, "7" },
        { { .id = 7, .name = "" }, "7" },
        { { .id = 7, .name = "  " }, "7" },
        { { .id = 7, .name = "a\nb" }, "7" },
        { { .id = 7, .name = "\xff" }, "7" },
        { { .id = 7, .name = "win10", .namesake = true }, "7" },
        { { .id = 7,
            .name = "a-name-of-more-than-sixty-four-bytes-is-cut-in-some-of-our-messages" },
          "7" },
        { { .id = -1, .name = "/run/q", .qmp_socket = "/run/q" }, "--qmp /run/q" },
        { { .id = -1, .name = "/run/my q", .qmp_socket = "/run/my q" }, "--qmp '/run/my q'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(
            controller_of(rows[i].domain),
            arena_printf(arena, "to remove it: xenusb controller remove %s hci0", rows[i].shown));
}

static void test_an_argument_is_no_option(void **state)
{
    (void)state;
    const struct domain domain = { .id = 7, .name = "win10" };
    assert_string_equal(advice(arena, ADVICE_REMOVE_CONTROLLER, &domain, "-x"),
                        "to remove it: xenusb controller remove win10 -- -x");
}

static void test_no_advice_without_its_argument(void **state)
{
    (void)state;
    const struct domain domain = { .id = 7, .name = "win10" };
    assert_null(advice(arena, ADVICE_DETACH, &domain, NULL));
    struct diags diags;
    diags_init(&diags, arena);
    struct diag *diag = complain_error(&diags, CODE_FAILED, "x");
    advise(&diags, diag, ADVICE_DETACH, &domain, NULL);
    assert_null(diag->hint);
    advise(&diags, diag, ADVICE_UNPAUSE, &domain, NULL);
    assert_string_equal(diag->hint, "to unpause it: xl unpause win10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_shell_reads_each_word_back, begin, end),
        cmocka_unit_test_setup_teardown(test_only_words_that_need_it_are_quoted, begin, end),
        cmocka_unit_test_setup_teardown(test_a_domain_is_named_so_that_nothing_else_is_meant, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_an_argument_is_no_option, begin, end),
        cmocka_unit_test_setup_teardown(test_no_advice_without_its_argument, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
