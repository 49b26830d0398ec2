// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/guest_disks.h"
#include "unit.h"

static void test_numbers(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    static const struct {
        const char *value, *number;
    } rows[] = {
        { "8:1a", "8:26" },   { "fe:0", "254:0" }, { "103:fffff", "259:1048575" },
        { "8:11\n", "8:17" }, { "", NULL },        { "8", NULL },
        { "8:", NULL },       { ":1", NULL },      { "8:1:2", NULL },
        { "8:100000", NULL }, { "-8:1", NULL },    { "1000:1", NULL },
        { "/dev/sdb", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *number = guest_disks_number(arena, rows[i].value);
        if (rows[i].number)
            assert_string_equal(number, rows[i].number);
        else
            assert_null(number);
    }
    arena_free(arena);
}

static void test_find(void **state)
{
    (void)state;
    const struct guest_disk all[] = { { "8:1", 3 }, { "8:17", 4 } };
    const struct guest_disks disks = { all, 2 }, none = { NULL, 0 };
    assert_ptr_equal(guest_disks_find(&disks, "8:17"), &all[1]);
    assert_null(guest_disks_find(&disks, "8:1 "));
    assert_null(guest_disks_find(&disks, ""));
    assert_null(guest_disks_find(&none, "8:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
