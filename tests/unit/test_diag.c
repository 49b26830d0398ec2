// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/diag.h"
#include "base/source_read.h"
#include "base/suggest.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
    struct arena *arena;
    struct diags diags;
};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->arena = arena_new(4096);
    diags_init(&scene->diags, scene->arena);
    *state = scene;
    return scene->arena ? 0 : -1;
}

static int end(void **state)
{
    struct scene *scene = *state;
    arena_free(scene->arena);
    free(scene);
    return 0;
}

static const struct source *source_of(struct scene *scene, const char *text)
{
    return source_from_bytes(scene->arena, "a.cfg", text, strlen(text));
}

static struct span span_of(const struct source *source, const char *word)
{
    const char *at = strstr(source->text.at, word);
    assert_non_null(at);
    uint32_t from = (uint32_t)(at - source->text.at);
    return (struct span){ from, from + (uint32_t)strlen(word) };
}

static void want_printed(struct scene *scene, const char *expected)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    diags_print(&scene->diags, stream, false);
    fclose(stream);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_a_diagnostic_points_at_its_word(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "a=1\nusb=['type=x']\n");
    struct diag *diag = complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source,
                                 span_of(source, "type"), "unknown key '%s'", "type");
    diag_hint(&scene->diags, diag, "did you mean '%s'?", "typ");
    want_printed(scene, "a.cfg:2:7: error: unknown key 'type'\n"
                        "    2 | usb=['type=x']\n"
                        "      |       ^~~~ did you mean 'typ'?\n");
    assert_int_equal(scene->diags.errors, 1);
}

static void test_diagnostics_are_sorted_by_place(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "a\nb\n");
    complain_error(&scene->diags, CODE_FAILED, "placeless");
    complain(&scene->diags, SEVERITY_WARNING, CODE_WARNING, source, span_of(source, "b"), "second");
    complain(&scene->diags, SEVERITY_NOTE, CODE_NOTE, source, span_of(source, "a"), "first");
    want_printed(scene, "a.cfg:1:1: note: first\n    1 | a\n      | ^\n"
                        "a.cfg:2:1: warning: second\n    2 | b\n      | ^\n"
                        "xenusb: error: placeless\n");
}

static void test_a_second_place_follows(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "x=1\nx=2\n");
    struct diag *diag = complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source,
                                 (struct span){ 4, 5 }, "twice");
    diag_also(&scene->diags, diag, source, (struct span){ 0, 1 }, "here before");
    want_printed(scene, "a.cfg:2:1: error: twice\n    2 | x=2\n      | ^\n"
                        "a.cfg:1:1: note: here before\n    1 | x=1\n      | ^\n");
}

static void test_more_places_follow_in_their_order(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "x=1\n");
    const struct source *other = source_from_bytes(scene->arena, "b.cfg", "y\n", 2);
    struct diag *diag =
        complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, (struct span){ 0, 1 }, "a");
    diag_also(&scene->diags, diag, other, (struct span){ 0, 1 }, "b");
    diag_also(&scene->diags, diag, NULL, SPAN_NONE, "c");
    complain(&scene->diags, SEVERITY_NOTE, CODE_NOTE, other, (struct span){ 0, 1 }, "another file");
    diag_hint(&scene->diags,
              complain(&scene->diags, SEVERITY_NOTE, CODE_NOTE, source, SPAN_NONE, "no place"),
              "hint");
    want_printed(scene, "a.cfg:1:1: error: a\n    1 | x=1\n      | ^\n"
                        "b.cfg:1:1: note: b\n    1 | y\n      | ^\n"
                        "xenusb: note: c\n"
                        "b.cfg:1:1: note: another file\n    1 | y\n      | ^\n"
                        "a.cfg: note: no place\n        hint\n");
}

static void test_colors_are_for_a_terminal(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "x=1\n");
    char *printed = NULL;
    size_t size = 0;
    complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, (struct span){ 0, 1 }, "here");
    complain_error(&scene->diags, CODE_FAILED, "placeless");
    FILE *stream = open_memstream(&printed, &size);
    diags_print(&scene->diags, stream, true);
    fclose(stream);
    assert_string_equal(printed, "a.cfg:1:1: \033[1;31merror:\033[0m here\n    1 | x=1\n"
                                 "      | \033[1;32m^\033[0m\n"
                                 "xenusb: \033[1;31merror:\033[0m placeless\n");
    free(printed);
}

