// SPDX-License-Identifier: MIT
// The record compared with QEMU's topology, without xenstore.
#include "base/arena.h"
#include "record/record.h"
#include "unit.h"

static struct arena *arena;
static struct session session;
static struct topology topology;
static struct host_device stick = { .bus = 1, .address = 6, .busid = "1-1.3" };
static struct controller controller;
static struct device device;
static struct record_controller recorded;
static struct record record;

// QEMU has xenusb-2 with the stick at port 1, and the record agrees.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    session = (struct session){ .arena = arena };
    topology = (struct topology){ .qemu = "QEMU" };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .driver = "nec-usb-xhci",
                                      .name = "2",
                                      .id = "xenusb-2",
                                      .index = -1,
                                      .ports = 4 };
    device = (struct device){ .kind = DEVICE_HOSTDEV,
                              .id = "xenusb-1-6",
                              .port = { 1, { 1 } },
                              .host = &stick,
                              .state = DEVICE_ATTACHED };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &device);
    recorded = (struct record_controller){
        .index = 2,
        .kind = RECORD_EMULATED,
        .version = 3,
        .ports = 4,
        .port = { NULL, "1-1.3", "", NULL, "" },
    };
    record = (struct record){ .controllers = &recorded };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void merge(void)
{
    record_merge(&session, &record, &topology);
}

static void test_record_and_qemu_agree(void **state)
{
    (void)state;
    merge();
    assert_int_equal(controller.index, 2);
    assert_int_equal(device.state, DEVICE_ATTACHED);
    assert_ptr_equal(device.host, &stick);
    assert_int_equal(device.selector.criteria, SELECT_BUSID);
    assert_string_equal(device.selector.busid, "1-1.3");
    assert_null(device.next);
}

// The state that follows is decided in presence.c.
static void test_another_device_at_that_address(void **state)
{
    (void)state;
    recorded.port[1] = "1-4";
    merge();
    assert_int_equal(device.selector.criteria, SELECT_BUSID);
    assert_string_equal(device.selector.busid, "1-4");
}

static void test_a_port_that_only_the_record_has(void **state)
{
    (void)state;
    recorded.port[4] = "1-4";
    merge();
    const struct device *gone = device.next;
    assert_non_null(gone);
    assert_int_equal(gone->state, DEVICE_GONE);
    assert_int_equal(gone->port.number[0], 4);
    assert_string_equal(gone->id, "");
    assert_string_equal(gone->selector.busid, "1-4");
    assert_true(record_expresses_device(gone));
}

static void test_garbage_selects_nothing(void **state)
{
    (void)state;
    recorded.port[4] = RECORD_GARBAGE;
    recorded.port[1] = RECORD_GARBAGE;
    merge();
    assert_int_equal(device.next->selector.criteria, 0);
    assert_int_equal(device.next->state, DEVICE_GONE);
    assert_int_equal(device.selector.criteria, 0);
    assert_int_equal(device.state, DEVICE_ATTACHED);
}

static void test_a_tablet_is_not_a_host_device(void **state)
{
    (void)state;
    device.kind = DEVICE_TABLET;
    device.host = NULL;
    device.state = DEVICE_PRESENT;
    merge();
    assert_int_equal(device.state, DEVICE_PRESENT);
    assert_int_equal(device.selector.criteria, 0);
}

static void test_names(void **state)
{
    (void)state;
    struct record_note of_device = { .of_device = true, .id = "xenusb-2", .name = "wrong" };
    struct record_note empty = { .next = &of_device, .id = "xenusb-2", .name = "", .leaving = "" };
    struct record_note note = { .next = &empty, .id = "xenusb-2", .name = "hci7", .leaving = "" };
    struct record_note other = { .next = &note, .id = "elsewhere", .name = "wrong" };
    record.notes = &other;
    merge();
    assert_string_equal(controller.name, "hci7");
}

static void test_a_record_without_its_controller(void **state)
{
    (void)state;
    recorded.index = 9;
    merge();
    assert_int_equal(controller.index, -1);
    const struct controller *stale = topology_controller_index(&topology, 9);
    assert_non_null(stale);
    assert_true(stale->stale);
    assert_false(stale->present);
    assert_string_equal(stale->id, "xenusb-9");
    assert_string_equal(stale->driver, "nec-usb-xhci");
    assert_int_equal(stale->devices->state, DEVICE_GONE);
    assert_true(record_expresses_controller(stale));
}

