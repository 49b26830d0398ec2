// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/endpoints.h"
#include "plan/presence.h"
#include "unit.h"

#include <string.h>

// ---- the rules ----

enum { NO = VERDICT_NO, YES = VERDICT_YES, MAYBE = VERDICT_UNKNOWN, ANY = 7 };

// The first row that fits the facts gives the state. ANY fits each value.
struct rule {
    int plugged, reported, opened, configured, waits, authorized, fits, held;
    enum device_state state;
};

// Every combination of facts is checked against this table.
static const struct rule rules[] = {
    // plugged reported opened configured waits authorized fits held
    { MAYBE, ANY, ANY, ANY, ANY, ANY, ANY, ANY, DEVICE_UNKNOWN },
    { NO, ANY, ANY, ANY, NO, ANY, ANY, ANY, DEVICE_GONE },
    { NO, ANY, ANY, ANY, YES, ANY, ANY, ANY, DEVICE_WAITING },
    // Its backend has it.
    { YES, YES, YES, ANY, ANY, NO, ANY, ANY, DEVICE_UNAUTHORIZED },
    { YES, YES, YES, NO, ANY, YES, ANY, ANY, DEVICE_GONE },
    { YES, YES, YES, ANY, ANY, YES, ANY, ANY, DEVICE_ATTACHED },
    // Its backend may have it.
    { YES, MAYBE, YES, ANY, ANY, NO, ANY, ANY, DEVICE_UNAUTHORIZED },
    { YES, MAYBE, YES, ANY, ANY, YES, ANY, ANY, DEVICE_UNKNOWN },
    { YES, YES, MAYBE, ANY, ANY, ANY, ANY, ANY, DEVICE_UNKNOWN },
    { YES, MAYBE, MAYBE, ANY, ANY, ANY, ANY, ANY, DEVICE_UNKNOWN },
    // It does not have it.
    { YES, ANY, ANY, ANY, NO, ANY, ANY, ANY, DEVICE_GONE },
    { YES, ANY, ANY, ANY, YES, NO, ANY, ANY, DEVICE_UNAUTHORIZED },
    { YES, ANY, ANY, ANY, YES, YES, NO, ANY, DEVICE_MISFIT },
    { YES, ANY, ANY, ANY, YES, YES, YES, YES, DEVICE_HELD },
    { YES, ANY, ANY, ANY, YES, YES, YES, NO, DEVICE_WAITING },
};

static bool is_like(int rule, int fact)
{
    return rule == ANY || rule == fact;
}

static enum device_state wanted(const struct presence_facts *facts)
{
    const struct rule *rule = rules;
    while (!(is_like(rule->plugged, (int)facts->plugged) &&
             is_like(rule->reported, (int)facts->reported) &&
             is_like(rule->opened, (int)facts->opened) &&
             is_like(rule->configured, (int)facts->configured) &&
             is_like(rule->waits, facts->waits) && is_like(rule->authorized, facts->authorized) &&
             is_like(rule->fits, facts->fits) && is_like(rule->held, facts->held)))
        assert_true(++rule < rules + sizeof rules / sizeof *rules);
    return rule->state;
}

static void test_every_combination_of_facts(void **state)
{
    enum { VERDICTS = 3 * 3 * 3 * 3, FLAGS = 1 << 4 };
    (void)state;
    for (unsigned v = 0; v < VERDICTS; v++)
        for (unsigned flags = 0; flags < FLAGS; flags++) {
            const struct presence_facts facts = {
                .plugged = (enum verdict)(v % 3),
                .reported = (enum verdict)(v / 3 % 3),
                .opened = (enum verdict)(v / 9 % 3),
                .configured = (enum verdict)(v / 27),
                .waits = flags & 1,
                .authorized = flags & 2,
                .fits = flags & 4,
                .held = flags & 8,
            };
            enum device_state found = presence_of(&facts);
            assert_int_equal(found, wanted(&facts));
            // "Attached" needs both proofs.
            assert_true(found != DEVICE_ATTACHED ||
                        (facts.reported == VERDICT_YES && facts.opened == VERDICT_YES));
        }
}

// ---- a guest with one device ----

static struct arena *arena;
static struct domain domain;
static struct host_device stick, other;
static struct host host;
static struct session session;
static struct topology topology;
static struct controller controller;
static struct device device;
// No machine has so many buses: programs that run beside the test have no such node open.
enum { BUS = 200 };
#define MINOR(address) ((BUS - 1) * 128 + (address)-1)
static unsigned minors[2];
static struct host_nodes nodes;