static void test_the_number_of_more_is_printed(void **state)
{
    struct scene *scene = *state;
    char *printed = NULL;
    size_t size = 0;
    for (unsigned i = 0; i < DIAGS_KEPT + 3; i++) {
        struct diag *diag = complain_error(&scene->diags, CODE_FAILED, "number %u", i);
        diag_hint(&scene->diags, diag, "hint %u", i);
        diag_also(&scene->diags, diag, NULL, SPAN_NONE, "also %u", i);
    }
    FILE *stream = open_memstream(&printed, &size);
    diags_print(&scene->diags, stream, false);
    fclose(stream);
    char last[64];
    snprintf(last, sizeof last, "xenusb: note: also %d\n... and 3 more\n", DIAGS_KEPT - 1);
    assert_non_null(strstr(printed, last));
    assert_int_equal(scene->diags.errors, DIAGS_KEPT + 3);
    free(printed);
    want_printed(scene, ""); // printed ones are forgotten
}

static void test_the_reason_is_the_first_error(void **state)
{
    struct scene *scene = *state;
    assert_string_equal(diags_reason(&scene->diags, "none"), "none");
    complain(&scene->diags, SEVERITY_WARNING, CODE_WARNING, NULL, SPAN_NONE, "a warning");
    assert_string_equal(diags_reason(&scene->diags, "none"), "none");
    complain_error(&scene->diags, CODE_FAILED, "an error");
    complain_error(&scene->diags, CODE_FAILED, "another");
    assert_string_equal(diags_reason(&scene->diags, "none"), "an error");
}

static void test_escapes_and_tabs_keep_the_caret_in_place(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "\xc3\xbc\t\x1b[31m word \xff");
    complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, span_of(source, "word"),
             "\x1b]0;evil\x07");
    want_printed(scene, "a.cfg:1:9: error: \\x1b]0;evil\\x07\n"
                        "    1 | \xc3\xbc \\x1b[31m word \\xff\n"
                        "      |            ^~~~\n");
}

static void test_wide_characters_keep_the_caret_in_place(void **state)
{
    struct scene *scene = *state;
    const struct source *source = source_of(scene, "x='键盘 word'");
    complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, span_of(source, "word"), "here");
    want_printed(scene, "a.cfg:1:7: error: here\n"
                        "    1 | x='键盘 word'\n"
                        "      |         ^~~~\n");
}

static void test_a_long_line_is_cut_between_characters(void **state)
{
    struct scene *scene = *state;
    for (unsigned shift = 0; shift < 3; shift++) {
        char line[1024] = "";
        memset(line, 'a', shift);
        for (size_t i = 0; i < 200; i++)
            memcpy(line + shift + 3 * i, i == 100 ? "wrd" : "键", 3);
        const struct source *source = source_of(scene, line);
        complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, span_of(source, "wrd"),
                 "here");
        char *printed = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&printed, &size);
        diags_print(&scene->diags, stream, false);
        fclose(stream);
        assert_null(strstr(printed, "\\x"));
        free(printed);
    }
}

static void test_a_long_line_is_shown_around_the_caret(void **state)
{
    struct scene *scene = *state;
    char *line = arena_alloc(scene->arena, 5001);
    memset(line, 'a', 5000);
    memcpy(line + 4000, "word", 4);
    const struct source *source = source_of(scene, line);
    complain(&scene->diags, SEVERITY_ERROR, CODE_INVALID, source, span_of(source, "word"), "here");
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    diags_print(&scene->diags, stream, false);
    fclose(stream);
    assert_true(size < 600);
    const char *shown = strstr(printed, "word"), *caret = strchr(printed, '^');
    const char *line_start = strstr(printed, "    1 | "), *caret_start = strrchr(printed, '|');
    assert_non_null(shown);
    assert_int_equal(shown - line_start - 6, caret - caret_start);
    free(printed);
}

static void test_too_many_are_counted_not_kept(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < DIAGS_KEPT + 5; i++)
        complain_error(&scene->diags, CODE_FAILED, "%u", i);
    assert_int_equal(scene->diags.errors, DIAGS_KEPT + 5);
    assert_int_equal(scene->diags.kept, DIAGS_KEPT);
    assert_int_equal(scene->diags.dropped, 5);
}

