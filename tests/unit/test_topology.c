// SPDX-License-Identifier: MIT
// The words that select a device or a controller.
#include "base/arena.h"
#include "plan/topology.h"
#include "unit.h"

#include <string.h>

static struct arena *arena;
static struct topology topology;
static struct controller controller;
static struct device one, other;
static struct host_device stick;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    topology = (struct topology){ 0 };
    stick = (struct host_device){ .bus = 1,
                                  .address = 6,
                                  .busid = "1-1.3",
                                  .vendor = 0x781,
                                  .product = 0x5581,
                                  .manufacturer = "",
                                  .name = "Ultra",
                                  .serial = "" };
    controller = (struct controller){ .name = "hci0", .index = 0, .ports = 4 };
    controller.model = controller_model_for(3);
    one = (struct device){ .kind = DEVICE_HOSTDEV, .port = { 1, { 1 } }, .host = &stick };
    other = (struct device){ .kind = DEVICE_TABLET, .port = { 1, { 2 } } };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &one);
    controller_add_device(&controller, &other);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void want(const char *word, const char *expected)
{
    if (expected)
        assert_string_equal(word ? word : "none", expected);
    else
        assert_null(word);
}

static void test_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *name, *word, *again;
    } rows[] = {
        { "hci0", "hci0.1", "busid=1-1.3,bus=hci0,port=1" },
        { "A-b_2", "A-b_2.1", "busid=1-1.3,bus=A-b_2,port=1" },
        { "1", "bus=1,port=1", "busid=1-1.3,bus=1,port=1" },
        { "-a", "bus=-a,port=1", "busid=1-1.3,bus=-a,port=1" },
        { "a.b", "bus=a.b,port=1", "busid=1-1.3,bus=a.b,port=1" },
        { "a{", "bus=a{,port=1", "busid=1-1.3,bus=a{,port=1" },
        { "two words", "bus=\"two words\",port=1", "busid=1-1.3,bus=\"two words\",port=1" },
        { "a-name-that-is-longer-than-a-place-may-be",
          "bus=a-name-that-is-longer-than-a-place-may-be,port=1",
          "busid=1-1.3,bus=a-name-that-is-longer-than-a-place-may-be,port=1" },
        { "a\"b", NULL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        controller.name = rows[i].name;
        want(device_word(arena, &one), rows[i].word);
        want(device_again(arena, &one), rows[i].again);
    }
}

// The record and QEMU do not always have the port, or two devices are said to be at one.
static void test_without_a_place(void **state)
{
    (void)state;
    one.port = other.port = PORT_ANY;
    want(device_word(arena, &one), "bus=hci0,busid=1-1.3");
    want(device_word(arena, &other), "bus=hci0,type=tablet");
    want(device_again(arena, &one), NULL);
    one.port = other.port = (struct port){ 1, { 1 } };
    want(device_word(arena, &one), "bus=hci0,busid=1-1.3");
    want(device_word(arena, &other), "bus=hci0,type=tablet");
    // Of two host devices, one is known by its address only.
    other.kind = DEVICE_HOSTDEV;
    other.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 7 };
    want(device_word(arena, &other), "bus=hci0,hostaddr=1.7");
    one.host = NULL;
    one.selector = other.selector;
    want(device_word(arena, &other), NULL);
    one.selector.bus = 2;
    want(device_word(arena, &other), "bus=hci0,hostaddr=1.7");
    one.selector.bus = 1;
    one.selector.address = 8;
    want(device_word(arena, &other), "bus=hci0,hostaddr=1.7");
    want(device_word(arena, &one), "bus=hci0,hostaddr=1.8");
    one.selector.criteria = SELECT_BUS;
    want(device_word(arena, &one), NULL);
    // Two of a kind that xenusb knows, and one that it does not know.
    one.kind = other.kind = DEVICE_TABLET;
    want(device_word(arena, &one), NULL);
    one.kind = DEVICE_OTHER;
    one.driver = "usb-mtp";
    want(device_word(arena, &one), NULL);
    want(device_word(arena, &other), "bus=hci0,type=tablet");
    assert_string_equal(device_kind_name(&one), "usb-mtp");
}

static void test_what_can_be_attached_again(void **state)
{
    (void)state;
    want(device_again(arena, &other), "type=tablet,bus=hci0,port=2");
    other.kind = DEVICE_DISK; // needs a file
    want(device_again(arena, &other), NULL);
    one.host = NULL; // nothing knows its busid
    want(device_again(arena, &one), NULL);
    one.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "1-4" };
    want(device_again(arena, &one), "busid=1-4,bus=hci0,port=1");
}