// QEMU was given 200.6, which is the stick at 9-1.3, and has it; another stick is at 9-1.4.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    domain = (struct domain){ .id = 3, .name = "win10" };
    other = (struct host_device){ .bus = BUS,
                                  .address = 8,
                                  .busid = "9-1.4",
                                  .vendor = 0x781,
                                  .product = 0x5581,
                                  .speed = SPEED_HIGH,
                                  .manufacturer = "",
                                  .name = "Ultra",
                                  .serial = "",
                                  .drivers = "usb-storage" };
    stick = other;
    stick.next = &other;
    stick.address = 6;
    strcpy(stick.busid, "9-1.3");
    stick.drivers = "";
    host = (struct host){ .devices = &stick, .count = 2 };
    session = (struct session){ .arena = arena, .domain = &domain, .host = &host };
    minors[0] = MINOR(6);
    nodes = (struct host_nodes){ minors, 1, part_read() };
    topology = (struct topology){ .domain = &domain, .nodes = &nodes };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .name = "hci0",
                                      .id = "xenusb-0",
                                      .index = 0,
                                      .ports = 4,
                                      .ports_usb2 = 4,
                                      .ports_usb3 = 4 };
    device = (struct device){ .kind = DEVICE_HOSTDEV,
                              .id = "xenusb-200-6",
                              .path = "/machine/peripheral/xenusb-200-6",
                              .port = { 1, { 1 } },
                              .state = DEVICE_UNKNOWN,
                              .selector = { .criteria = SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID,
                                            .bus = BUS,
                                            .address = 6,
                                            .busid = "9-1.3" },
                              .report = { .attached = VERDICT_YES,
                                          .why = "QEMU did not answer",
                                          .configured = VERDICT_UNKNOWN } };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &device);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// As a host that gives devices away by vendor and product would select it.
static void select_by_vendor(void)
{
    device.selector = (struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x781 };
    device.report.waits = true;
}

static void expect(enum device_state state, const struct host_device *there,
                   const struct host_device *now, const char *reason)
{
    presence_find(&session, &topology);
    assert_string_equal(device_state_name(device.state), device_state_name(state));
    assert_ptr_equal(device.host, there);
    assert_ptr_equal(device.now, now);
    assert_string_equal(device.reason ? device.reason : "", reason);
    assert_int_equal(device.speed, there ? SPEED_HIGH : SPEED_UNKNOWN);
}

static void test_attached(void **state)
{
    (void)state;
    expect(DEVICE_ATTACHED, &stick, NULL, "");
    stick.drivers = "usbfs";
    stick.held = true;
    expect(DEVICE_ATTACHED, &stick, NULL, "");
    assert_false(device.returns);
}

// A device that no driver wants (a phone, one in DFU mode) is not attached because of that.
static void test_without_a_driver_and_not_open(void **state)
{
    (void)state;
    nodes.count = 0;
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra (200.6), which QEMU does not have open");
    assert_true(device.returns);
}

// An open node of a former device at the same address.
static void test_open_and_with_a_kernel_driver(void **state)
{
    (void)state;
    stick.drivers = "usb-storage";
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra (200.6), which QEMU does not have open");
}

static void test_unplugged(void **state)
{
    (void)state;
    host.devices = &other;
    expect(DEVICE_GONE, NULL, NULL, "unplugged; 9-1.3 is empty");
    assert_false(device.returns);
}

static void test_replugged(void **state)
{
    (void)state;
    stick.address = 12;
    stick.drivers = "usb-storage";
    expect(DEVICE_GONE, NULL, &stick, "9-1.3 now has 0781:5581 Ultra, replugged as 200.12");
    assert_true(device.returns);
}

static void test_another_device_has_its_address(void **state)
{
    (void)state;
    stick.address = 12;
    other.address = 6;
    other.drivers = "";
    expect(DEVICE_GONE, NULL, &stick, "9-1.3 now has 0781:5581 Ultra, replugged as 200.12");
}

static void test_only_its_address_is_known(void **state)
{
    (void)state;
    device.selector.criteria = SELECT_BUS | SELECT_ADDRESS;
    expect(DEVICE_ATTACHED, &stick, NULL, "");
    stick.address = 12;
    expect(DEVICE_GONE, NULL, NULL, "unplugged from this host, or replugged");
    assert_false(device.returns);
}

static void test_only_in_the_record(void **state)
{
    (void)state;
    device.id = device.path = "";
    device.report.attached = VERDICT_NO;
    device.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "9-1.4" };
    expect(DEVICE_GONE, NULL, &other, "only in libxl's record; QEMU has nothing at that port");
    device.selector.criteria = 0;
    expect(DEVICE_GONE, NULL, NULL, "only in libxl's record; QEMU has nothing at that port");
}

