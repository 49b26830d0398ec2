// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "plan/topology.h"
#include "unit.h"

static void test_every_name_finds_its_model(void **state)
{
    (void)state;
    for (const char *const *name = controller_model_names(); *name; name++)
        assert_non_null(controller_model_named(text_of(*name)));
    assert_string_equal(controller_model_named(text_of("qusb2"))->name, "pvusb-v2");
    assert_string_equal(controller_model_named(text_of("usb-ehci"))->name, "ehci");
    assert_null(controller_model_named(text_of("ehci ")));
    assert_null(controller_model_named(TEXT_EMPTY));
}

static void test_libxl_models_by_version(void **state)
{
    (void)state;
    assert_string_equal(controller_model_for(1)->driver, "piix3-usb-uhci");
    assert_string_equal(controller_model_for(2)->driver, "usb-ehci");
    assert_string_equal(controller_model_for(3)->driver, "nec-usb-xhci");
    assert_null(controller_model_for(0));
    assert_null(controller_model_for(4));
    assert_int_equal(controller_model_pvusb(1)->ports_max, 31);
    assert_null(controller_model_pvusb(0));
    assert_null(controller_model_pvusb(3));
}

static void test_device_models_are_in_the_order_of_their_kinds(void **state)
{
    (void)state;
    for (enum device_kind kind = DEVICE_HOSTDEV; kind < DEVICE_OTHER; kind++)
        assert_int_equal(device_model_of(kind)->kind, kind);
    assert_null(device_model_of(DEVICE_OTHER));
    assert_int_equal(device_model_driver(text_of("usb-uas"))->kind, DEVICE_DISK);
    assert_int_equal(device_model_named(text_of("keyboard"))->kind, DEVICE_KEYBOARD);
    assert_null(device_model_named(text_of("usb-kbd")));
    assert_null(device_model_driver(text_of("usb-net")));
}

