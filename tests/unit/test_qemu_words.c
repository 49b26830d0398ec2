// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "qemu/words.h"
#include "unit.h"

static void test_commas(void **state)
{
    (void)state;
    static const struct {
        const char *value, *escaped;
    } rows[] = {
        { "", "" },        { "plain", "plain" }, { ",", ",," },
        { "a,b", "a,,b" }, { ",a,", ",,a,," },   { "a,,b", "a,,,,b" },
    };
    cleanup_arena struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(qemu_escape_commas(arena, text_of(rows[i].value)), rows[i].escaped);
}

static void test_chardevs(void **state)
{
    (void)state;
    static const struct {
        const char *word, *type, *value;
    } rows[] = {
        { "pty", "pty", "" },
        { "spicevmc", "spicevmc", "usbredir" },
        { "file:/tmp/a", "file", "/tmp/a" },
        { "unix:/run/b:c", "socket", "/run/b:c" },
        { "file:", NULL, NULL },
        { "pty:", NULL, NULL },
        { "id:x", NULL, NULL },
        { "", NULL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text value;
        const struct qemu_chardev *row = qemu_chardev(text_of(rows[i].word), &value);
        assert_int_equal(row != NULL, rows[i].type != NULL);
        if (!row)
            continue;
        assert_string_equal(row->type, rows[i].type);
        assert_true(text_is(value, rows[i].value));
    }
}

static void test_chardev_arguments(void **state)
{
    (void)state;
    assert_true(text_is(qemu_existing_chardev(text_of("id:serial0")), "serial0"));
    assert_int_equal(qemu_existing_chardev(text_of("pty")).size, 0);
    assert_string_equal(qemu_default_chardev(DEVICE_SERIAL), "pty");
    assert_string_equal(qemu_default_chardev(DEVICE_BRAILLE), "braille");
    assert_string_equal(qemu_default_chardev(DEVICE_REDIR), "spicevmc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas),
        cmocka_unit_test(test_chardevs),
        cmocka_unit_test(test_chardev_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
