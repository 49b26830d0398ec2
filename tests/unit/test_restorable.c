// SPDX-License-Identifier: MIT
// Whether a domain can be restored, for given topologies; tests/rig/restorable.test compares the
// verdicts with real QEMUs.
#include "base/arena.h"
#include "plan/restorable.h"
#include "unit.h"

static struct arena *arena;
static struct domain domain;
static struct pvusb_qemu server;
static struct topology topology;
static struct controller controller;
static struct device device;

// An HVM guest whose QEMU was started with a controller and a tablet.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    domain = (struct domain){ .id = 3, .name = "win10", .type = DOMAIN_HVM };
    server = (struct pvusb_qemu){ .runs = true };
    topology = (struct topology){ .domain = &domain, .qemu = "QEMU 7.2.22" };
    controller = (struct controller){
        .topology = &topology, .name = "hci0", .present = true, .at_start = VERDICT_YES
    };
    device = (struct device){ .controller = &controller,
                              .kind = DEVICE_TABLET,
                              .path = "/machine/peripheral/t",
                              .id = "t",
                              .state = DEVICE_PRESENT,
                              .at_start = VERDICT_YES };
    port_read(text_of("1"), &device.port);
    controller_add_device(&controller, &device);
    topology_add_controller(&topology, &controller);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void want(enum verdict verdict, const char *why)
{
    const struct restorable found = restorable_of(arena, &topology);
    assert_string_equal(found.why, why);
    assert_int_equal(found.verdict, verdict);
}

// What a plan removes does not count any longer, and only what was added may have to go.
static void test_after_a_removal(void **state)
{
    (void)state;
    struct plan plan;
    plan_init(&plan, &topology);
    assert_false(restorable_without_device(&device));
    assert_false(restorable_without_controller(&controller));
    device.at_start = VERDICT_NO;
    assert_true(restorable_without_device(&device));
    assert_int_equal(restorable_after(arena, &plan).verdict, VERDICT_NO);
    plan_add_step(&plan, arena, STEP_REMOVE, &controller, &device);
    assert_int_equal(restorable_after(arena, &plan).verdict, VERDICT_YES);
    controller.at_start = VERDICT_NO;
    assert_true(restorable_without_controller(&controller));
    assert_int_equal(restorable_after(arena, &plan).verdict, VERDICT_NO);
    plan_add_step(&plan, arena, STEP_REMOVE, &controller, NULL);
    assert_int_equal(restorable_after(arena, &plan).verdict, VERDICT_YES);
    controller.stale = true;
    assert_false(restorable_without_controller(&controller));
}

// Of PVUSB, whatever is not known to be connected again.
static void test_pvusb_must_go(void **state)
{
    (void)state;
    controller.pvusb = PVUSB_QEMU;
    assert_false(restorable_without_controller(&controller));
    assert_true(restorable_without_device(&device));
    topology.pvusb_qemu = &server;
    assert_true(restorable_without_controller(&controller));
    server.runs = false;
    assert_false(restorable_without_controller(&controller));
    controller.pvusb = PVUSB_KERNEL;
    assert_true(restorable_without_controller(&controller));
    controller.present = false;
    assert_false(restorable_without_device(&device));
}

static void test_all_was_there_at_the_start(void **state)
{
    (void)state;
    want(VERDICT_YES, "its QEMU was started with all that it has");
}

static void test_what_is_planned_or_only_recorded_does_not_matter(void **state)
{
    (void)state;
    device.path = NULL;
    device.at_start = VERDICT_NO;
    want(VERDICT_YES, "its QEMU was started with all that it has");
    controller.present = false;
    controller.at_start = VERDICT_NO;
    want(VERDICT_YES, "its QEMU was started with all that it has");
    controller.present = controller.stale = true;
    want(VERDICT_YES, "its QEMU was started with all that it has");
}

static void test_a_qemu_that_was_not_asked(void **state)
{
    (void)state;
    topology.qemu = NULL;
    want(VERDICT_UNKNOWN, "its QEMU could not be asked");
    controller.at_start = VERDICT_NO;
    want(VERDICT_NO, "controller hci0 was added while its QEMU ran");
}

static void test_an_obstacle_matters_more_than_what_is_unknown(void **state)
{
    (void)state;
    topology.why_no_start = "cannot read it";
    controller.at_start = VERDICT_UNKNOWN;
    want(VERDICT_UNKNOWN,
         "it is not known whether its QEMU was started with controller hci0: cannot read it");
    device.at_start = VERDICT_NO;
    want(VERDICT_NO, "tablet at hci0.1 was attached while its QEMU ran");
}

static void test_pvusb_beside_an_emulated_machine(void **state)
{
    (void)state;
    controller.pvusb = PVUSB_QEMU;
    want(VERDICT_UNKNOWN,
         "it is not known whether its QEMU can save the devices of PVUSB controller hci0");
    device.state = DEVICE_PLANNED;
    want(VERDICT_YES, "it has no USB device");
}

static void test_pvusb(void **state)
{
    (void)state;
    domain.type = DOMAIN_PV;
    controller.pvusb = PVUSB_QEMU;
    want(VERDICT_YES, "its devices must be attached again then");
    topology.pvusb_qemu = &server;
    want(VERDICT_UNKNOWN,
         "PVUSB controller hci0 may not be connected again then: xenusb has started its QEMU");
    controller.pvusb = PVUSB_KERNEL;
    want(VERDICT_UNKNOWN,
         "it is not known whether PVUSB controller hci0, of usbback, is connected again then");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_was_there_at_the_start, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_planned_or_only_recorded_does_not_matter,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_a_qemu_that_was_not_asked, begin, end),
        cmocka_unit_test_setup_teardown(test_an_obstacle_matters_more_than_what_is_unknown, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_pvusb_beside_an_emulated_machine, begin, end),
        cmocka_unit_test_setup_teardown(test_pvusb, begin, end),
        cmocka_unit_test_setup_teardown(test_after_a_removal, begin, end),
        cmocka_unit_test_setup_teardown(test_pvusb_must_go, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