static void test_ports_are_read_and_written(void **state)
{
    (void)state;
    static const char *const good[] = { "1", "15", "2.4", "1.2.3.4.5.6", "255" };
    static const char *const bad[] = { "",   "0",  "256", "1.", ".1", "1..2", "a", "1.2.3.4.5.6.7",
                                       "-1", " 1", "1 " };
    char buf[PORT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct port port = PORT_ANY;
        assert_true(port_read(text_of(good[i]), &port));
        assert_string_equal(port_write(port, buf), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct port port = { 1, { 77 } };
        assert_false(port_read(text_of(bad[i]), &port));
        assert_int_equal(port.number[0], 77);
    }
    assert_string_equal(port_write(PORT_ANY, buf), "");
}

static struct port port_of(const char *text)
{
    struct port port = PORT_ANY;
    assert_true(port_read(text_of(text), &port));
    return port;
}

static void test_a_port_behind_a_hub(void **state)
{
    (void)state;
    assert_true(port_behind(port_of("2"), port_of("2.4")));
    assert_true(port_behind(port_of("2.4"), port_of("2.4.1")));
    assert_false(port_behind(port_of("2"), port_of("2")));
    assert_false(port_behind(port_of("2"), port_of("3.2")));
    assert_false(port_behind(PORT_ANY, port_of("1")));
}

static void test_speeds_of_ports(void **state)
{
    (void)state;
    struct controller ehci = { .model = controller_model_for(2), .ports = 6 };
    assert_int_equal(controller_port_speeds(&ehci, port_of("1")), SPEEDS(SPEED_HIGH));
    ehci.companion_ports = 0x3;
    assert_int_equal(controller_port_speeds(&ehci, port_of("2")), SPEEDS_USB2);
    assert_int_equal(controller_port_speeds(&ehci, port_of("3")), SPEEDS(SPEED_HIGH));
    assert_int_equal(controller_port_speeds(&ehci, port_of("2.1")), SPEEDS_USB1);
    assert_int_equal(controller_port_speeds(&ehci, port_of("7")), 0);

    struct controller xhci = {
        .model = controller_model_for(3), .ports = 4, .ports_usb2 = 4, .ports_usb3 = 2
    };
    assert_int_equal(controller_port_speeds(&xhci, port_of("2")), SPEEDS_USB3);
    assert_int_equal(controller_port_speeds(&xhci, port_of("3")), SPEEDS_USB2);
    assert_int_equal(controller_port_speeds(&xhci, PORT_ANY), 0);
}

static void test_controllers_are_in_the_order_of_libxl(void **state)
{
    (void)state;
    struct topology topology = { 0 };
    struct controller own = { .name = "usb", .index = -1 }, own2 = { .name = "b", .index = -1 };
    struct controller one = { .name = "1", .index = 1 }, zero = { .name = "0", .index = 0 };
    struct controller *const added[] = { &own, &one, &own2, &zero };
    struct controller *const expected[] = { &zero, &one, &own, &own2 };
    for (size_t i = 0; i < 4; i++)
        topology_add_controller(&topology, added[i]);
    struct controller *at = topology.controllers;
    for (size_t i = 0; i < 4; i++, at = at->next)
        assert_ptr_equal(at, expected[i]);
    assert_ptr_equal(topology_controller_named(&topology, text_of("usb")), &own);
    assert_ptr_equal(topology_controller_index(&topology, 1), &one);
    assert_null(topology_controller_index(&topology, -1));
}

static void test_places_in_the_syntax_of_the_user(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "hci0", "hci0.2.4" },
        { "1", "bus=1,port=2.4" },     // 1.2 is a bus and an address
        { "1-1", "bus=1-1,port=2.4" }, // 1-1.2.4 is a busid
        { "a.b", "bus=a.b,port=2.4" },
        { "a b", "bus=\"a b\",port=2.4" },
        { "a,b", "bus=\"a,b\",port=2.4" },
        { "a\"b", NULL },
    };
    struct arena *arena = arena_new(64);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct controller controller = { .name = rows[i][0] };
        struct device device = { .port = port_of("2.4") };
        controller_add_device(&controller, &device);
        const char *word = device_word(arena, &device);
        if (rows[i][1])
            assert_string_equal(word, rows[i][1]);
        else
            assert_null(word);
    }
    arena_free(arena);
}

// Where the port does not tell a device from the others, something else does.
static void test_words_that_only_one_device_fits(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    struct controller controller = { .name = "hci0" };
    struct selector busid = { .criteria = SELECT_BUSID, .busid = "1-4" },
                    address = { .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 7 };
    struct device first = { .kind = DEVICE_HOSTDEV, .selector = busid },
                  second = { .kind = DEVICE_HOSTDEV, .selector = address, .port = port_of("1") },
                  third = { .kind = DEVICE_TABLET, .port = port_of("1") },
                  fourth = { .kind = DEVICE_HOSTDEV, .selector = busid };
    controller_add_device(&controller, &first);
    controller_add_device(&controller, &second);
    assert_string_equal(device_word(arena, &first), "bus=hci0,busid=1-4");
    assert_string_equal(device_word(arena, &second), "hci0.1");
    controller_add_device(&controller, &third);
    assert_string_equal(device_word(arena, &second), "bus=hci0,hostaddr=1.7");
    assert_string_equal(device_word(arena, &third), "bus=hci0,type=tablet");
    controller_add_device(&controller, &fourth);
    assert_null(device_word(arena, &first));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_finds_its_model),
        cmocka_unit_test(test_libxl_models_by_version),
        cmocka_unit_test(test_device_models_are_in_the_order_of_their_kinds),
        cmocka_unit_test(test_ports_are_read_and_written),
        cmocka_unit_test(test_a_port_behind_a_hub),
        cmocka_unit_test(test_speeds_of_ports),
        cmocka_unit_test(test_places_in_the_syntax_of_the_user),
        cmocka_unit_test(test_words_that_only_one_device_fits),
        cmocka_unit_test(test_controllers_are_in_the_order_of_libxl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
