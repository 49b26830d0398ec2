// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record/saved.h"
#include "unit.h"

static struct arena *arena;
static const char *why;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    why = "nothing";
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *edit(const char *json, const struct saved_element *element)
{
    struct text edited;
    if (!saved_edit(arena, text_of(json), element, &edited, &why))
        return NULL;
    return arena_copy(arena, edited.at, edited.size);
}

// Adds or removes a controller with this devid.
static const char *controller(const char *json, int64_t devid, bool added)
{
    const struct saved_element element = {
        .array = "usbctrls",
        .keys = { "devid" },
        .numbers = { devid },
        .json = added ? "{ \"devid\": NEW }" : NULL,
    };
    return edit(json, &element);
}

static void test_adding_the_first_entry(void **state)
{
    (void)state;
    assert_string_equal(controller("{}", 0, true),
                        "{\n    \"usbctrls\": [\n        { \"devid\": NEW }\n    ]}");
    assert_string_equal(controller("{\n    \"a\": 1\n}\n", 0, true),
                        "{\n    \"a\": 1,\n    \"usbctrls\": [\n        { \"devid\": NEW }\n"
                        "    ]\n}\n");
}

// yajl takes more bytes for blanks than JSON has.
static void test_blanks_of_yajl(void **state)
{
    (void)state;
    assert_string_equal(controller("{\f\v}", 0, true),
                        "{\n    \"usbctrls\": [\n        { \"devid\": NEW }\n    ]\f\v}");
    assert_string_equal(controller("{\"usbctrls\"\f:\v[{\"devid\":\f0\v}\f]}", 0, false),
                        "{\"usbctrls\"\f:\v[\n    ]}");
}

static void test_adding_an_entry(void **state)
{
    (void)state;
    assert_string_equal(controller("{\"usbctrls\": [{\"devid\": 1}], \"z\": 1}", 0, true),
                        "{\"usbctrls\": [\n        {\"devid\": 1},\n        { \"devid\": NEW }\n"
                        "    ], \"z\": 1}");
    assert_string_equal(controller("{\"usbctrls\": []}", 0, true),
                        "{\"usbctrls\": [\n        { \"devid\": NEW }\n    ]}");
}

static void test_adding_replaces_the_same_entry(void **state)
{
    (void)state;
    assert_string_equal(controller("{\"usbctrls\":[{\"devid\":0,\"x\":1},{\"devid\":1}]}", 0, true),
                        "{\"usbctrls\":[\n        {\"devid\":1},\n        { \"devid\": NEW }\n"
                        "    ]}");
}

static void test_removal(void **state)
{
    (void)state;
    assert_string_equal(
        controller("{\"usbctrls\":[{\"devid\":0},{\"devid\":1}],\"z\":2}", 0, false),
        "{\"usbctrls\":[\n        {\"devid\":1}\n    ],\"z\":2}");
    assert_string_equal(controller("{\"usbctrls\":[{\"devid\":0}]}", 0, false),
                        "{\"usbctrls\":[\n    ]}");
    assert_string_equal(controller("{\"a\":[]}", 0, false), "{\"a\":[]}");
    // An entry without a number is a different one.
    assert_string_equal(controller("{\"usbctrls\":[{},7,\"x\",null,{\"devid\":0}]}", 0, false),
                        "{\"usbctrls\":[\n        {},\n        7,\n        \"x\",\n        null\n"
                        "    ]}");
}

// So that the file is not replaced for nothing. Only the spelling may differ, as libxl's does.
static void test_what_is_there_already_is_no_change(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"usbctrls\": [{\"devid\": 0, \"type\": \"a \\\" b\"}]}",
        "{\"usbctrls\":[{\n\"devid\":0 ,\n\"type\":\"a \\\" b\"\n}]}"
    };
    static const char *const other[] = { "{\"usbctrls\":[{\"devid\":0,\"type\":\"a \\\"b\"}]}",
                                         "{\"usbctrls\":[{\"devid\":0,\"type\":\"a \\\\ b\"}]}",
                                         "{\"usbctrls\":[{\"devid\":0}]}" };
    const struct saved_element element = { .array = "usbctrls",
                                           .keys = { "devid" },
                                           .json = "{ \"devid\": 0, \"type\": \"a \\\" b\" }" };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(edit(same[i], &element), same[i]);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_string_not_equal(edit(other[i], &element), other[i]);
    assert_string_not_equal(edit("{\"usbctrls\":[{\"devid\": 0, \"type\": \"a \\\" b\"},"
                                 "{\"devid\": 0, \"type\": \"a \\\" b\"}]}",
                                 &element),
                            "");
    assert_string_equal(controller("{\"usbctrls\": [ {\"devid\":1} ]}", 0, false),
                        "{\"usbctrls\": [ {\"devid\":1} ]}");
    assert_string_equal(controller("{\"usbctrls\": []}", 0, false), "{\"usbctrls\": []}");
}