static void test_controllers(void **state)
{
    (void)state;
    want(controller_word(arena, &controller), NULL); // not PVUSB
    controller.pvusb = PVUSB_QEMU;
    controller.model = controller_model_pvusb(2);
    want(controller_word(arena, &controller), "name=hci0,type=qusb,usbversion=2");
    controller.pvusb = PVUSB_KERNEL;
    controller.model = controller_model_pvusb(1);
    controller.name = "4";
    want(controller_word(arena, &controller), "4,type=vusb,usbversion=1");
    controller.name = "a b";
    want(controller_word(arena, &controller), NULL);
    controller.name = "pv0";
    controller.model = NULL; // its version could not be read
    want(controller_word(arena, &controller), NULL);
}

static void test_labels(void **state)
{
    (void)state;
    assert_string_equal(device_label(arena, &one), "0781:5581 Ultra");
    stick.name = "";
    assert_string_equal(device_label(arena, &one), "0781:5581");
    assert_string_equal(device_label(arena, &other), "tablet");
    one.host = NULL;
    one.state = DEVICE_GONE;
    one.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "1-1.3" };
    assert_string_equal(device_label(arena, &one), "unknown device");
    one.selector.criteria |= SELECT_VENDOR;
    one.selector.vendor = 0x781;
    assert_string_equal(device_label(arena, &one), "1-1.3 vendor=0781");
    one.selector.criteria = SELECT_BUS | SELECT_ADDRESS;
    assert_string_equal(device_label(arena, &one), "0.0");
    one.label = "0781:5581 Ultra"; // as noted when it was attached
    assert_string_equal(device_label(arena, &one), "0781:5581 Ultra");
}

// Those that libxl knows come first, in its order.
static void test_the_order_of_controllers(void **state)
{
    (void)state;
    struct controller numbered[] = { { .name = "2", .index = 2 }, { .name = "1", .index = 1 } };
    struct controller others[] = { { .name = "usb", .index = -1 }, { .name = "x", .index = -1 } };
    topology_add_controller(&topology, &others[0]);
    topology_add_controller(&topology, &numbered[0]);
    topology_add_controller(&topology, &others[1]);
    topology_add_controller(&topology, &numbered[1]);
    assert_string_equal(topology_controllers_hint(arena, &topology, text_of("nec")),
                        "it has: hci0, 1, 2, usb, x");
    assert_string_equal(topology_controllers_hint(arena, &topology, text_of("name=hci0,")),
                        "did you mean 'hci0'?");
    assert_string_equal(topology_controllers_hint(arena, &topology, text_of("hci0.2.1")),
                        "that is a place: its controller is hci0, its port 2.1");
    numbered[0].stale = true;
    topology_drop_controller(&topology, &others[1]);
    topology_drop_controller(&topology, &controller);
    assert_string_equal(topology_controllers_hint(arena, &topology, TEXT_EMPTY), "it has: 1, usb");
    assert_ptr_equal(topology.last, &others[0]);
    topology_drop_controller(&topology, &others[0]);
    topology_drop_controller(&topology, &numbered[0]);
    topology_drop_controller(&topology, &numbered[1]);
    assert_string_equal(topology_controllers_hint(arena, &topology, TEXT_EMPTY), "it has none");
    assert_null(topology.last);
}

static void test_the_speeds_of_a_port(void **state)
{
    (void)state;
    controller.ports = 40;
    controller.ports_usb2 = 4;
    controller.ports_usb3 = 2;
    const struct {
        unsigned root;
        speed_mask speeds;
    } rows[] = {
        { 2, SPEEDS_USB2 | SPEEDS(SPEED_SUPER) }, { 3, SPEEDS_USB2 }, { 5, 0 }, { 33, 0 }, { 41, 0 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            controller_port_speeds(&controller, (struct port){ 1, { (uint8_t)rows[i].root } }),
            rows[i].speeds);
    controller.companion_ports = 1u << 4;
    assert_int_equal(controller_port_speeds(&controller, (struct port){ 1, { 5 } }), SPEEDS_USB1);
    assert_int_equal(controller_port_speeds(&controller, (struct port){ 2, { 1, 1 } }),
                     SPEEDS_USB1);
    controller.model = NULL;
    assert_int_equal(controller_port_speeds(&controller, (struct port){ 1, { 1 } }), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_place),
        CASE(test_without_a_place),
        CASE(test_what_can_be_attached_again),
        CASE(test_controllers),
        CASE(test_labels),
        CASE(test_the_order_of_controllers),
        CASE(test_the_speeds_of_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
