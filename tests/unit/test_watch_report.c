// SPDX-License-Identifier: MIT
// Reports of the watcher: what is written is read again, and nothing else is.
#include "watch/report.h"

#include "base/arena.h"
#include "unit.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static bool reads(const char *text, struct watch_report *report)
{
    return watch_report_read(arena, text_of(text), report);
}

// A report around the text of one entry.
static bool reads_entry(const char *entry, struct watch_report *report)
{
    return reads(arena_printf(arena, "{\"status\":0,\"domain\":3,\"entries\":[%s]}", entry),
                 report);
}

static void written_reports_are_read_again(void **state)
{
    (void)state;
    struct watch_entry stick = { .text = "id=0781:5581,name=\"a\"",
                                 .nth = 2,
                                 .verdict = WATCH_THERE,
                                 .changed = true,
                                 .busid = "1-1.3",
                                 .bus = 1,
                                 .address = 127,
                                 .place = "hci0.1",
                                 .label = "0781:5581 Ultra",
                                 .why = "\xe2\x80\x9cx\xe2\x80\x9d",
                                 .since = 1796000000 };
    struct watch_entry hci = { .next = &stick,
                               .text = "type=emul",
                               .controller = true,
                               .verdict = WATCH_REFUSED,
                               .busid = "",
                               .place = "hci0",
                               .label = "",
                               .why = "no free slot" };
    const struct watch_report report = {
        .status = STATUS_REFUSED,
        .why = "resumed",
        .domain = 7,
        .uuid = "11111111-2222-3333-4444-555555555555",
        .qemus = { 812, 0 },
        .entries = &hci,
        .count = 2,
        .given_up = true,
    };
    struct watch_report again;
    struct text text = watch_report_write(arena, &report);
    assert_null(memchr(text.at, '\n', text.size));
    assert_true(watch_report_read(arena, text, &again));
    assert_int_equal(again.status, STATUS_REFUSED);
    assert_string_equal(again.why, "resumed");
    assert_int_equal(again.domain, 7);
    assert_string_equal(again.uuid, report.uuid);
    assert_int_equal(again.qemus[0], 812);
    assert_int_equal(again.qemus[1], 0);
    assert_int_equal(again.count, 2);
    assert_true(again.given_up);
    const struct watch_entry *first = again.entries, *second = first->next;
    assert_true(first->controller);
    assert_int_equal(first->verdict, WATCH_REFUSED);
    assert_string_equal(first->why, "no free slot");
    assert_string_equal(first->label, "");
    assert_string_equal(second->text, stick.text);
    assert_int_equal(second->nth, 2);
    assert_true(second->changed);
    assert_int_equal(second->bus, 1);
    assert_int_equal(second->address, 127);
    assert_string_equal(second->busid, "1-1.3");
    assert_string_equal(second->why, stick.why);
    assert_int_equal(second->since, 1796000000);
    assert_null(second->next);
    // A copy is the same, and has nothing in common with it.
    struct arena *other = arena_new_small();
    const struct watch_report *copy = watch_report_copy(other, &again);
    const struct text written = watch_report_write(arena, copy);
    assert_int_equal(written.size, text.size);
    assert_memory_equal(written.at, text.at, text.size);
    assert_ptr_not_equal(copy->entries->next->text, second->text);
    assert_ptr_not_equal(copy->why, again.why);
    arena_free(other);
}

static void every_verdict_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < WATCH_VERDICTS; i++) {
        const char *name = watch_verdict_name((enum watch_verdict)i);
        struct watch_report report;
        assert_non_null(name);
        assert_true(reads_entry(arena_printf(arena, "{\"verdict\":\"%s\"}", name), &report));
        assert_int_equal(report.entries->verdict, i);
    }
}

// What is too long is cut when it is written, so that it can be read.
static void long_strings_and_lists_are_cut(void **state)
{
    (void)state;
    enum { MANY = WATCH_ENTRIES_MAX + 3 };
    char *words = arena_alloc(arena, WATCH_TEXT_MAX + 100);
    memset(words, 'x', WATCH_TEXT_MAX + 99);
    struct watch_entry *entries = arena_array_of(arena, struct watch_entry, MANY);
    for (size_t i = 0; i < MANY; i++)
        entries[i] = (struct watch_entry){ .next = i + 1 < MANY ? &entries[i + 1] : NULL,
                                           .text = words,
                                           .busid = "",
                                           .place = "",
                                           .label = "",
                                           .why = words };
    struct watch_report report = { .why = words, .uuid = "", .entries = entries, .count = MANY };
    struct watch_report again;
    struct text text = watch_report_write(arena, &report);
    assert_in_range(text.size, 1, WATCH_REPORT_MAX);
    assert_true(watch_report_read(arena, text, &again));
    assert_int_equal(again.count, WATCH_ENTRIES_MAX);
    assert_int_equal(strlen(again.why), WATCH_TEXT_MAX);
    assert_int_equal(strlen(again.entries->text), WATCH_TEXT_MAX);
}

// Neither a character that is cut nor bytes that are none makes a report that cannot be read.
static void any_bytes_are_read_again(void **state)
{
    (void)state;
    static const char *const pieces[] = { "\xe2\x80\x9c", "\xf0\x9f\x94\x8c", "\xff", "\x80",
                                          "\xe2\x80" };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        for (size_t shift = 0; shift < 4; shift++) {
            char *words = arena_alloc(arena, 2 * WATCH_TEXT_MAX);
            size_t size = shift;
            memset(words, 'x', shift);
            for (; size < WATCH_TEXT_MAX + 4; size += strlen(pieces[i]))
                memcpy(words + size, pieces[i], strlen(pieces[i]));
            struct watch_report again, report = { .why = words, .uuid = "" };
            assert_true(watch_report_read(arena, watch_report_write(arena, &report), &again));
            assert_in_range(strlen(again.why), WATCH_TEXT_MAX - 3, 3 * WATCH_TEXT_MAX);
        }
}

