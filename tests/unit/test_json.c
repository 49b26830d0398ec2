// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/json.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static int setup(void **state)
{
    *state = arena_new(0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct json *read_ok(void **state, const char *text)
{
    const char *why = NULL;
    const struct json *value = json_read(*state, text_of(text), &why);
    assert_non_null(value);
    assert_null(why);
    return value;
}

static void test_values_of_every_type(void **state)
{
    const struct json *value = read_ok(
        state,
        " {\"n\":null,\"t\":true,\"f\":false,\"i\":-12,\"r\":1.5,\"s\":\"a\\u0000b\",\"a\":[1,"
        "[],{}]} ");
    assert_int_equal(value->type, JSON_OBJECT);
    assert_int_equal(json_member(value, "n")->type, JSON_NULL);
    assert_true(json_is_true(json_member(value, "t")));
    assert_false(json_is_true(json_member(value, "f")));
    assert_int_equal(json_integer(json_member(value, "i"), 0), -12);
    assert_true(fabs(json_member(value, "r")->real - 1.5) < 1e-9);
    assert_int_equal(json_text(json_member(value, "s")).size, 3);
    assert_memory_equal(json_text(json_member(value, "s")).at, "a\0b", 3);
    const struct json *array = json_member(value, "a");
    assert_int_equal(json_integer(array->first, 0), 1);
    assert_int_equal(array->first->next->type, JSON_ARRAY);
    assert_null(array->first->next->first);
    assert_int_equal(array->first->next->next->type, JSON_OBJECT);
    assert_null(array->first->next->next->next);
}

static void test_missing_members(void **state)
{
    const struct json *value = read_ok(state, "[\"x\"]");
    assert_null(json_member(value, "x"));
    assert_null(json_member(NULL, "x"));
    assert_null(json_member(read_ok(state, "{\"y\":1}"), "x"));
    assert_int_equal(json_text(value).size, 0);
    assert_int_equal(json_text(NULL).size, 0);
    assert_int_equal(json_integer(value, 7), 7);
    assert_int_equal(json_integer(NULL, 7), 7);
    assert_false(json_is_true(value));
    assert_false(json_is_true(NULL));
}

static void test_the_last_duplicate_key_counts(void **state)
{
    const struct json *value = read_ok(state, "{\"a\":1,\"b\":2,\"a\":3}");
    assert_int_equal(json_integer(json_member(value, "a"), 0), 3);
}

static void test_numbers_at_their_limits(void **state)
{
    assert_true(json_integer(read_ok(state, "9223372036854775807"), 0) == INT64_MAX);
    assert_true(json_integer(read_ok(state, "-9223372036854775808"), 0) == INT64_MIN);
    assert_int_equal(json_integer(read_ok(state, "-0"), 5), 0);
    assert_int_equal(read_ok(state, "9223372036854775808")->type, JSON_REAL);
    assert_int_equal(read_ok(state, "-9223372036854775809")->type, JSON_REAL);
    assert_int_equal(read_ok(state, "1e2")->type, JSON_REAL);
    assert_true(isinf(read_ok(state, "1e999")->real));
}

static void test_invalid_documents(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\"}",
        "01",
        "nul",
        "\"",
        "[1] [2]",
        "[1]x",
        "{'a':1}",
        "\x01",
        "\"\x01\"",
        "/* */ 1",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "{\"\xff\":1}",
        "[1}",
        "\xef\xbb\xbf[]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = NULL;
        assert_null(json_read(*state, text_of(bad[i]), &why));
        assert_non_null(why);
        assert_null(strchr(why, '\n'));
        assert_true(strlen(why) > 0);
    }
}

static void test_depth_is_bounded(void **state)
{
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];
    const char *why = NULL;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = 0;
    read_ok(state, text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[2 * (JSON_DEPTH_MAX + 1)] = 0;
    assert_null(json_read(*state, text_of(text), &why));
    assert_string_equal(why, "nested too deeply");
}

static void test_a_copy_is_independent(void **state)
{
    struct arena *gone = arena_new(0);
    const char *why;
    const struct json *read = json_read(gone, text_of("[{\"k\":[\"v\",2,null]},\"behind\"]"), &why);
    const struct json *copy = json_copy(*state, read->first);
    arena_free(gone);
    assert_null(copy->next);
    const struct json *array = json_member(copy, "k");
    assert_true(text_is(json_text(array->first), "v"));
    assert_int_equal(json_integer(array->first->next, 0), 2);
    assert_int_equal(array->first->next->next->type, JSON_NULL);
}

// ---- streams ----

static void feed(struct json_stream *stream, const char *bytes, size_t size)
{
    const char *why = NULL;
    assert_true(json_stream_feed(stream, (struct text){ bytes, size }, &why));
    assert_null(why);
}

static void test_a_stream_byte_by_byte(void **state)
{
    (void)state;
    static const char bytes[] = "{\"a\":[\"x\\u00e9\",10]}\r\n[2]{\"b\":3}\n";
    struct json_stream *stream = json_stream_new(100);
    unsigned count = 0;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        feed(stream, bytes + i, 1);
        for (const struct json *value; (value = json_stream_next(stream)); count++) {
            if (count == 0)
                assert_true(text_is(json_text(json_member(value, "a")->first), "x\xc3\xa9"));
            if (count == 1)
                assert_int_equal(json_integer(value->first, 0), 2);
            if (count == 2)
                assert_int_equal(json_integer(json_member(value, "b"), 0), 3);
        }
    }
    assert_int_equal(count, 3);
    json_stream_free(stream);
}