static void test_the_summary(void **state)
{
    struct scene *scene = *state;
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    diags_print_summary(&scene->diags, "a.cfg", stream);
    complain_error(&scene->diags, CODE_FAILED, "x");
    complain_error(&scene->diags, CODE_FAILED, "y");
    complain(&scene->diags, SEVERITY_WARNING, CODE_WARNING, NULL, SPAN_NONE, "z");
    diags_print_summary(&scene->diags, "a.cfg", stream);
    fclose(stream);
    assert_string_equal(printed, "2 errors, 1 warning in a.cfg\n");
    free(printed);
}

static void test_the_worse_status(void **state)
{
    (void)state;
    assert_int_equal(status_worse(STATUS_OK, STATUS_OK), STATUS_OK);
    assert_int_equal(status_worse(STATUS_FAILED, STATUS_LEFTOVER), STATUS_LEFTOVER);
    assert_int_equal(status_worse(STATUS_REQUEST, STATUS_REFUSED), STATUS_REFUSED);
    assert_int_equal(status_worse(STATUS_CHANGES, STATUS_REQUEST), STATUS_REQUEST);
    assert_int_equal(status_worse(STATUS_TIMEOUT, STATUS_FAILED), STATUS_TIMEOUT);
}

// Reading `path` fails with this message.
static void want_unreadable(struct scene *scene, const char *path, const char *words)
{
    struct diags diags;
    diags_init(&diags, scene->arena);
    assert_null(source_read(scene->arena, &diags, path));
    assert_int_equal(diags.errors, 1);
    assert_non_null(strstr(diags.first->message, words));
}

static void test_unreadable_files(void **state)
{
    struct scene *scene = *state;
    char directory[] = "/tmp/xenusb-source-XXXXXX";
    assert_non_null(mkdtemp(directory));
    const char *nul = arena_printf(scene->arena, "%s/nul", directory);
    const char *large = arena_printf(scene->arena, "%s/large", directory);
    FILE *stream = fopen(nul, "w");
    assert_int_equal(fwrite("usb=1\0x", 1, 7, stream), 7);
    fclose(stream);
    stream = fopen(large, "w");
    assert_int_equal(ftruncate(fileno(stream), 100L * 1024 * 1024), 0);
    fclose(stream);

    want_unreadable(scene, directory, "a directory");
    want_unreadable(scene, "/dev/zero", "a device");
    want_unreadable(scene, "/nowhere/at/all", "No such file");
    want_unreadable(scene, nul, "NUL byte");
    want_unreadable(scene, large, "larger than");
    unlink(nul);
    unlink(large);
    rmdir(directory);
}

static void test_places_in_arguments(void **state)
{
    struct scene *scene = *state;
    const char *const words[] = { "4.3", "type=hub" };
    const struct source *source = source_from_words(scene->arena, "<command line>", words, 2);
    assert_true(text_is(source->text, "4.3 type=hub"));
    assert_int_equal(source_position(source, 4).column, 5);
    assert_int_equal(source_position(source, 999).line, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void test_suggestions(void **state)
{
    struct scene *scene = *state;
    static const char *const choices[] = { "tablet", "mouse", "keyboard", NULL };
    struct diag *diag = complain_error(&scene->diags, CODE_FAILED, "no such device");
    assert_ptr_equal(diag_suggest(&scene->diags, diag, text_of("tabelt"), choices, "other"), diag);
    assert_string_equal(diag->hint, "did you mean 'tablet'?");
    diag_suggest(&scene->diags, diag, text_of("disk"), choices, "100% other");
    assert_string_equal(diag->hint, "100% other");
    diag_suggest(&scene->diags, diag, TEXT_EMPTY, choices, NULL);
    assert_string_equal(diag->hint, "one of: tablet, mouse, keyboard");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_diagnostic_points_at_its_word),
        TEST(test_diagnostics_are_sorted_by_place),
        TEST(test_a_second_place_follows),
        TEST(test_escapes_and_tabs_keep_the_caret_in_place),
        TEST(test_wide_characters_keep_the_caret_in_place),
        TEST(test_a_long_line_is_cut_between_characters),
        TEST(test_a_long_line_is_shown_around_the_caret),
        TEST(test_too_many_are_counted_not_kept),
        TEST(test_the_summary),
        TEST(test_the_worse_status),
        TEST(test_unreadable_files),
        TEST(test_places_in_arguments),
        cmocka_unit_test_setup_teardown(test_suggestions, begin, end),
        TEST(test_more_places_follow_in_their_order),
        TEST(test_colors_are_for_a_terminal),
        TEST(test_the_number_of_more_is_printed),
        TEST(test_the_reason_is_the_first_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
