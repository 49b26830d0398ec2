// SPDX-License-Identifier: MIT
// Tables as they are printed, with hostile cells, and where memory runs out.
#include "base/arena.h"
#include "base/diag.h"
#include "base/scope.h"
#include "cli/table.h"

#include <libsmartcols.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// The call of this name that fails, as if memory had run out; NULL: none.
static const char *failing;

static bool fails(const char *name)
{
    return failing && strcmp(failing, name) == 0;
}

#define FAIL(type, name, failure, parameters, arguments)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails(#name) ? (failure) : __real_##name arguments;                                 \
    }

FAIL(struct libscols_table *, scols_new_table, NULL, (void), ())
FAIL(int, scols_table_set_column_separator, -1, (struct libscols_table * table, const char *text),
     (table, text))
FAIL(struct libscols_column *, scols_table_new_column, NULL,
     (struct libscols_table * table, const char *name, double hint, int flags),
     (table, name, hint, flags))
FAIL(struct libscols_line *, scols_table_new_line, NULL,
     (struct libscols_table * table, struct libscols_line *parent), (table, parent))
FAIL(int, scols_line_set_data, -1, (struct libscols_line * line, size_t at, const char *data),
     (line, at, data))
FAIL(int, scols_print_table, -1, (struct libscols_table * table), (table))
FAIL(FILE *, open_memstream, NULL, (char **text, size_t *size), (text, size))
FAIL(locale_t, newlocale, (locale_t)0, (int mask, const char *name, locale_t base),
     (mask, name, base))

static const struct column columns[] = {
    { "NAME", "name", COLUMN_LABEL },
    { NULL, "number", COLUMN_NUMBER },
    { "FLAG", "flag", COLUMN_FLAG },
    { "STATE", "state", COLUMN_TEXT },
};

static const char *const rows[][4] = {
    { "plain", "1", "", "free" },
    { "esc\033[31m\nline\ttab", "2", NULL, "in use by this host; xenusb attach win10 1-4" },
    { "bad\xff\xc3(", "3", "", "a\\x41" },
    { "Ma\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac", "4", "", NULL },
    { "bidi\xe2\x80\xae", "5", "", "" },
};