static void test_a_stream_cut_anywhere(void **state)
{
    (void)state;
    static const char bytes[] = "{\"a\":{\"b\":[1,2,\"three\"]}}{\"c\":\"d\"}[4]";
    for (size_t cut = 0; cut < sizeof bytes - 1; cut++) {
        struct json_stream *stream = json_stream_new(100);
        unsigned count = 0;
        feed(stream, bytes, cut);
        while (json_stream_next(stream))
            count++;
        feed(stream, bytes + cut, sizeof bytes - 1 - cut);
        const struct json *value, *last = NULL;
        for (; (value = json_stream_next(stream)); count++)
            last = value;
        assert_int_equal(count, 3);
        assert_int_equal(json_integer(last->first, 0), 4);
        json_stream_free(stream);
    }
}

static void test_untaken_documents_are_dropped(void **state)
{
    (void)state;
    struct json_stream *stream = json_stream_new(100);
    feed(stream, "[1][2][3", 8);
    feed(stream, "4]", 2);
    assert_int_equal(json_integer(json_stream_next(stream)->first, 0), 34);
    assert_null(json_stream_next(stream));
    json_stream_free(stream);
}

static void test_documents_are_bounded(void **state)
{
    (void)state;
    const char *why = NULL;
    struct json_stream *stream = json_stream_new(8);
    feed(stream, "[123456][123456]", 16);
    assert_non_null(json_stream_next(stream));
    assert_non_null(json_stream_next(stream));
    feed(stream, "[12", 3);
    feed(stream, "3456]", 5);
    assert_non_null(json_stream_next(stream));
    assert_false(json_stream_feed(stream, text_of("[1234567]"), &why));
    assert_string_equal(why, "a message is too large");
    json_stream_free(stream);
    stream = json_stream_new(8);
    feed(stream, "[\"aaaaaa", 8);
    assert_false(json_stream_feed(stream, text_of("a"), &why));
    assert_string_equal(why, "a message is too large");
    json_stream_free(stream);
}

static void test_a_broken_stream_stays_broken(void **state)
{
    (void)state;
    const char *why = NULL, *again = NULL;
    struct json_stream *stream = json_stream_new(100);
    assert_false(json_stream_feed(stream, text_of("hello\n"), &why));
    assert_false(json_stream_feed(stream, text_of("[]"), &again));
    assert_string_equal(why, again);
    json_stream_free(stream);
    json_stream_free(NULL);
}

// Every feed ends one document and starts another, so that both arenas are always in use.
static void test_a_long_stream(void **state)
{
    (void)state;
    struct json_stream *stream = json_stream_new(64);
    unsigned count = 0;
    for (unsigned i = 0; i < 20000; i++) {
        const char *bytes = i ? "5,6]{\"k\":[7]}[1,2,3,4," : "[1,2,3,4,";
        feed(stream, bytes, strlen(bytes));
        const struct json *value;
        for (; (value = json_stream_next(stream)); count++)
            if (value->type == JSON_ARRAY)
                assert_int_equal(json_integer(value->first->next, 0), 2);
    }
    assert_int_equal(count, 2 * 19999);
    json_stream_free(stream);
}

// ---- writing ----

static void test_written_values(void **state)
{
    struct json_writer *writer = json_writer_new(*state, false);
    json_open_object(writer);
    json_key(writer, "a\"b");
    json_open_array(writer);
    json_put_integer(writer, INT64_MIN);
    json_put_real(writer, 2.0);
    json_put_real(writer, 0.5);
    json_put_real(writer, (double)INFINITY);
    json_put_bool(writer, true);
    json_put_null(writer);
    json_close(writer);
    json_key(writer, "o");
    json_open_object(writer);
    json_close(writer);
    json_key(writer, "s");
    json_put_string(writer, "x\\y\n");
    json_key(writer, "none");
    json_put_string(writer, NULL);
    json_close(writer);
    assert_string_equal(json_writer_end(writer).at,
                        "{\"a\\\"b\":[-9223372036854775808,2.0,0.5,null,true,null],\"o\":{},"
                        "\"s\":\"x\\\\y\\u000a\",\"none\":null}");
}

