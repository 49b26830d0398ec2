// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "unit.h"

#include <string.h>

static int begin(void **state)
{
    *state = arena_new(4096);
    return *state ? 0 : -1;
}

static int end(void **state)
{
    arena_free(*state);
    return 0;
}

static void test_empty(void **state)
{
    struct buffer buffer = buffer_in(*state);
    assert_string_equal(buffer_string(&buffer), "");
    assert_int_equal(buffer_text(&buffer).size, 0);
    buffer_add_string(&buffer, "");
    buffer_printf(&buffer, "%s", "");
    assert_string_equal(buffer_string(&buffer), "");
}

static void test_appending(void **state)
{
    struct buffer buffer = buffer_in(*state);
    buffer_add_string(&buffer, "port ");
    buffer_printf(&buffer, "%u.%u", 1, 2);
    buffer_add(&buffer, (struct text){ ";\0;", 3 });
    assert_int_equal(buffer_text(&buffer).size, 11);
    assert_memory_equal(buffer_text(&buffer).at, "port 1.2;\0;", 12);
}

static void test_joining(void **state)
{
    struct buffer buffer = buffer_in(*state);
    for (int i = 0; i < 3; i++)
        buffer_join(&buffer, ", ", "pv%d", i);
    assert_string_equal(buffer_string(&buffer), "pv0, pv1, pv2");
}

static void test_returned_strings_stay_valid(void **state)
{
    struct buffer buffer = buffer_in(*state);
    buffer_add_string(&buffer, "abc");
    struct text taken = buffer_text(&buffer);
    for (int i = 0; i < 1000; i++)
        buffer_add_string(&buffer, "defghijk");
    assert_int_equal(taken.size, 3);
    assert_memory_equal(taken.at, "abc", 3);
    assert_int_equal(strlen(buffer_string(&buffer)), 8003);
    assert_string_equal(buffer_string(&buffer) + 7995, "defghijk");
}

static void test_memory_use_is_linear(void **state)
{
    struct buffer buffer = buffer_in(*state);
    for (int i = 0; i < 10000; i++)
        buffer_join(&buffer, ",", "%04d", i);
    assert_int_equal(buffer_text(&buffer).size, 49999);
    assert_true(arena_used(*state) < (size_t)8 * 49999);
}

static void test_clearing(void **state)
{
    struct buffer buffer = buffer_in(*state);
    buffer_add_string(&buffer, "first");
    buffer_clear(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
    buffer_join(&buffer, ", ", "2nd");
    assert_string_equal(buffer_string(&buffer), "2nd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, begin, end),
        cmocka_unit_test_setup_teardown(test_appending, begin, end),
        cmocka_unit_test_setup_teardown(test_joining, begin, end),
        cmocka_unit_test_setup_teardown(test_returned_strings_stay_valid, begin, end),
        cmocka_unit_test_setup_teardown(test_memory_use_is_linear, begin, end),
        cmocka_unit_test_setup_teardown(test_clearing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