static void test_two_keys(void **state)
{
    (void)state;
    const struct saved_element element = { .array = "usbdevs",
                                           .keys = { "ctrl", "port" },
                                           .numbers = { 0, 2 } };
    assert_string_equal(edit("{\"usbdevs\":[{\"ctrl\":0,\"port\":1},{\"ctrl\":0,\"port\":2},{"
                             "\"ctrl\":2,\"port\":0}]}",
                             &element),
                        "{\"usbdevs\":[\n        {\"ctrl\":0,\"port\":1},\n        "
                        "{\"ctrl\":2,\"port\":0}\n    ]}");
}

static void test_only_beside_its_controller(void **state)
{
    (void)state;
    static const char with[] = "{\"usbctrls\":[{\"devid\":1},{\"devid\":2}]}";
    static const char *const without[] = { "{}", "{\"usbctrls\":[]}",
                                           "{\"usbctrls\":[{\"devid\":1},{}]}",
                                           "{\"usbctrls\":{\"devid\":2}}" };
    const struct saved_element element = { .array = "usbdevs",
                                           .keys = { "ctrl", "port" },
                                           .numbers = { 2, 1 },
                                           .json = "{\"ctrl\":2,\"port\":1}",
                                           .if_has_controller = true };
    assert_non_null(strstr(edit(with, &element), "{\"ctrl\":2,\"port\":1}"));
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        assert_string_equal(edit(without[i], &element), without[i]);
}

// Details that a JSON library would not preserve, and that could confuse a scanner.
#define ODD                                                                                        \
    "\"big\" : 18446744073709551615 ,\n\t\"r\":1e2, \"s\": \"}]\\\"{[,:\\\\\", \"u\": "            \
    "\"\\u007d\", "                                                                                \
    "\"o\": {\"usbctrls\": [{\"devid\": 0}], \"e\": {}}, \"t\":true,\"n\":null, \"a\":[[],[ ]]"

static void test_everything_else_is_kept_byte_for_byte(void **state)
{
    (void)state;
    const char *with = controller("{" ODD "}", 0, true);
    assert_string_equal(with, "{" ODD ",\n    \"usbctrls\": [\n        { \"devid\": NEW }\n    ]}");
    assert_string_equal(
        controller(" { " ODD ", \"usbctrls\":[{\"devid\":0}] , \"z\":0 } ", 0, false),
        " { " ODD ", \"usbctrls\":[\n    ] , \"z\":0 } ");
}

static void test_invalid_configs(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "{",
                                       "[]",
                                       "7",
                                       "{\"usbctrls\": {}}",
                                       "{\"usbctrls\":1}",
                                       "{\"usbctrls\":[}",
                                       "{} {}",
                                       "{\"a\" 1}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why = NULL;
        assert_null(controller(bad[i], 0, true));
        assert_non_null(why);
    }
}

// Every prefix of a valid file, to test the scanner.
static void test_truncated(void **state)
{
    (void)state;
    const char whole[] = "{" ODD ", \"usbctrls\": [{\"devid\": 3}]}";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        struct text edited;
        const struct saved_element element = { .array = "usbctrls", .keys = { "devid" } };
        struct text part = { arena_copy(arena, whole, size), size };
        assert_false(saved_edit(arena, part, &element, &edited, &why));
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_adding_the_first_entry),
        CASE(test_blanks_of_yajl),
        CASE(test_adding_an_entry),
        CASE(test_adding_replaces_the_same_entry),
        CASE(test_removal),
        CASE(test_what_is_there_already_is_no_change),
        CASE(test_two_keys),
        CASE(test_only_beside_its_controller),
        CASE(test_everything_else_is_kept_byte_for_byte),
        CASE(test_invalid_configs),
        CASE(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
