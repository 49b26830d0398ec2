// SPDX-License-Identifier: MIT
// What "detach" and "controller remove" select.
#include "base/arena.h"
#include "plan/backend.h"
#include "unit.h"

#include <string.h>

static bool suits(const struct config_controller *wanted, const struct domain *domain)
{
    (void)wanted;
    (void)domain;
    return true;
}

static const struct backend_ops ops = { .name = "some", .suits = suits };
static const struct backend backend = { &ops, NULL };

static struct arena *arena;
static struct diags diags;
static struct domain domain;
static struct topology topology;
static struct controller first, second;
static struct device hub, tablet, behind, gone, stick;
static struct host_device on_host, elsewhere;
static struct host host;
static struct config config;
static struct config_device wanted;
static struct plan_removal removal;
static struct plan plan;

// hci0 has a hub at port 1, with a tablet and a stick behind it, and at port 3 a stick that is
// gone; the controller "1" has a tablet at port 2.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = 3, .name = "web" };
    topology = (struct topology){ .domain = &domain };
    first = (struct controller){ .name = "hci0", .index = 0, .ports = 4, .backend = &backend };
    second = (struct controller){ .name = "1", .index = 1, .ports = 4, .backend = &backend };
    on_host = (struct host_device){ .bus = 1, .address = 6, .busid = "1-1.3", .vendor = 0x781 };
    elsewhere = (struct host_device){ .bus = 1, .address = 9, .busid = "1-9", .vendor = 0x951 };
    on_host.next = &elsewhere;
    host = (struct host){ .devices = &on_host, .count = 2 };
    hub = (struct device){ .kind = DEVICE_HUB, .id = "xenusb-hub", .port = { 1, { 1 } } };
    behind = (struct device){ .kind = DEVICE_TABLET, .id = "xenusb-t", .port = { 2, { 1, 1 } } };
    stick = (struct device){
        .kind = DEVICE_HOSTDEV, .id = "xenusb-1-6", .port = { 2, { 1, 2 } }, .host = &on_host
    };
    gone = (struct device){ .kind = DEVICE_HOSTDEV,
                            .id = "xenusb-1-7",
                            .port = { 1, { 3 } },
                            .state = DEVICE_GONE,
                            .selector = { .criteria = SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID |
                                                      SELECT_VENDOR | SELECT_PRODUCT,
                                          .bus = 1,
                                          .address = 7,
                                          .busid = "1-1.4",
                                          .vendor = 0x1050,
                                          .product = 0x407 } };
    tablet = (struct device){ .kind = DEVICE_TABLET, .id = "tablet", .port = { 1, { 2 } } };
    topology_add_controller(&topology, &first);
    topology_add_controller(&topology, &second);
    controller_add_device(&first, &hub);
    controller_add_device(&first, &behind);
    controller_add_device(&first, &stick);
    controller_add_device(&first, &gone);
    controller_add_device(&second, &tablet);
    const struct source *source = source_from_bytes(arena, "<command line>", "word", 4);
    wanted = (struct config_device){ .kind = DEVICE_HOSTDEV, .why = { 0, 4 } };
    wanted.controller_name.at = SPAN_NONE;
    config = (struct config){ .devices = &wanted };
    removal = (struct plan_removal){ .source = source, .devices = &config, .host = &host };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// The plan removes these devices, in this order.
static void expect(enum status status, size_t count, const struct device *const *devices)
{
    diags_init(&diags, arena);
    assert_int_equal(plan_remove(arena, &diags, &removal, &topology, &plan), status);
    assert_int_equal(plan.remove, count);
    const struct step *step = plan.first;
    for (size_t i = 0; i < count; i++, step = step->next) {
        assert_int_equal(step->op, STEP_REMOVE);
        assert_ptr_equal(step->device, devices[i]);
    }
    assert_null(step);
}

static void expect_one(const struct device *device)
{
    expect(STATUS_OK, 1, &device);
    assert_null(diags.first);
}

static void expect_none(enum status status, const char *message, const char *hint)
{
    expect(status, 0, NULL);
    assert_string_equal(diags.first->message, message);
    assert_string_equal(diags.first->hint ? diags.first->hint : "", hint);
}

static const char nothing[] = "this is not attached to web: nothing to do";
static const char nowhere[] = "no such device is plugged into this host either";

static void test_a_disk_by_its_image(void **state)
{
    struct device disk = { .kind = DEVICE_DISK, .id = "a", .port = { 1, { 1 } }, .file = "/a" };
    struct device other = { .kind = DEVICE_DISK, .id = "b", .port = { 1, { 3 } } };
    (void)state;
    controller_add_device(&second, &disk);
    wanted.kind = DEVICE_DISK;
    wanted.file = (struct config_text){ SPAN_NONE, TEXT_EMPTY };
    expect_one(&disk);
    wanted.file = (struct config_text){ { 0, 4 }, text_of("/b") };
    expect_none(STATUS_OK, nothing, "");
    // It may be one of which that is not known.
    controller_add_device(&second, &other);
    expect_one(&other);
    wanted.file.text = text_of("/a");
    expect_none(STATUS_REQUEST, "2 devices of web match", "choose one: bus=1,port=1, bus=1,port=3");
}

