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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