static void test_waiting(void **state)
{
    (void)state;
    select_by_vendor();
    device.report.attached = VERDICT_NO;
    device.selector.vendor = 0x1050;
    expect(DEVICE_WAITING, NULL, NULL, "");
    device.selector.vendor = 0x781;
    nodes.count = 0;
    expect(DEVICE_WAITING, NULL, &stick, "plugged in as 9-1.3, but QEMU has not opened it");
    domain.paused = true;
    expect(DEVICE_WAITING, NULL, &stick,
           "plugged in as 9-1.3, but QEMU has not opened it, since the guest is paused");
}

static void test_waiting_for_another_device_in_its_socket(void **state)
{
    (void)state;
    device.report.waits = true;
    device.report.attached = VERDICT_NO;
    device.selector = (struct selector){ .criteria = SELECT_BUSID | SELECT_VENDOR,
                                         .busid = "9-1.3",
                                         .vendor = 0x1050 };
    expect(DEVICE_WAITING, NULL, &stick, "9-1.3 now has another device, 0781:5581 Ultra");
}

static void test_speed_mismatch(void **state)
{
    (void)state;
    select_by_vendor();
    device.report.attached = VERDICT_NO;
    controller.model = controller_model_for(1);
    host.devices = &other;
    expect(DEVICE_MISFIT, NULL, &other, "plugged in as 9-1.4, but high speed does not fit hci0.1");
    device.port = PORT_ANY;
    expect(DEVICE_MISFIT, NULL, &other,
           "plugged in as 9-1.4, but high speed does not fit controller hci0");
    other.endpoints = &(const struct host_endpoints){ .fits_full_speed = true };
    expect(DEVICE_WAITING, NULL, &other, "plugged in as 9-1.4, but QEMU has not opened it");
    other.endpoints = &(const struct host_endpoints){ .unread = "Permission denied" };
    expect(DEVICE_WAITING, NULL, &other, "plugged in as 9-1.4, but QEMU has not opened it");
}

// Of two that match, it is the one that QEMU has open; and two devices are not the same one.
static void test_two_that_match(void **state)
{
    struct device second = device;
    (void)state;
    select_by_vendor();
    second.selector = device.selector;
    second.report = device.report;
    second.port.number[0] = 2;
    controller_add_device(&controller, &second);
    other.drivers = "";
    stick.drivers = "usb-storage";
    minors[0] = MINOR(8);
    expect(DEVICE_ATTACHED, &other, NULL, "");
    assert_int_equal(second.state, DEVICE_WAITING);
    assert_ptr_equal(second.now, &stick);
    stick.drivers = "";
    minors[1] = MINOR(6);
    nodes.count = 2;
    presence_find(&session, &topology);
    assert_int_equal(device.state, DEVICE_ATTACHED);
    assert_int_equal(second.state, DEVICE_ATTACHED);
    assert_ptr_not_equal(device.host, second.host);
}

// A device that is named by its address is not taken for the one that another waits for.
static void test_an_exact_device_comes_first(void **state)
{
    struct device first = device;
    (void)state;
    select_by_vendor();
    first.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = BUS, .address = 6 };
    controller_drop_device(&device);
    device.port.number[0] = 1;
    first.port.number[0] = 2;
    controller_add_device(&controller, &device);
    controller_add_device(&controller, &first);
    presence_find(&session, &topology);
    assert_ptr_equal(first.host, &stick);
    assert_int_equal(device.state, DEVICE_WAITING);
    assert_ptr_equal(device.now, &other);
}

static void test_unknown(void **state)
{
    (void)state;
    device.report.attached = VERDICT_UNKNOWN;
    expect(DEVICE_UNKNOWN, NULL, &stick, "QEMU did not answer");
    device.report.attached = VERDICT_YES;
    nodes.part = part_unreadable("cannot read /proc/7/fd: Permission denied");
    expect(DEVICE_UNKNOWN, NULL, &stick, "cannot read /proc/7/fd: Permission denied");
    device.selector.criteria = 0;
    expect(DEVICE_UNKNOWN, NULL, NULL, "QEMU does not report which device it was given");
    session.host = NULL;
    expect(DEVICE_UNKNOWN, NULL, NULL, "this host's USB devices could not be read");
}

// It is not plugged in, whatever QEMU would have said.
static void test_gone_without_an_answer(void **state)
{
    (void)state;
    host.devices = &other;
    nodes.part = part_unreadable("no");
    device.report.attached = VERDICT_UNKNOWN;
    expect(DEVICE_GONE, NULL, NULL, "unplugged; 9-1.3 is empty");
}

