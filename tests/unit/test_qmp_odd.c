// SPDX-License-Identifier: MIT
// QEMUs with objects, records and answers that few have.
#include "backends/qmp/qmp.h"
#include "base/arena.h"
#include "qmp_scene.h"
#include "record/record.h"
#include "unit.h"

#include <unistd.h>

static const char pci[] = "/machine/i440fx/pci.0";
#define BUS "/machine/peripheral/xenusb-0/xenusb-0.0"

static struct record_controller recorded;
static struct record record;

static int setup(void **state)
{
    struct scene *scene = scene_new(false);
    recorded = (struct record_controller){ .kind = RECORD_EMULATED, .version = 3, .ports = 4 };
    record = (struct record){ .controllers = &recorded };
    fake_controller(scene->qemu, pci, "/machine/peripheral/xenusb-0", "nec-usb-xhci", 5,
                    "xenusb-0.0");
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    scene_free(*state);
    return 0;
}

static const char *port_of(const struct device *device)
{
    static char buf[PORT_TEXT_SIZE];
    return port_write(device->port, buf);
}

static const struct controller *look(struct scene *scene)
{
    scene_connect(scene, 6);
    scene->session.record = &record;
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    scene_close(scene);
    const struct controller *at = scene->topology.controllers;
    while (at && strcmp(at->id, "xenusb-0") != 0)
        at = at->next;
    assert_non_null(at);
    return at;
}

// QEMU has the host's device 1.4 at port 2, with an id as libxl forms it; the record has it at 3.
static struct host_device *with_device(struct scene *scene, const char *type)
{
    struct host_device *host = scene_host(scene, 1, 4, "1-1", "usbfs", true);
    fake_usb(scene->qemu, BUS, "/machine/peripheral/xenusb-1-4", type, "2");
    fake_property(scene->qemu, "/machine/peripheral/xenusb-1-4", "hostbus", "uint32", "1");
    fake_property(scene->qemu, "/machine/peripheral/xenusb-1-4", "hostaddr", "uint32", "4");
    recorded.port[3] = "1-1";
    return host;
}

// ---- what a record does not explain: the port that QEMU reports counts ----

static void test_a_record_that_explains_it(void **state)
{
    with_device(*state, "usb-host");
    assert_string_equal(port_of(look(*state)->devices), "3");
}

static void test_the_record_of_a_hub(void **state)
{
    with_device(*state, "usb-host")->hub = true;
    assert_string_equal(port_of(look(*state)->devices), "2");
}

static void test_an_id_of_something_else(void **state)
{
    with_device(*state, "usb-kbd");
    assert_string_equal(port_of(look(*state)->devices), "2");
}

static void test_a_record_of_another_version(void **state)
{
    with_device(*state, "usb-host");
    recorded.version = 2;
    assert_string_equal(port_of(look(*state)->devices), "2");
}

static void test_a_device_that_is_recorded_twice(void **state)
{
    with_device(*state, "usb-host");
    recorded.port[1] = "1-1";
    assert_string_equal(port_of(look(*state)->devices), "2");
}

static void test_notes_of_ports(void **state)
{
    struct scene *scene = *state;
    struct record_note nowhere = {
        .of_device = true, .id = "n", .controller = "none", .port = "1"
    };
    struct record_note odd = {
        .next = &nowhere, .of_device = true, .id = "o", .controller = "xenusb-0", .port = "x"
    };
    struct record_note again = {
        .next = &odd, .of_device = true, .id = "m", .controller = "xenusb-0", .port = "2"
    };
    struct record_note first = {
        .next = &again, .of_device = true, .id = "m", .controller = "xenusb-0", .port = "4"
    };
    record.notes = &first;
    fake_usb(scene->qemu, BUS, "/machine/peripheral/m", "usb-mouse", "1");
    fake_usb(scene->qemu, BUS, "/machine/peripheral/n", "usb-mouse", "1");
    fake_usb(scene->qemu, BUS, "/machine/peripheral/o", "usb-mouse", "3");
    const struct device *at = look(scene)->devices;
    for (; at; at = at->next)
        if (strcmp(at->id, "m") == 0)
            assert_string_equal(port_of(at), "4"); // the first note
        else if (strcmp(at->id, "o") == 0)
            assert_string_equal(port_of(at), "3");
        else
            assert_string_equal(port_of(at), "1");
}