static void test_a_record_without_a_known_version(void **state)
{
    (void)state;
    static const unsigned versions[] = { 0, 4 };
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        recorded.index = 9 + (unsigned)i;
        recorded.version = versions[i];
        merge();
        const struct controller *stale = topology_controller_index(&topology, (int)recorded.index);
        assert_null(stale->model);
        assert_string_equal(stale->driver, "unknown");
        assert_true(record_expresses_controller(stale));
    }
}

// Their own backend handles them, with the same record.
static void test_pvusb_controllers_are_left_alone(void **state)
{
    (void)state;
    recorded.index = 0;
    recorded.kind = RECORD_QEMU;
    recorded.version = 2;
    merge();
    assert_ptr_equal(topology.controllers, &controller);
    assert_null(controller.next);
}

static void test_what_libxl_can_express(void **state)
{
    (void)state;
    assert_false(record_expresses_controller(&controller));
    controller.index = 2;
    assert_true(record_expresses_controller(&controller));
    assert_true(record_expresses_device(&device));
    controller.index = 3;
    assert_false(record_expresses_controller(&controller));
    assert_false(record_expresses_device(&device));
    controller.index = 2;
    controller.model = controller_model_named(text_of("qemu-xhci"));
    assert_false(record_expresses_controller(&controller));
    controller.model = controller_model_for(3);
    device.id = "xenusb-1-7";
    assert_false(record_expresses_device(&device));
    device.id = "xenusb-1-6";
    device.port = (struct port){ 2, { 1, 1 } };
    assert_false(record_expresses_device(&device));
    device.port = (struct port){ 1, { 1 } };
    // The id of a device that is gone shows who attached it.
    device.host = NULL;
    assert_true(record_expresses_device(&device));
    static const char *const others[] = { "xenusb-1",   "xenusb-1-", "xenusb--6",    "xenusb-1-6x",
                                          "xenusb_1-6", "mine",      "xenusb-1-999", "" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        device.id = others[i];
        assert_false(record_expresses_device(&device));
    }
    device.state = DEVICE_GONE;
    assert_true(record_expresses_device(&device));
}

static void test_keys(void **state)
{
    (void)state;
    assert_string_equal(record_key(arena, "xenusb-1-6"), "xenusb-1-6");
    assert_string_equal(record_key(arena, "a_b.c/d@e"), "a@5fb@2ec@2fd@40e");
    assert_string_equal(record_key(arena, "\xff\n"), "@ff@0a");
    assert_string_equal(record_key(arena, ""), "");
    char id[1000];
    memset(id, '/', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_int_equal(strlen(record_key(arena, id)), 600);
}

static void test_without_xen_there_is_nothing_to_do(void **state)
{
    (void)state;
    struct domain domain = { .id = -1, .name = "qemu" };
    struct record_claim *claims;
    session.domain = &domain;
    assert_int_equal(record_read(&session, &record), STATUS_OK);
    assert_null(record.controllers);
    assert_int_equal(record_claims(&session, &claims), STATUS_OK);
    assert_null(claims);
    assert_int_equal(record_tidy(&session, &record, &topology), STATUS_OK);
    assert_int_equal(record_one(&session, STEP_ADD, &controller, NULL), STATUS_OK);
    assert_int_equal(record_one(&session, STEP_REMOVE, &controller, NULL), STATUS_OK);
    assert_int_equal(record_one(&session, STEP_ADD, &controller, &device), STATUS_OK);
    assert_int_equal(record_one(&session, STEP_REMOVE, &controller, &device), STATUS_OK);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_record_and_qemu_agree),
        CASE(test_another_device_at_that_address),
        CASE(test_a_port_that_only_the_record_has),
        CASE(test_garbage_selects_nothing),
        CASE(test_a_tablet_is_not_a_host_device),
        CASE(test_names),
        CASE(test_a_record_without_its_controller),
        CASE(test_a_record_without_a_known_version),
        CASE(test_pvusb_controllers_are_left_alone),
        CASE(test_what_libxl_can_express),
        CASE(test_keys),
        CASE(test_without_xen_there_is_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