// By what QEMU was given, and by what is plugged in there now.
static void test_a_device_that_is_gone(void **state)
{
    (void)state;
    const struct selector all = gone.selector;
    for (unsigned mark = SELECT_BUS; mark <= SELECT_PRODUCT; mark <<= 1) {
        wanted.selector = all;
        wanted.selector.criteria = mark;
        if (mark == SELECT_BUS) // on_host is on the same bus
            wanted.selector.criteria |= SELECT_ADDRESS;
        expect_one(&gone);
        // One of several that differs is enough.
        wanted.selector.criteria = all.criteria;
        if (mark == SELECT_BUS)
            wanted.selector.bus++;
        if (mark == SELECT_ADDRESS)
            wanted.selector.address++;
        if (mark == SELECT_BUSID)
            wanted.selector.busid[0]++;
        if (mark == SELECT_VENDOR)
            wanted.selector.vendor++;
        if (mark == SELECT_PRODUCT)
            wanted.selector.product++;
        expect_none(STATUS_OK, nothing, nowhere);
    }
    wanted.selector = (struct selector){ .criteria = SELECT_SERIAL, .serial = { "A", 1 } };
    on_host.serial = elsewhere.serial = "";
    expect_none(STATUS_OK, nothing, nowhere); // nothing knows the serial number of one that is gone
    gone.selector.criteria = SELECT_BUSID;
    wanted.selector = (struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x1050 };
    expect_none(STATUS_OK, nothing, nowhere);
    gone.now = &elsewhere;
    expect_none(STATUS_OK, nothing, nowhere);
    wanted.selector.vendor = 0x951;
    expect_one(&gone);
}

static void test_what_is_not_attached(void **state)
{
    (void)state;
    wanted.selector = (struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x951 };
    expect_none(STATUS_OK, nothing, ""); // it is plugged in
    wanted.selector.vendor = 0x952;
    expect_none(STATUS_OK, nothing, nowhere);
    removal.host = NULL; // the host was not looked at
    expect_none(STATUS_OK, nothing, "");
    wanted.kind = DEVICE_MOUSE;
    wanted.selector.criteria = 0;
    removal.host = &host;
    expect_none(STATUS_OK, nothing, "");
}

// "1.2" is bus 1, address 2.
static void test_an_address_that_may_be_meant_as_a_place(void **state)
{
    (void)state;
    wanted.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 2 };
    expect_none(STATUS_OK, nothing,
                "that is a bus and an address; the device at that port is bus=1,port=2");
    wanted.selector.address = 3;
    expect_none(STATUS_OK, nothing, nowhere);
    wanted.selector.bus = 2;
    expect_none(STATUS_OK, nothing, nowhere);
}

static void test_places(void **state)
{
    (void)state;
    wanted.controller_name = (struct config_text){ { 0, 4 }, text_of("hci0") };
    wanted.port = (struct port){ 1, { 3 } };
    expect_one(&gone);
    wanted.port.number[0] = 2;
    expect_none(STATUS_OK, nothing, "");
    wanted.port.number[0] = 5;
    expect_none(STATUS_REQUEST, "controller 'hci0' has no port 5", "its ports are 1 to 4");
    wanted.controller_name.text = text_of("hci1");
    expect_none(STATUS_REQUEST, "web has no controller 'hci1'", "it has: hci0, 1");
    first.stale = second.stale = true; // only in the record
    expect_none(STATUS_REQUEST, "web has no controller 'hci1'", "it has none");
}

static void test_a_hub_takes_along_what_is_behind_it(void **state)
{
    (void)state;
    wanted.kind = DEVICE_HUB;
    expect(STATUS_OK, 3, (const struct device *const[]){ &behind, &stick, &hub });
    // What is asked for twice is removed once.
    struct config_device again = { .kind = DEVICE_HOSTDEV,
                                   .why = { 0, 4 },
                                   .selector = { .criteria = SELECT_BUSID, .busid = "1-1.3" } };
    again.controller_name.at = SPAN_NONE;
    wanted.next = &again;
    expect(STATUS_OK, 3, (const struct device *const[]){ &behind, &stick, &hub });
}

static void test_more_than_one_match(void **state)
{
    (void)state;
    wanted.kind = DEVICE_TABLET;
    expect_none(STATUS_REQUEST, "2 devices of web match", "choose one: hci0.1.1, bus=1,port=2");
    first.name = second.name = "a \"name\""; // which no command line can contain
    expect_none(STATUS_REQUEST, "2 devices of web match", "");
}

static void test_all_is_what_was_attached(void **state)
{
    (void)state;
    removal.devices = NULL;
    removal.all = true;
    expect(STATUS_OK, 4, (const struct device *const[]){ &behind, &stick, &hub, &gone });
}

static void test_controllers(void **state)
{
    (void)state;
    struct config_text word = { { 0, 4 }, text_of("1") };
    removal.devices = NULL;
    removal.controllers = &word;
    removal.count = 1;
    expect(STATUS_OK, 2, (const struct device *const[]){ &tablet, NULL });
    second.fixed_on = "pci.0";
    expect_none(STATUS_REFUSED,
                "controller 1 of web cannot be removed while its QEMU runs: bus 'pci.0' does not "
                "support hotplugging",
                "");
    word.text = text_of("usb");
    expect_none(STATUS_REQUEST, "web has no controller 'usb'", "it has: hci0, 1");
}

static void test_a_device_that_only_a_record_has(void **state)
{
    (void)state;
    second.backend = NULL;
    second.driver = "other";
    wanted.kind = DEVICE_TABLET;
    wanted.port = (struct port){ 1, { 2 } };
    expect_none(STATUS_REFUSED, "controller 1 of web is other, which xenusb does not support", "");
    second.stale = true;
    expect_none(STATUS_REFUSED, "controller 1 of web is other, which xenusb does not support",
                "only libxl's record has it, until web is destroyed");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_disk_by_its_image),
        CASE(test_a_device_that_is_gone),
        CASE(test_what_is_not_attached),
        CASE(test_an_address_that_may_be_meant_as_a_place),
        CASE(test_places),
        CASE(test_a_hub_takes_along_what_is_behind_it),
        CASE(test_more_than_one_match),
        CASE(test_all_is_what_was_attached),
        CASE(test_controllers),
        CASE(test_a_device_that_only_a_record_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