// The table as it is printed like that.
static char *printed(struct arena *arena, const struct table_layout *layout)
{
    cleanup_free char *text = NULL;
    size_t size = 0;
    struct table *table = table_new(arena, columns, 4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        table_row(table, rows[i]);
    FILE *stream = __real_open_memstream(&text, &size);
    assert_non_null(stream);
    table_print_as(table, layout, stream);
    assert_int_equal(fclose(stream), 0);
    return arena_strdup(arena, text);
}

static void expect(struct table_layout layout, const char *wanted)
{
    cleanup_arena struct arena *arena = arena_new(1024);
    assert_string_equal(printed(arena, &layout), wanted);
}

#define ALIGNED                                                                                    \
    "NAME                        FLAG  STATE\n"                                                    \
    "plain                       yes   free\n"                                                     \
    "esc\\x1b[31m\\x0aline\\x09tab  no    in use by this host; xenusb attach win10 1-4\n"          \
    "bad\\xff\\xc3(                yes   a\\x41\n"                                                 \
    "Ma\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac                    yes\n"                                 \
    "bidi\\u{202e}                yes\n"

static void strangers_are_escaped_once(void **state)
{
    (void)state;
    expect((struct table_layout){ .width = 0 }, ALIGNED);
}

static void a_raw_cell_can_be_had_back(void **state)
{
    (void)state;
    expect((struct table_layout){ .raw = true },
           "NAME FLAG STATE\n"
           "plain yes free\n"
           "esc\\x1b[31m\\x0aline\\x09tab no "
           "in\\x20use\\x20by\\x20this\\x20host;\\x20xenusb\\x20attach\\x20win10\\x201-4\n"
           "bad\\xff\\xc3( yes a\\x5cx41\n"
           "Ma\\xc3\\x9f\\x20\\xe6\\x97\\xa5\\xe6\\x9c\\xac yes -\n"
           "bidi\\xe2\\x80\\xae yes -\n");
}

static void ascii_only(void **state)
{
    (void)state;
    cleanup_arena struct arena *arena = arena_new(1024);
    const char *text = printed(arena, &(const struct table_layout){ .ascii = true });
    for (const char *at = text; *at; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
    assert_non_null(strstr(text, "Ma\\xc3\\x9f \\xe6\\x97\\xa5\\xe6\\x9c\\xac"));
}

static void chosen_columns(void **state)
{
    (void)state;
    expect((struct table_layout){ .output = "number,NAME,number", .bare = true },
           "1  plain                       1\n"
           "2  esc\\x1b[31m\\x0aline\\x09tab  2\n"
           "3  bad\\xff\\xc3(                3\n"
           "4  Ma\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac                    4\n"
           "5  bidi\\u{202e}                5\n");
}

// Names are cut, the last column is wrapped, and the command in it is whole.
static void a_narrow_terminal(void **state)
{
    (void)state;
    expect((struct table_layout){ .width = 50 },
           "NAME                 FLAG  STATE\n"
           "plain                yes   free\n"
           "esc\\x1b[31m\\x0aline  no    in use by this host;\n"
           "                           xenusb attach win10 1-4\n"
           "bad\\xff\\xc3(         yes   a\\x41\n"
           "Ma\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac             yes\n"
           "bidi\\u{202e}         yes\n");
}

// Only states have colours, and a raw table has none.
static void colours(void **state)
{
    (void)state;
    static const struct column own[] = { { "NAME", NULL, COLUMN_TEXT },
                                         { "STATE", NULL, COLUMN_STATE } };
    static const char *const wanted[] = { "a  free\n", "a free\n", "a  \033[32mfree\033[0m\n" };
    for (size_t i = 0; i < 3; i++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        cleanup_free char *text = NULL;
        size_t size = 0;
        struct table *table = table_new(arena, own, 2);
        table_row(table, (const char *const[]){ "a", "free" });
        table_set_tone(table, TONE_GOOD);
        FILE *stream = __real_open_memstream(&text, &size);
        assert_non_null(stream);
        const struct table_layout layout = { .color = i, .raw = i == 1, .bare = true };
        table_print_as(table, &layout, stream);
        assert_int_equal(fclose(stream), 0);
        assert_string_equal(text, wanted[i]);
    }
}

// Rows below rows, and one whose hub is not there; the cut of names leaves the tree alone.
static void a_tree(void **state)
{
    (void)state;
    static const struct column own[] = { { "PORT", NULL, COLUMN_TEXT },
                                         { "NAME", NULL, COLUMN_LABEL },
                                         { "STATE", NULL, COLUMN_STATE } };
    static const char *const cells[][4] = { { "1", "hub", NULL, "" },
                                            { "1.1", "inner", NULL, "1" },
                                            { "1.1.2", "device \xc3\xb6", "free", "1.1" },
                                            { "1.2", "other", "free", "1" },
                                            { "3", "single", "free", "0" } };
    static const char *const wanted[] = {
        "PORT       NAME      STATE\n"
        "1          hub\n"
        "├─1.1      inner\n"
        "│ └─1.1.2  device ö  free\n"
        "└─1.2      other     free\n"
        "3          single    free\n",
        "PORT       NAME             STATE\n"
        "1          hub\n"
        "|-1.1      inner\n"
        "| `-1.1.2  device \\xc3\\xb6  free\n"
        "`-1.2      other            free\n"
        "3          single           free\n",
    };
    for (size_t i = 0; i < 2; i++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        cleanup_free char *text = NULL;
        size_t size = 0;
        struct table *table = table_new(arena, own, 3);
        for (size_t row = 0; row < 5; row++) {
            table_row(table, cells[row]);
            table_set_below(table, 0, cells[row][3]);
        }
        FILE *stream = __real_open_memstream(&text, &size);
        assert_non_null(stream);
        table_print_as(table, &(const struct table_layout){ .tree = true, .ascii = i }, stream);
        assert_int_equal(fclose(stream), 0);
        assert_string_equal(text, wanted[i]);
    }
}

static void without_memory(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "scols_new_table",      "scols_table_set_column_separator",
        "scols_table_new_line", "scols_table_new_column",
        "scols_line_set_data",  "scols_print_table",
        "open_memstream",
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        failing = calls[i];
        expect((struct table_layout){ .output = "number,state", .width = 60 },
               "1  free\n2  in use by this host; xenusb attach win10 1-4\n3  a\\x41\n4  \n5  \n");
        failing = NULL;
    }
}

// Without a UTF-8 locale, what has only ASCII is still aligned.
static void without_a_locale(void **state)
{
    (void)state;
    failing = "newlocale";
    expect((struct table_layout){ .output = "number,state", .bare = true },
           "1  free\n2  in use by this host; xenusb attach win10 1-4\n3  a\\x41\n4\n5\n");
    failing = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_escaped_once),
        cmocka_unit_test(a_raw_cell_can_be_had_back),
        cmocka_unit_test(ascii_only),
        cmocka_unit_test(chosen_columns),
        cmocka_unit_test(a_narrow_terminal),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(without_a_locale),
        cmocka_unit_test(colours),
        cmocka_unit_test(a_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
