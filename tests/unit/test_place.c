// SPDX-License-Identifier: MIT
// Where a device fits, and where not.
#include "plan/place.h"

#include "base/arena.h"
#include "host/endpoints.h"
#include "unit.h"

static struct topology topology;
static struct controller controller, other;
static struct device device;
static struct host_device host;

static int begin(void **state)
{
    (void)state;
    topology = (struct topology){ .qemu = "QEMU" };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .name = "c",
                                      .ports = 8,
                                      .ports_usb2 = 8,
                                      .ports_usb3 = 4,
                                      .present = true };
    other = (struct controller){ .model = controller_model_pvusb(2),
                                 .name = "o",
                                 .ports = 8,
                                 .pvusb = PVUSB_KERNEL,
                                 .present = true };
    host = (struct host_device){ .busid = "1-4", .speed = SPEED_FULL };
    device = (struct device){ .kind = DEVICE_HOSTDEV, .speed = SPEED_FULL, .host = &host };
    topology_add_controller(&topology, &controller);
    topology_add_controller(&topology, &other);
    return 0;
}

static enum place_verdict at(const char *text)
{
    struct port port = PORT_ANY;
    if (*text)
        assert_true(port_read(text_of(text), &port));
    return place_at(&controller, &device, port);
}

static void test_ports(void **state)
{
    (void)state;
    assert_int_equal(at(""), PLACE_NO_PORT);
    assert_int_equal(at("9"), PLACE_NO_PORT);
    assert_int_equal(at("8"), PLACE_FITS);
    controller.ports = controller.ports_usb2 = 60;
    controller.missing_ports = 1u << 31 | 1u;
    assert_int_equal(at("1"), PLACE_NO_PORT);
    assert_int_equal(at("32"), PLACE_NO_PORT);
    assert_int_equal(at("33"), PLACE_FITS); // only 32 can be missing
    assert_int_equal(at("2.1"), PLACE_NO_HUB);
    struct device hub = { .kind = DEVICE_TABLET, .port = { 1, { 2 } } };
    controller_add_device(&controller, &hub);
    assert_int_equal(at("2.1"), PLACE_NO_HUB);
    assert_int_equal(at("2"), PLACE_TAKEN);
    hub.kind = DEVICE_HUB;
    assert_int_equal(at("2.1"), PLACE_FITS);
    assert_int_equal(at("2.8"), PLACE_FITS);
    assert_int_equal(at("2.9"), PLACE_NO_PORT);
    device.port = (struct port){ 1, { 3 } };
    controller_add_device(&controller, &device);
    assert_int_equal(at("3"), PLACE_FITS); // its own
}

static void test_properties_of_qemu(void **state)
{
    static struct config_property reset = { .name = { "guest-reset", 11 } };
    struct config_device wanted = { .properties = &reset };
    (void)state;
    device.wanted = &wanted;
    assert_int_equal(at("8"), PLACE_FITS);
    controller.pvusb = PVUSB_QEMU;
    assert_int_equal(at("8"), PLACE_PROPERTIES);
    wanted.properties = NULL;
    assert_int_equal(at("8"), PLACE_FITS);
}

static void test_numbers_that_pvusb_controllers_share(void **state)
{
    struct device there = { .kind = DEVICE_HOSTDEV, .port = { 1, { 2 } } };
    const struct port port = { 1, { 2 } };
    (void)state;
    controller_add_device(&other, &there);
    assert_int_equal(place_at(&controller, &device, port), PLACE_FITS);
    controller.pvusb = PVUSB_QEMU;
    controller.model = controller_model_pvusb(2);
    assert_int_equal(place_at(&controller, &device, port), PLACE_SHARED);
    controller.topology = NULL; // it is not in any yet
    assert_int_equal(place_at(&controller, &device, port), PLACE_FITS);
}

static void test_speeds(void **state)
{
    const struct host_endpoints endpoints = { .fits_full_speed = true };
    const speed_mask slow = SPEEDS(SPEED_LOW) | SPEEDS(SPEED_FULL);
    (void)state;
    device.speed = SPEED_HIGH;
    device.host = NULL; // not plugged in: what it can is not known
    assert_int_equal(place_speeds(&device, slow), 0);
    device.host = &host;
    host.endpoints = &endpoints;
    assert_int_equal(place_speeds(&device, slow), SPEEDS(SPEED_FULL));
    assert_int_equal(place_speeds(&device, SPEEDS(SPEED_SUPER)), 0);
    device.speed = SPEED_UNKNOWN;
    assert_int_equal(place_speeds(&device, slow), slow);
}

// The fastest port, and of those the one that loses least.
static void test_the_best_port(void **state)
{
    struct port port = PORT_ANY;
    (void)state;
    device.speed = SPEED_SUPER;
    assert_int_equal(place_on(&controller, &device, &port), PLACE_FITS);
    assert_int_equal(port.number[0], 1);
    device.speed = SPEED_FULL;
    assert_int_equal(place_on(&controller, &device, &port), PLACE_FITS);
    assert_int_equal(port.number[0], 5); // has no SuperSpeed
    device.kind = DEVICE_DISK;
    assert_int_equal(place_on(&controller, &device, &port), PLACE_FITS);
    assert_int_equal(port.number[0], 1);
    controller.has_unplaced = true; // from the end
    assert_int_equal(place_on(&controller, &device, &port), PLACE_FITS);
    assert_int_equal(port.number[0], 4);
    controller.ports_usb3 = 0;
    device.kind = DEVICE_HOSTDEV;
    device.speed = SPEED_SUPER;
    assert_int_equal(place_on(&controller, &device, &port), PLACE_SPEED);
}

static void test_whether_only_qemu_can_serve_it(void **state)
{
    (void)state;
    assert_false(place_is_qemu_only(&controller));
    assert_false(place_is_qemu_only(&other));
    other.pvusb = PVUSB_QEMU;
    assert_true(place_is_qemu_only(&controller));
    assert_false(place_is_qemu_only(&other));
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_ports),
        CASE(test_properties_of_qemu),
        CASE(test_numbers_that_pvusb_controllers_share),
        CASE(test_speeds),
        CASE(test_the_best_port),
        CASE(test_whether_only_qemu_can_serve_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
