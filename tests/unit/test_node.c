// SPDX-License-Identifier: MIT
#include "host/node.h"

#include "base/arena.h"
#include "unit.h"

#include <sys/stat.h>

#define NOBODY "Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\n"
#define NONE   "CapEff:\t0000000000000000\n"

static void check(const char *status, mode_t mode, enum verdict expected)
{
    const struct stat node = { .st_mode = S_IFCHR | mode, .st_uid = 107, .st_gid = 46 };
    assert_int_equal(node_is_permitted(text_of(status), &node), expected);
}

static void test_the_owner_the_group_and_others(void **state)
{
    (void)state;
    check("Name:\tqemu\n" NOBODY "Groups:\t65534 \n" NONE, 0600, VERDICT_NO);
    check(NOBODY "Groups:\t\n" NONE, 0664, VERDICT_NO);
    check(NOBODY "Groups:\t\n" NONE, 0666, VERDICT_YES);
    check(NOBODY "Groups:\t5 46 \n" NONE, 0660, VERDICT_YES);
    check(NOBODY "Groups:\t5 46 \n" NONE, 0640, VERDICT_NO);
    // The group decides for its members, and the owner's bits for the owner.
    check(NOBODY "Groups:\t46 \n" NONE, 0606, VERDICT_NO);
    check("Uid:\t0\t0\t0\t107\nGid:\t1\t1\t1\t46\n" NONE, 0600, VERDICT_YES);
    check("Uid:\t0\t0\t0\t107\nGid:\t1\t1\t1\t46\n" NONE, 0066, VERDICT_NO);
    check("Uid:\t0\t0\t0\t0\nGid:\t1\t1\t1\t46\n" NONE, 0660, VERDICT_YES);
}

// CAP_DAC_OVERRIDE; root without it has no more rights than others.
static void test_capabilities(void **state)
{
    (void)state;
    check(NOBODY "CapEff:\t0000000000000002\n", 0600, VERDICT_YES);
    check(NOBODY "CapEff:\t000001fffffffffd\n", 0600, VERDICT_NO);
    check("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n" NONE, 0600, VERDICT_NO);
}

static void test_what_is_not_known(void **state)
{
    (void)state;
    check("", 0666, VERDICT_UNKNOWN);
    check(NOBODY, 0666, VERDICT_UNKNOWN);
    check(NONE, 0666, VERDICT_UNKNOWN);
    check("Uid:\t1\t1\t1\nGid:\t1\t1\t1\t1\n" NONE, 0666, VERDICT_UNKNOWN);
    check("Uid:\t1\t1\t1\tx\nGid:\t1\t1\t1\t1\n" NONE, 0666, VERDICT_UNKNOWN);
    check(NOBODY "CapEff:\tnone\n", 0666, VERDICT_UNKNOWN);
}

static void test_a_process_that_is_not_known(void **state)
{
    (void)state;
    const struct host_device device = { .bus = 1, .address = 4 };
    struct arena *arena = arena_new(0);
    assert_int_equal(host_node_may_open(arena, 0, &device), VERDICT_UNKNOWN);
    assert_int_equal(host_node_may_open(arena, 0x7fffffff, &device), VERDICT_UNKNOWN);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_owner_the_group_and_others),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_a_process_that_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
