// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/suggest.h"
#include "base/text.h"
#include "unit.h"

#include <string.h>

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned base;
        uint64_t max;
        enum number_result result;
        uint64_t value;
    } rows[] = {
        { "0", 0, 9, NUMBER_OK, 0 },
        { "013", 0, 99, NUMBER_OK, 13 },
        { "0x1F", 0, 99, NUMBER_OK, 31 },
        { "c52b", 16, UINT16_MAX, NUMBER_OK, 0xc52b },
        { "18446744073709551615", 10, UINT64_MAX, NUMBER_OK, UINT64_MAX },
        { "18446744073709551616", 10, UINT64_MAX, NUMBER_OUT_OF_RANGE, 0 },
        { "99999999999999999999999", 10, 5, NUMBER_OUT_OF_RANGE, 0 },
        { "300", 10, 255, NUMBER_OUT_OF_RANGE, 0 },
        { "", 10, 9, NUMBER_MALFORMED, 0 },
        { "0x", 0, 9, NUMBER_MALFORMED, 0 },
        { "+1", 10, 9, NUMBER_MALFORMED, 0 },
        { "-1", 10, 9, NUMBER_MALFORMED, 0 },
        { " 1", 10, 9, NUMBER_MALFORMED, 0 },
        { "1 ", 10, 9, NUMBER_MALFORMED, 0 },
        { "1f", 10, 99, NUMBER_MALFORMED, 0 },
        { "99999999999999999999999x", 10, 5, NUMBER_MALFORMED, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 0;
        assert_int_equal(text_number(text_of(rows[i].text), rows[i].base, 0, rows[i].max, &value),
                         rows[i].result);
        assert_int_equal(value, rows[i].value);
    }
    uint64_t value = 7;
    assert_int_equal(text_number(text_of("0"), 10, 1, 9, &value), NUMBER_OUT_OF_RANGE);
    assert_int_equal(value, 7);
}

static void test_untrusted_bytes_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *shown;
    } rows[] = {
        { "plain", "plain" },
        { "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
        { "\x1b[2J\x07", "\\x1b[2J\\x07" },
        { "a\nb\tc\r", "a\\x0ab\\x09c\\x0d" },
        { "\x7f", "\\x7f" },
        { "\xc2\x9b", "\\u{9b}" },
        { "\xe2\x80\xae", "\\u{202e}" },
        { "\xff\xfe", "\\xff\\xfe" },
        { "\xc0\xaf", "\\xc0\\xaf" },          // an overlong form
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, // a surrogate
        { "\xf0\x9f\x94\x8c", "\xf0\x9f\x94\x8c" },
        { "\xe2\x80", "\\xe2\\x80" }, // cut short
        { "\xe2\x80Z", "\\xe2\\x80Z" },
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, // beyond Unicode
        { "\xd8\x9c", "\\u{61c}" },                     // an Arabic letter mark
        { "\xe2\x81\xa9", "\\u{2069}" },                // the end of an isolate
        { "\xe2\x81\xb0", "\xe2\x81\xb0" },
        { "\xef\xbb\xbf", "\\u{feff}" },
    };
    struct arena *arena = arena_new(64);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_show(arena, text_of(rows[i].bytes), 100), rows[i].shown);
    assert_string_equal(text_show(arena, text_of("abcdefgh"), 4), "abcd...");
    assert_string_equal(text_show(arena, (struct text){ "a\0b", 3 }, 10), "a\\x00b");
    assert_string_equal(text_show(arena, TEXT_EMPTY, 0), "");
    arena_free(arena);
}

static void test_the_nearest_word(void **state)
{
    (void)state;
    static const char *const keys[] = { "usbversion", "numports", "name", "type", "port", NULL };
    assert_string_equal(text_nearest(text_of("usbverison"), keys), "usbversion");
    assert_string_equal(text_nearest(text_of("prot"), keys), "port");
    assert_string_equal(text_nearest(text_of("TYPE"), keys), "type");
    assert_string_equal(text_nearest(text_of("numport"), keys), "numports");
    assert_null(text_nearest(text_of("backend"), keys));
    static const char *const odd[] = { "a-key-that-nobody-would-type-by-mistake", "x", NULL };
    assert_null(text_nearest(text_of("y"), odd)); // all of it is different
    assert_null(text_nearest(TEXT_EMPTY, keys));
    assert_null(text_nearest(text_of("a-word-that-is-much-too-long-to-be-meant-for-any"), keys));
}

static void test_slices(void **state)
{
    (void)state;
    struct text text = text_of(" a = b\t");
    assert_true(text_is(text_trim(text), "a = b"));
    assert_true(text_is(text_part(text, 1, 2), "a"));
    assert_int_equal(text_part(text, 5, 99).size, 2);
    assert_int_equal(text_part(text, 9, 3).size, 0);
    assert_true(text_is_nocase(text_of("TyPe"), "type"));
    assert_false(text_is_nocase(text_of("typ"), "type"));
    assert_true(text_starts(text_of("type=x"), "type="));
    assert_int_equal(text_find(text, '=', 0), 3);
    assert_int_equal(text_find(text, '#', 0), text.size);
    assert_true(text_same(TEXT_EMPTY, text_of("")));
    assert_true(text_same((struct text){ NULL, 0 }, (struct text){ NULL, 0 }));
    assert_false(text_same((struct text){ NULL, 0 }, text_of("a")));
}

static void test_terminal_width(void **state)
{
    (void)state;
    assert_int_equal(text_width(text_of("")), 0);
    assert_int_equal(text_width(text_of("Clé USB")), 7);
    assert_int_equal(text_width(text_of("Cle\xcc\x81")), 3); // a combining accent
    assert_int_equal(text_width(text_of("键盘 1")), 6);
    assert_int_equal(text_width(text_of("キー")), 4);
    assert_int_equal(text_width(text_of("한글")), 4);
    assert_int_equal(text_width(text_of("\xf0\x9f\x92\xbe")), 2); // a floppy disk
    assert_int_equal(text_width(text_of("Маус, ├─")), 8);
    assert_int_equal(text_width(text_of("a\xff\xfe")), 3); // each invalid byte
}

static void test_valid_utf8(void **state)
{
    (void)state;
    assert_true(text_is_utf8(TEXT_EMPTY));
    assert_true(text_is_utf8(text_of("gr\xc3\xbc\xc3\x9f")));
    assert_false(text_is_utf8(text_of("gr\xfc\xdf")));
    assert_false(text_is_utf8(text_of("cut\xc3")));
    assert_false(text_is_utf8(text_of("overlong\xc0\xaf")));
}

static void test_text_that_is_none(void **state)
{
    (void)state;
    uint32_t point;
    assert_true(text_same(TEXT_EMPTY, TEXT_EMPTY));
    assert_true(text_same(TEXT_EMPTY, text_of("")));
    assert_true(text_same(text_of(""), TEXT_EMPTY));
    assert_false(text_same(TEXT_EMPTY, text_of("a")));
    assert_int_equal(text_utf8(TEXT_EMPTY, &point), 0);
    assert_int_equal(text_utf8(text_of(""), &point), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_untrusted_bytes_are_escaped),
        cmocka_unit_test(test_the_nearest_word),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_terminal_width),
        cmocka_unit_test(test_valid_utf8),
        cmocka_unit_test(test_text_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
