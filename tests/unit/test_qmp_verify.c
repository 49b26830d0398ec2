// SPDX-License-Identifier: MIT
#include "backends/qmp/verify.h"
#include "base/arena.h"
#include "unit.h"

#include <string.h>

// The planned stick. What is plugged in there afterwards is at that address; 0: nothing is.
static struct host_device planned = { .bus = 1, .address = 6, .busid = "1-1.3", .drivers = "" };

// What QEMU has open: the minor number of bus 1, address 6.
static const unsigned minor = 5;
static const struct host_nodes opened = { &minor, 1, { PART_READ, NULL } };
static const struct host_nodes *nodes = &opened;
static enum verdict agreed;

static const char *objection(uint8_t address, const char *drivers, bool held)
{
    static char words[200];
    struct host_device there = {
        .bus = 1, .address = address, .busid = "1-1.3", .drivers = drivers, .held = held
    };
    const struct device device = { .kind = DEVICE_HOSTDEV, .host = &planned };
    const char *why = NULL;
    struct arena *arena = arena_new(64);
    agreed = verify_host_agrees(arena, address ? &there : NULL, nodes, &device, &why);
    strncpy(words, agreed == VERDICT_YES ? "" : why, sizeof words - 1);
    arena_free(arena);
    return words;
}

static void test_a_device_held_through_usbfs_arrived(void **state)
{
    (void)state;
    assert_string_equal(objection(6, "usbfs", true), "");
}

static void test_a_device_without_a_driver_can_be_open(void **state)
{
    (void)state;
    assert_string_equal(objection(6, "", false), "");
}

static void test_a_device_with_a_kernel_driver_did_not_arrive(void **state)
{
    (void)state;
    assert_non_null(strstr(objection(6, "usb-storage", false), "driver usb-storage"));
}

static void test_an_unplugged_device_did_not_arrive(void **state)
{
    (void)state;
    assert_non_null(strstr(objection(0, "", false), "no longer plugged in at 1.6"));
}

static void test_a_replugged_device_did_not_arrive(void **state)
{
    (void)state;
    assert_non_null(strstr(objection(9, "usbfs", true), "no longer plugged in at 1.6"));
}

static void test_a_device_that_qemu_does_not_have_open_did_not_arrive(void **state)
{
    static const struct host_nodes none = { NULL, 0, { PART_READ, NULL } };
    (void)state;
    nodes = &none;
    assert_string_equal(objection(6, "", false),
                        "QEMU reports it as attached, but does not have it open");
    assert_int_equal(agreed, VERDICT_NO);
    nodes = &opened;
}

static void test_what_qemu_has_open_cannot_be_read(void **state)
{
    static const struct host_nodes unread = { NULL, 0, { PART_UNREADABLE, "cannot read it" } };
    (void)state;
    nodes = &unread;
    assert_string_equal(objection(6, "usbfs", true),
                        "whether QEMU has it open is unknown: cannot read it");
    assert_int_equal(agreed, VERDICT_UNKNOWN);
    nodes = &opened;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_held_through_usbfs_arrived),
        cmocka_unit_test(test_a_device_without_a_driver_can_be_open),
        cmocka_unit_test(test_a_device_with_a_kernel_driver_did_not_arrive),
        cmocka_unit_test(test_an_unplugged_device_did_not_arrive),
        cmocka_unit_test(test_a_replugged_device_did_not_arrive),
        cmocka_unit_test(test_a_device_that_qemu_does_not_have_open_did_not_arrive),
        cmocka_unit_test(test_what_qemu_has_open_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