// ---- images ----

static void test_images_of_disks(void **state)
{
    struct scene *scene = *state;
    fake_usb(scene->qemu, BUS, "/machine/peripheral/d1", "usb-storage", "1");
    fake_usb(scene->qemu, BUS, "/machine/peripheral/d2", "usb-storage", "2");
    fake_usb(scene->qemu, BUS, "/machine/peripheral/d3", "usb-storage", "3");
    fake_blocks(scene->qemu,
                "[{\"qdev\":\"/machine/peripheral/d10\",\"inserted\":{\"file\":\"/other\"}},"
                "{\"qdev\":\"/machine/peripheral/d1\"},"
                "{\"qdev\":\"/machine/peripheral/d1\",\"inserted\":{\"file\":\"/own\"}},"
                "{\"qdev\":\"/machine/peripheral/d2/d2.0/scsi\",\"inserted\":{\"file\":\"/below\"}}"
                "]");
    const struct device *at = look(scene)->devices;
    assert_string_equal(at->file, "/own");
    assert_string_equal(at->next->file, "/below");
    assert_null(at->next->next->file);
}

// ---- companions ----

static void test_companions_of_many_ports(void **state)
{
    struct scene *scene = *state;
    fake_controller(scene->qemu, pci, "/machine/peripheral/ehci", "ich9-usb-ehci1", 29, "ehci.0");
    fake_pci(scene->qemu, pci, "/machine/peripheral/u", "ich9-usb-uhci1", 28);
    fake_property(scene->qemu, "/machine/peripheral/u", "masterbus", "str", "\"ehci.0\"");
    fake_property(scene->qemu, "/machine/peripheral/u", "firstport", "uint32", "30");
    fake_property(scene->qemu, "/machine/peripheral/u", "num-ports", "uint32", "200");
    (void)look(scene);
    const struct controller *ehci = topology_controller_named(&scene->topology, text_of("ehci"));
    assert_non_null(ehci);
    assert_int_equal(ehci->companion_ports, 0xc0000000u); // a mask of 32
}

// ---- adding ----

static void test_a_host_device_that_qemu_waits_for(void **state)
{
    struct scene *scene = *state;
    struct config_device wish = { .kind = DEVICE_HOSTDEV };
    struct device device = { .kind = DEVICE_HOSTDEV,
                             .driver = "usb-host",
                             .id = "",
                             .path = "",
                             .port = { 1, { 1 } },
                             .wanted = &wish,
                             .selector = { .criteria = SELECT_VENDOR | SELECT_PRODUCT,
                                           .vendor = 0x1050,
                                           .product = 0x407 } };
    scene_connect(scene, 6);
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    assert_int_equal(qmp_supply(&scene->handle, &scene->topology), STATUS_OK);
    device.controller = scene->topology.controllers;
    struct step step = { .op = STEP_ADD, .controller = device.controller, .device = &device };
    struct step *steps[] = { &step };
    assert_int_equal(qmp_run(&scene->handle, steps, 1), STATUS_OK);
    assert_int_equal(device.state, DEVICE_WAITING);
    scene_close(scene);
    assert_int_equal(fake_count(scene->qemu, "device_add", "\"vendorid\""), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_record_that_explains_it),
        CASE(test_the_record_of_a_hub),
        CASE(test_an_id_of_something_else),
        CASE(test_a_record_of_another_version),
        CASE(test_a_device_that_is_recorded_twice),
        CASE(test_notes_of_ports),
        CASE(test_images_of_disks),
        CASE(test_companions_of_many_ports),
        CASE(test_a_host_device_that_qemu_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