static void test_a_driver_domain(void **state)
{
    (void)state;
    controller.pvusb = PVUSB_KERNEL;
    controller.backend_domain = 2;
    device.report.attached = VERDICT_UNKNOWN;
    device.report.why = "elsewhere";
    expect(DEVICE_UNKNOWN, NULL, NULL, "elsewhere");
}

static void test_pvusb(void **state)
{
    (void)state;
    controller.pvusb = PVUSB_QEMU;
    device.path = "";
    device.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "9-1.3" };
    expect(DEVICE_ATTACHED, &stick, NULL, "");
    device.report.configured = VERDICT_NO;
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra, replugged as 200.6; QEMU has opened it, but did not "
           "tell the guest");
    assert_true(device.returns);
    device.report.attached = VERDICT_NO;
    device.report.ended = "the QEMU of web has exited";
    nodes.count = 0;
    expect(DEVICE_GONE, NULL, &stick, "the QEMU of web has exited");
    assert_false(device.returns);
}

// usbback has a device if it has all of its interfaces.
static void test_usbback(void **state)
{
    (void)state;
    struct host_interface interfaces[] = { { .name = "9-1.3:1.0", .driver = "usbback" },
                                           { .name = "9-1.3:1.1", .driver = "usbback" } };
    interfaces[0].next = &interfaces[1];
    controller.pvusb = PVUSB_KERNEL;
    device.path = "";
    device.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "9-1.3" };
    stick.interfaces = interfaces;
    stick.drivers = "usbback";
    expect(DEVICE_ATTACHED, &stick, NULL, "");
    assert_false(device.partly);
    interfaces[1].driver = NULL;
    expect(DEVICE_GONE, NULL, &stick,
           "usbback does not have all interfaces of 9-1.3 (drivers: usbback)");
    assert_true(device.partly);
    interfaces[0].driver = "usb-storage";
    stick.drivers = "usb-storage";
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra (200.6), which usbback does not have open");
    assert_false(device.partly);
    interfaces[0].driver = NULL;
    stick.drivers = "";
    expect(DEVICE_GONE, NULL, &stick,
           "usbback does not have all interfaces of 9-1.3 (drivers: none)");
    assert_true(device.partly);
    // It is plugged in, and the record of the domain is wrong.
    interfaces[0].driver = interfaces[1].driver = stick.drivers = "usbback";
    device.report.attached = VERDICT_NO;
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra (200.6), which usbback does not have open");
    assert_false(device.partly);
}

// What is plugged in where it was is not attached again if attach would refuse it.
static void test_what_does_not_return(void **state)
{
    (void)state;
    nodes.count = 0;
    stick.hub = true;
    expect(DEVICE_GONE, NULL, &stick,
           "9-1.3 now has 0781:5581 Ultra (200.6), which QEMU does not have open");
    assert_false(device.returns);
    stick.hub = false;
    controller.model = controller_model_for(1); // too slow
    presence_find(&session, &topology);
    assert_int_equal(device.state, DEVICE_GONE);
    assert_false(device.returns);
    controller.model = controller_model_for(3);
    presence_find(&session, &topology);
    assert_true(device.returns);
}

// What is planned, and what is emulated, is left alone.
static void test_other_devices(void **state)
{
    (void)state;
    device.state = DEVICE_PLANNED;
    device.host = &stick;
    presence_find(&session, &topology);
    assert_int_equal(device.state, DEVICE_PLANNED);
    assert_ptr_equal(device.host, &stick);
    device.kind = DEVICE_TABLET;
    device.state = DEVICE_PRESENT;
    presence_find(&session, &topology);
    assert_int_equal(device.state, DEVICE_PRESENT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_of_facts),
        CASE(test_attached),
        CASE(test_without_a_driver_and_not_open),
        CASE(test_open_and_with_a_kernel_driver),
        CASE(test_unplugged),
        CASE(test_replugged),
        CASE(test_another_device_has_its_address),
        CASE(test_only_its_address_is_known),
        CASE(test_only_in_the_record),
        CASE(test_waiting),
        CASE(test_waiting_for_another_device_in_its_socket),
        CASE(test_speed_mismatch),
        CASE(test_two_that_match),
        CASE(test_an_exact_device_comes_first),
        CASE(test_unknown),
        CASE(test_gone_without_an_answer),
        CASE(test_a_driver_domain),
        CASE(test_pvusb),
        CASE(test_usbback),
        CASE(test_what_does_not_return),
        CASE(test_other_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