static void test_pretty_writing(void **state)
{
    struct json_writer *writer = json_writer_new(*state, true);
    json_put_value(writer, read_ok(state, "{\"a\":[1,2],\"b\":[],\"c\":{\"d\":null}}"));
    assert_string_equal(json_writer_end(writer).at,
                        "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": [],"
                        "\n  \"c\": {\n    \"d\": null\n  }\n}\n");
}

static void test_control_characters_are_escaped(void **state)
{
    struct json_writer *writer = json_writer_new(*state, false);
    json_open_array(writer);
    json_put_text(writer,
                  (struct text){ "\x1b[m\0\x7f\xc2\x9b\xe2\x80\xae\xff\xf3\xa0\x80\x81", 15 });
    json_put_string(writer, "\xc3\xa9\xf0\x9f\x94\x8c");
    json_close(writer);
    struct text written = json_writer_end(writer);
    assert_string_equal(written.at, "[\"\\u001b[m\\u0000\\u007f\\u009b\\u202e\xef\xbf\xbd"
                                    "\\udb40\\udc01\",\"\xc3\xa9\xf0\x9f\x94\x8c\"]");
    const struct json *back = read_ok(state, written.at);
    assert_memory_equal(json_text(back->first).at, "\x1b[m\0\x7f\xc2\x9b", 7);
}

static void test_written_documents_are_read_back(void **state)
{
    static const char text[] = "{\"a\":[1,-2,0.25,\"b\\\"\",{\"\":null}],\"t\":true,\"f\":false}";
    struct json_writer *writer = json_writer_new(*state, false);
    json_put_value(writer, read_ok(state, text));
    assert_string_equal(json_writer_end(writer).at, text);
}

static void test_members(void **state)
{
    const struct json *value = read_ok(state, "{\"a\":\"text\",\"b\":7,\"c\":true,\"d\":[1,2]}");
    assert_true(text_is(json_member_text(value, "a"), "text"));
    assert_null(json_member_text(value, "b").at);
    assert_int_equal(json_member_integer(value, "b", -1), 7);
    assert_int_equal(json_member_integer(value, "a", -1), -1);
    assert_true(json_member_is_true(value, "c"));
    assert_false(json_member_is_true(NULL, "c"));
    assert_int_equal(json_elements(json_member(value, "d"))->integer, 1);
    assert_null(json_elements(json_member(value, "a")));
    assert_null(json_elements(NULL));
}

static void test_written_members(void **state)
{
    struct json_writer *writer = json_writer_new(*state, false);
    json_open_object(writer);
    json_add_text(writer, "text", text_of("a"));
    json_add_string(writer, "none", NULL);
    json_add_integer(writer, "number", -1);
    json_add_bool(writer, "flag", true);
    json_close(writer);
    assert_string_equal(json_writer_end(writer).at,
                        "{\"text\":\"a\",\"none\":null,\"number\":-1,\"flag\":true}");
}

// Deeper than a reader would take: it is closed as arrays.
static void test_a_writer_that_goes_too_deep(void **state)
{
    (void)state;
    struct arena *own = arena_new(0);
    struct json_writer *writer = json_writer_new(own, false);
    for (size_t i = 0; i <= JSON_DEPTH_MAX; i++)
        json_open_array(writer);
    for (size_t i = 0; i <= JSON_DEPTH_MAX; i++)
        json_close(writer);
    struct text text = json_writer_end(writer);
    assert_int_equal(text.size, 2 * (JSON_DEPTH_MAX + 1));
    const char *why;
    assert_null(json_read(own, text, &why));
    assert_null(json_read(own, text_of(" \n"), &why));
    assert_null(json_read(own, TEXT_EMPTY, &why));
    arena_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_every_type),
        cmocka_unit_test(test_missing_members),
        cmocka_unit_test(test_the_last_duplicate_key_counts),
        cmocka_unit_test(test_numbers_at_their_limits),
        cmocka_unit_test(test_invalid_documents),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_a_copy_is_independent),
        cmocka_unit_test(test_a_stream_byte_by_byte),
        cmocka_unit_test(test_a_stream_cut_anywhere),
        cmocka_unit_test(test_untaken_documents_are_dropped),
        cmocka_unit_test(test_documents_are_bounded),
        cmocka_unit_test(test_a_broken_stream_stays_broken),
        cmocka_unit_test(test_a_long_stream),
        cmocka_unit_test(test_written_values),
        cmocka_unit_test(test_pretty_writing),
        cmocka_unit_test(test_control_characters_are_escaped),
        cmocka_unit_test(test_written_documents_are_read_back),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_written_members),
        cmocka_unit_test(test_a_writer_that_goes_too_deep),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