static void entries_are_the_same_by_text_and_count(void **state)
{
    (void)state;
    struct watch_entry third = { .text = "id=1:1", .nth = 1 };
    struct watch_entry second = { .next = &third, .text = "id=1:1" };
    struct watch_entry first = { .next = &second, .text = "id=1:1", .controller = true };
    struct watch_report report = { .entries = &first };
    const struct watch_entry other = { .text = "id=1:2" };
    const struct watch_entry beyond = { .text = "id=1:1", .nth = 2 };
    assert_ptr_equal(watch_report_same(&report, &first), &first);
    assert_ptr_equal(watch_report_same(&report, &second), &second);
    assert_ptr_equal(watch_report_same(&report, &third), &third);
    assert_null(watch_report_same(&report, &other));
    assert_null(watch_report_same(&report, &beyond));
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const garbage[] = {
        "",
        "x",
        "[]",
        "null",
        "{}",
        "{\"status\":0}",
        "{\"status\":0,\"domain\":3}",
        "{\"status\":6,\"domain\":3,\"entries\":[]}",
        "{\"status\":-1,\"domain\":3,\"entries\":[]}",
        "{\"status\":\"0\",\"domain\":3,\"entries\":[]}",
        "{\"status\":0,\"domain\":-2,\"entries\":[]}",
        "{\"status\":0,\"domain\":4294967296,\"entries\":[]}",
        "{\"status\":0,\"domain\":3.0,\"entries\":[]}",
        "{\"status\":0,\"domain\":3,\"entries\":{}}",
        "{\"status\":0,\"domain\":3,\"entries\":[]",
        "{\"status\":0,\"domain\":3,\"entries\":[]} x",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"why\":1}",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"why\":\"a\\u0000b\"}",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"qemus\":[1,2,3]}",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"qemus\":[-1]}",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"qemus\":[\"1\"]}",
        "{\"status\":0,\"domain\":3,\"entries\":[],\"qemus\":[2147483648]}",
        ("{\"status\":0,\"domain\":3,\"entries\":[],"
         "\"uuid\":\"11111111-2222-3333-4444-5555555555556\"}"),
    };
    static const char *const entries[] = {
        "1",
        "{}",
        "[]",
        "{\"verdict\":\"\"}",
        "{\"verdict\":\"There\"}",
        "{\"verdict\":1}",
        "{\"verdict\":\"there\",\"nth\":-1}",
        "{\"verdict\":\"there\",\"bus\":256}",
        "{\"verdict\":\"there\",\"address\":\"1\"}",
        "{\"verdict\":\"there\",\"since\":-1}",
        "{\"verdict\":\"there\",\"changed\":1}",
        "{\"verdict\":\"there\",\"controller\":\"true\"}",
        "{\"verdict\":\"there\",\"text\":[]}",
        "{\"verdict\":\"there\"},null",
    };
    struct watch_report report;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        assert_false(reads(garbage[i], &report));
        assert_int_equal(report.domain, -1);
    }
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        assert_false(reads_entry(entries[i], &report));
        assert_null(report.entries);
        assert_int_equal(report.count, 0);
    }
    // Those are wrong for what they have, and not otherwise.
    assert_true(reads("{\"status\":0,\"domain\":-1,\"entries\":[],\"more\":1}", &report));
    assert_true(reads_entry("{\"verdict\":\"there\"}", &report));
}

static void too_much_is_refused(void **state)
{
    (void)state;
    struct watch_report report;
    char *words = arena_alloc(arena, 3 * WATCH_TEXT_MAX + 2);
    memset(words, 'x', 3 * WATCH_TEXT_MAX + 1);
    assert_false(
        reads_entry(arena_printf(arena, "{\"verdict\":\"there\",\"why\":\"%s\"}", words), &report));
    assert_true(reads_entry(
        arena_printf(arena, "{\"verdict\":\"there\",\"why\":\"%s\"}", words + 1), &report));
    // Blanks are fine in JSON, but not so many.
    char *blanks = arena_alloc(arena, WATCH_REPORT_MAX + 1);
    memset(blanks, ' ', WATCH_REPORT_MAX);
    static const char small[] = "{\"status\":0,\"domain\":3,\"entries\":[]}";
    memcpy(blanks, small, sizeof small - 1);
    assert_true(watch_report_read(arena, (struct text){ blanks, WATCH_REPORT_MAX }, &report));
    assert_false(watch_report_read(arena, (struct text){ blanks, WATCH_REPORT_MAX + 1 }, &report));
    char *many = arena_alloc(arena, (WATCH_ENTRIES_MAX + 1) * 20 + 1);
    for (size_t i = 0; i <= WATCH_ENTRIES_MAX; i++)
        memcpy(many + i * 20, "{\"verdict\":\"there\"},", 20);
    many[(WATCH_ENTRIES_MAX + 1) * 20 - 1] = '\0';
    assert_false(reads_entry(many, &report));
    assert_true(reads_entry(many + 20, &report));
    assert_int_equal(report.count, WATCH_ENTRIES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_reports_are_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_verdict_has_a_name_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_strings_and_lists_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_bytes_are_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_are_the_same_by_text_and_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
