// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "qmp_scene.h"
#include "record/record.h"
#include "unit.h"

static const char pci[] = "/machine/i440fx/pci.0";

static int setup(void **state)
{
    *state = scene_new(false);
    return 0;
}

static int setup_q35(void **state)
{
    *state = scene_new(true);
    return 0;
}

static int teardown(void **state)
{
    scene_free(*state);
    return 0;
}

static struct controller *named(struct scene *scene, const char *name)
{
    struct controller *controller = topology_controller_named(&scene->topology, text_of(name));
    assert_non_null(controller);
    return controller;
}

static unsigned count_controllers(const struct scene *scene)
{
    unsigned count = 0;
    for (const struct controller *at = scene->topology.controllers; at; at = at->next)
        count++;
    return count;
}

static const char *port_of(const struct device *device)
{
    static char buf[PORT_TEXT_SIZE];
    return port_write(device->port, buf);
}

static void test_an_empty_machine(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_null(scene->topology.controllers);
    assert_string_equal(scene->topology.qemu, "QEMU 7.2.22");
    assert_true(scene->topology.plugging.known);
    assert_int_equal(scene->topology.plugging.slots, 31);
    assert_null(scene->topology.plugging.why_not);
    assert_false(scene->domain.paused);
}

static void test_controllers_of_any_origin(void **state)
{
    struct scene *scene = *state;
    struct fake_qemu *qemu = scene->qemu;
    fake_controller(qemu, pci, "/machine/unattached/device[18]", "piix3-usb-uhci", 1, "usb-bus.0");
    fake_controller(qemu, pci, "/machine/peripheral/usb", "nec-usb-xhci", 3, "usb.0");
    fake_controller(qemu, pci, "/machine/peripheral/xenusb-2", "usb-ehci", 4, "xenusb-2.0");
    fake_controller(qemu, pci, "/machine/peripheral/xenusb_my.20own", "usb-ehci", 5,
                    "xenusb_my.20own.0");
    fake_controller(qemu, pci, "/machine/peripheral-anon/device[0]", "strange-usb", 6, "usb-bus.1");
    fake_property(qemu, "/machine/peripheral/usb", "p2", "uint32", "8");
    fake_property(qemu, "/machine/peripheral/usb", "p3", "uint32", "15");
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_int_equal(count_controllers(scene), 5);

    const struct controller *libxl = scene->topology.controllers; // those of libxl come first
    assert_string_equal(libxl->name, "2");
    assert_int_equal(libxl->index, 2);
    assert_string_equal(libxl->id, "xenusb-2");
    assert_string_equal(libxl->bus, "xenusb-2.0");
    assert_true(libxl->present);
    assert_int_equal(libxl->ports, 6);
    const struct controller *xhci = named(scene, "usb-2"); // the machine's own is "usb"
    assert_string_equal(xhci->id, "usb");
    assert_int_equal(xhci->ports, 15);
    assert_int_equal(xhci->ports_usb2, 8);
    assert_int_equal(xhci->ports_usb3, 15);
    const struct controller *board = named(scene, "usb");
    assert_string_equal(board->id, "");
    assert_string_equal(board->bus, "usb-bus.0");
    assert_string_equal(board->path, "/machine/unattached/device[18]");
    assert_string_equal(board->model->name, "piix3-uhci");
    assert_int_equal(board->index, -1);
    assert_string_equal(named(scene, "my own")->id, "xenusb_my.20own");
    const struct controller *strange = named(scene, "usb-3");
    assert_null(strange->model);
    assert_string_equal(strange->driver, "strange-usb");
    assert_int_equal(strange->ports, 0);
}

static void test_companions_and_ohci(void **state)
{
    struct scene *scene = *state;
    struct fake_qemu *qemu = scene->qemu;
    fake_controller(qemu, pci, "/machine/peripheral/ehci", "ich9-usb-ehci1", 29, "ehci.0");
    for (unsigned i = 0; i < 3; i++) {
        const char *path = arena_printf(scene->other, "/machine/peripheral/u%u", i);
        fake_pci(qemu, pci, path, i == 2 ? "pci-ohci" : "ich9-usb-uhci1", 29);
        fake_property(qemu, path, "masterbus", "str", i == 1 ? "\"other.0\"" : "\"ehci.0\"");
        fake_property(qemu, path, "firstport", "uint32", i == 2 ? "3" : "0");
        if (i == 2)
            fake_property(qemu, path, "num-ports", "uint32", "1");
    }
    fake_controller(qemu, pci, "/machine/peripheral/oh", "pci-ohci", 7, "oh.0");
    fake_property(qemu, "/machine/peripheral/oh", "num-ports", "uint32", "4");
    fake_property(qemu, "/machine/peripheral/oh", "masterbus", "str", "\"\"");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(count_controllers(scene), 2);
    assert_int_equal(named(scene, "ehci")->companion_ports, 0xb); // 1, 2 and 4
    assert_int_equal(named(scene, "oh")->ports, 4);
    assert_int_equal(named(scene, "oh")->companion_ports, 0);
    // Three functions share slot 29.
    assert_int_equal(scene->topology.plugging.slots, 29);
}

static void test_emulated_devices(void **state)
{
    struct scene *scene = *state;
    struct fake_qemu *qemu = scene->qemu;
    fake_controller(qemu, pci, "/machine/unattached/device[18]", "piix3-usb-uhci", 1, "usb-bus.0");
    const char *bus = "/machine/unattached/device[18]/usb-bus.0";
    fake_usb(qemu, bus, "/machine/unattached/device[20]", "usb-tablet", "");
    fake_usb(qemu, bus, "/machine/peripheral/stick", "usb-bot", "2");
    fake_usb(qemu, bus, "/machine/peripheral-anon/device[1]", "usb-net", "");
    fake_report(qemu,
                "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet\n"
                "  Device 0.0, Port 2, Speed 480 Mb/s, Product QEMU USB HARDDRIVE, ID: stick\n");
    fake_blocks(qemu,
                "[{\"device\": \"\", \"qdev\": \"/machine/peripheral/sticky/x\", \"inserted\": "
                "{\"file\": \"/wrong\"}}, {\"qdev\": \"/machine/peripheral/stick/st.0\", "
                "\"inserted\": {\"file\": \"/srv/a.img\"}}, {\"device\": \"empty\"}]");
    assert_int_equal(scene_look(scene), STATUS_OK);
    const struct controller *usb = named(scene, "usb");
    // One line for two devices: neither port is guessed. They are in the order of their creation.
    const struct device *tablet = usb->devices, *net = tablet->next, *stick = net->next;
    assert_int_equal(tablet->kind, DEVICE_TABLET);
    assert_int_equal(tablet->port.depth, 0);
    assert_int_equal(net->port.depth, 0);
    assert_true(usb->has_unplaced);
    assert_int_equal(net->kind, DEVICE_OTHER);
    assert_string_equal(net->driver, "usb-net");
    assert_int_equal(net->state, DEVICE_PRESENT);
    assert_string_equal(port_of(stick), "2");
    assert_int_equal(stick->kind, DEVICE_DISK);
    assert_string_equal(stick->file, "/srv/a.img");
    assert_string_equal(stick->id, "stick");
    assert_string_equal(stick->path, "/machine/peripheral/stick");
    assert_ptr_equal(stick->controller, usb);
    assert_int_equal(stick->speed, SPEED_FULL); // of UHCI, whatever the report says
    assert_null(stick->next);
}

// ---- host devices ----

struct host_case {
    const char *bus, *address, *port, *vendor, *attached;
    enum verdict reported;
    bool waits;
    unsigned criteria;
};

static void set_case(struct scene *scene, const struct host_case *one)
{
    static const char path[] = "/machine/peripheral/h";
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    fake_usb(scene->qemu, "/machine/peripheral/c/c.0", path, "usb-host", "1");
    fake_property(scene->qemu, path, "hostbus", "uint32", one->bus);
    fake_property(scene->qemu, path, "hostaddr", "uint32", one->address);
    fake_property(scene->qemu, path, "hostport", "str", one->port);
    fake_property(scene->qemu, path, "vendorid", "uint32", one->vendor);
    fake_property(scene->qemu, path, "attached", "bool", one->attached);
}

static void test_selectors_of_host_devices(void **state)
{
    (void)state;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS, port = SELECT_BUS | SELECT_BUSID;
    const struct host_case cases[] = {
        { "1", "4", "\"\"", "0", "true", VERDICT_YES, false, address },
        { "1", "4", "\"\"", "0", "false", VERDICT_NO, false, address },
        { "1", "4", "\"\"", "0", "7", VERDICT_NO, false, address },
        { "1", "4", "\"\"", "1133", "true", VERDICT_YES, true, address | SELECT_VENDOR },
        { "1", "0", "\"3.1\"", "0", "true", VERDICT_YES, true, port },
        { "0", "0", "\"\"", "1133", "true", VERDICT_YES, true, SELECT_VENDOR },
        { "0", "0", "\"\"", "0", "true", VERDICT_YES, true, 0 },
        { "0", "0", "\"7\"", "0", "true", VERDICT_YES, true, 0 },
        { "-1", "128", "\"\"", "65536", "true", VERDICT_YES, true, 0 },
        { "1", "0", "\"1,2 3\"", "0", "true", VERDICT_YES, true, SELECT_BUS },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = scene_new(false);
        set_case(scene, &cases[i]);
        assert_int_equal(scene_look(scene), STATUS_OK);
        const struct device *device = named(scene, "c")->devices;
        assert_int_equal(device->kind, DEVICE_HOSTDEV);
        assert_int_equal(device->selector.criteria, cases[i].criteria);
        assert_int_equal(device->state, DEVICE_UNKNOWN);
        assert_int_equal(device->report.attached, cases[i].reported);
        assert_int_equal(device->report.waits, cases[i].waits);
        assert_int_equal(device->report.configured, VERDICT_UNKNOWN);
        assert_null(device->host);
        scene_free(scene);
    }
}

static void test_a_host_device_by_its_node(void **state)
{
    struct scene *scene = *state;
    const struct host_case one = { "0", "0", "\"\"", "0", "true", VERDICT_YES, false, 0 };
    set_case(scene, &one);
    fake_property(scene->qemu, "/machine/peripheral/h", "hostdevice", "str",
                  "\"/dev/bus/usb/001/004\"");
    assert_int_equal(scene_look(scene), STATUS_OK);
    const struct device *device = named(scene, "c")->devices;
    assert_int_equal(device->selector.criteria, SELECT_BUS | SELECT_ADDRESS);
    assert_int_equal(device->selector.bus, 1);
    assert_int_equal(device->selector.address, 4);
    assert_false(device->report.waits);
}

// xenusb has kept there what it attached. Anything else is somebody else's.
static void test_labels(void **state)
{
    static const char *const others[] = { "",
                                          "1-3",
                                          "1-3 ",
                                          "1-3 1050:04",
                                          "1-3 1050-0407 Key",
                                          "x-3 1050:0407 Key",
                                          "1-3 105x:0407",
                                          "SERIAL0001" };
    const struct host_case one = { "1", "4", "\"\"", "0", "true", VERDICT_YES, false, 0 };
    (void)state;
    for (size_t i = 0; i <= sizeof others / sizeof *others; i++) {
        struct scene *scene = scene_new(false);
        bool good = i == sizeof others / sizeof *others;
        set_case(scene, &one);
        fake_property(
            scene->qemu, "/machine/peripheral/h", "serial", "str",
            arena_printf(scene->other, "\"%s\"", good ? "1-3 1050:0407 Key of Eve" : others[i]));
        assert_int_equal(scene_look(scene), STATUS_OK);
        const struct device *device = named(scene, "c")->devices;
        assert_string_equal(device->label ? device->label : "", good ? "1050:0407 Key of Eve" : "");
        assert_string_equal(device_busid(device), good ? "1-3" : "");
        scene_free(scene);
    }
}

static void test_unusable_nodes(void **state)
{
    static const char *const nodes[] = { "\"/dev/fdset/3\"", "\"/dev/bus/usb/1\"",
                                         "\"/dev/bus/usb/x/4\"", "\"/dev/bus/usb/001/999\"" };
    const struct host_case one = { "0", "0", "\"\"", "0", "true", VERDICT_YES, false, 0 };
    (void)state;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        struct scene *scene = scene_new(false);
        set_case(scene, &one);
        fake_property(scene->qemu, "/machine/peripheral/h", "hostdevice", "str", nodes[i]);
        assert_int_equal(scene_look(scene), STATUS_OK);
        assert_int_equal(named(scene, "c")->devices->selector.criteria, 0);
        assert_false(named(scene, "c")->devices->report.waits);
        scene_free(scene);
    }
}

static void test_no_answer_is_not_no(void **state)
{
    struct scene *scene = *state;
    const struct host_case one = { "1", "4", "\"\"", "0", "true", VERDICT_UNKNOWN, false, 0 };
    set_case(scene, &one);
    fake_instead(scene->qemu, "qom-get", "\"attached\"",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}");
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_int_equal(named(scene, "c")->devices->report.attached, VERDICT_UNKNOWN);
}

static void test_a_device_disappears_during_the_look(void **state)
{
    struct scene *scene = *state;
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    scene_fill(scene, "/machine/peripheral/c/c.0", 2);
    fake_instead(scene->qemu, "qom-get", "t1\"",
                 "\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"gone\"}");
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_string_equal(named(scene, "c")->devices->id, "t2");
    assert_null(named(scene, "c")->devices->next);
}

// ---- what need not be asked ----

// The host has 1.4 (held by QEMU), 1.5 (with a kernel driver), 1.6 (without a driver).
static void set_host(struct scene *scene)
{
    scene_host(scene, 1, 4, "1-1", "usbfs", true);
    scene_host(scene, 1, 5, "1-2", "usbhid", false);
    scene_host(scene, 1, 6, "1-3.1", "", false)->vendor = 0x1050;
}

static struct record_controller recorded = { .kind = RECORD_EMULATED, .version = 3, .ports = 4 };

// A controller of libxl's with the device 1.4, and a record that has 1-1 at its port 3.
static struct scene *recorded_scene(struct record *record)
{
    struct scene *scene = scene_new(false);
    set_host(scene);
    recorded.port[3] = "1-1";
    *record = (struct record){ .controllers = &recorded };
    fake_controller(scene->qemu, pci, "/machine/peripheral/xenusb-0", "nec-usb-xhci", 5,
                    "xenusb-0.0");
    fake_usb(scene->qemu, "/machine/peripheral/xenusb-0/xenusb-0.0",
             "/machine/peripheral/xenusb-1-4", "usb-host", "2");
    fake_property(scene->qemu, "/machine/peripheral/xenusb-1-4", "hostbus", "uint32", "1");
    fake_property(scene->qemu, "/machine/peripheral/xenusb-1-4", "hostaddr", "uint32", "4");
    scene_connect(scene, 6);
    scene->session.record = record;
    return scene;
}

static const struct device *look_at_recorded(struct scene *scene)
{
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    scene_close(scene);
    const struct controller *controller = named(scene, "0");
    assert_non_null(controller->devices);
    assert_null(controller->devices->next);
    return controller->devices;
}

static void test_a_recorded_device(void **state)
{
    struct record record;
    struct scene *scene = recorded_scene(&record);
    (void)state;
    const struct device *device = look_at_recorded(scene);
    assert_string_equal(port_of(device), "3");
    assert_int_equal(device->report.attached, VERDICT_YES);
    assert_int_equal(device->selector.criteria, SELECT_BUS | SELECT_ADDRESS);
    assert_int_equal(device->selector.address, 4);
    assert_int_equal(named(scene, "0")->ports_usb2, 4);
    // No program here has its node open, so QEMU is asked whether it has, and what it was.
    assert_int_equal(fake_count(scene->qemu, "qom-get", ""), 2);
    assert_int_equal(fake_count(scene->qemu, "qom-get", "\"serial\""), 1);
    assert_int_equal(fake_count(scene->qemu, "qom-get", "\"attached\""), 1);
    scene_free(scene);
}

// After a replug its id is still that of its old address, which another device may have now. The
// port that QEMU reports counts.
static void test_a_record_that_does_not_explain_everything(void **state)
{
    struct record record;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct scene *scene = recorded_scene(&record);
        struct host_device *device = scene->host.devices;
        while (strcmp(device->busid, "1-1") != 0)
            device = device->next;
        if (i == 0)
            device->address = 9;
        else if (i == 1)
            recorded.port[1] = "1-2"; // QEMU does not have it
        else
            recorded.port[3] = "1-3.1"; // the record of another device
        assert_string_equal(port_of(look_at_recorded(scene)), "2");
        recorded.port[1] = NULL;
        scene_free(scene);
    }
}

static void test_a_note_of_a_device(void **state)
{
    struct record record;
    struct scene *scene = recorded_scene(&record);
    struct record_note note = {
        .of_device = true, .id = "xenusb_tablet0", .controller = "xenusb-0", .port = "4"
    };
    (void)state;
    scene_close(scene);
    fake_end(scene->peer);
    record.notes = &note;
    fake_usb(scene->qemu, "/machine/peripheral/xenusb-0/xenusb-0.0",
             "/machine/peripheral/xenusb_tablet0", "usb-tablet", "");
    scene_connect(scene, 6);
    scene->session.record = &record;
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    const struct device *tablet = named(scene, "0")->devices->next;
    assert_string_equal(port_of(tablet), "4");
    assert_int_equal(tablet->speed, SPEED_HIGH);
    assert_int_equal(fake_count(scene->qemu, "qom-get", "tablet0"), 0);
    assert_int_equal(fake_count(scene->qemu, "x-query-usb", ""), 0);
    scene_free(scene);
}

// Of many devices the buses are asked what they have, and only those devices for their bus of whose
// type more than one bus has some.
static void test_the_buses_of_many_devices(void **state)
{
    struct scene *scene = *state;
    static const char c[] = "/machine/peripheral/c/c.0", d[] = "/machine/peripheral/d/d.0";
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    fake_controller(scene->qemu, pci, "/machine/peripheral/d", "usb-ehci", 6, "d.0");
    scene_fill(scene, c, 4);
    fake_usb(scene->qemu, c, "/machine/peripheral/n1", "usb-net", "5");
    fake_usb(scene->qemu, d, "/machine/peripheral/n2", "usb-net", "1");
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_string_equal(named(scene, "d")->devices->id, "n2");
    assert_null(named(scene, "d")->devices->next);
    assert_string_equal(named(scene, "c")->devices->id, "t1");
    assert_int_equal(named(scene, "c")->root_devices, 5);
    assert_int_equal(fake_count(scene->qemu, "qom-get", "parent_bus"), 2);
}

// As of QEMU 8.2 it is not among the other objects.
static void test_a_controller_in_the_south_bridge(void **state)
{
    struct scene *scene = *state;
    static const char bridge[] = "/machine/unattached/device[3]";
    fake_new_qemu(scene->qemu);
    fake_pci(scene->qemu, pci, bridge, "PIIX3", 1);
    fake_controller(scene->qemu, pci, "/machine/unattached/device[3]/uhci", "piix3-usb-uhci", 1,
                    "usb-bus.0");
    fake_controller(scene->qemu, pci, "/machine/peripheral/usb", "usb-ehci", 5, "usb.0");
    fake_usb(scene->qemu, "/machine/unattached/device[3]/uhci/usb-bus.0",
             "/machine/unattached/device[9]", "usb-tablet", "2");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(count_controllers(scene), 2);
    assert_string_equal(named(scene, "usb")->bus, "usb-bus.0");
    assert_string_equal(port_of(named(scene, "usb")->devices), "2");
    assert_string_equal(named(scene, "usb-2")->id, "usb");
    assert_int_equal(scene->topology.plugging.slots, 29);
}

// That takes QEMU long.
static void test_types_are_asked_for_only_if_one_is_not_known(void **state)
{
    static const struct {
        const char *type;
        unsigned asked;
    } cases[] = { { "usb-tablet", 0 }, { "usb-net", 1 } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = scene_new(false);
        fake_pci(scene->qemu, pci, "/machine/unattached/device[1]", "PIIX3", 1);
        fake_pci(scene->qemu, pci, "/machine/unattached/device[2]", "qemu64-x86_64-cpu", 2);
        fake_controller(scene->qemu, pci, "/machine/peripheral/c", "nec-usb-xhci", 5, "c.0");
        fake_usb(scene->qemu, "/machine/peripheral/c/c.0", "/machine/peripheral/d", cases[i].type,
                 "1");
        assert_int_equal(scene_look(scene), STATUS_OK);
        assert_string_equal(named(scene, "c")->devices->driver, cases[i].type);
        assert_int_equal(fake_count(scene->qemu, "qom-list-types", "usb-device"), cases[i].asked);
        scene_free(scene);
    }
}

static void test_a_controller_without_usb_in_its_name(void **state)
{
    struct scene *scene = *state;
    static const char *const paths[] = { "/machine/unattached/device[7]/deep",
                                         "/machine/peripheral/s" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *bus = i ? "s.0" : "usb-bus.0";
        fake_controller(scene->qemu, pci, paths[i], i ? "xen-backend" : "sysbus-strange", 5, bus);
        fake_usb(scene->qemu, arena_printf(scene->other, "%s/%s", paths[i], bus),
                 i ? "/machine/peripheral/of-pvusb" : "/machine/peripheral/t", "usb-tablet", "1");
    }
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_int_equal(count_controllers(scene), 1);
    assert_string_equal(named(scene, "usb")->driver, "sysbus-strange");
    assert_string_equal(named(scene, "usb")->bus, "usb-bus.0");
    assert_string_equal(named(scene, "usb")->devices->id, "t");
    assert_null(named(scene, "usb")->devices->next);
}

// ---- a QEMU that has qom-list-get ----

// A controller with 100 devices of which no record knows, as QEMU 10.1.
static struct scene *new_scene(void)
{
    struct scene *scene = scene_new(false);
    fake_new_qemu(scene->qemu);
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "nec-usb-xhci", 5, "c.0");
    fake_controller(scene->qemu, pci, "/machine/peripheral/d", "usb-ehci", 6, "d.0");
    scene_fill(scene, "/machine/peripheral/c/c.0", 100);
    set_host(scene);
    fake_usb(scene->qemu, "/machine/peripheral/d/d.0", "/machine/peripheral/h", "usb-host", "3");
    fake_property(scene->qemu, "/machine/peripheral/h", "hostbus", "uint32", "1");
    fake_property(scene->qemu, "/machine/peripheral/h", "hostaddr", "uint32", "4");
    return scene;
}

static void assert_new_scene(struct scene *scene, unsigned devices)
{
    const struct controller *c = named(scene, "c"), *d = named(scene, "d");
    unsigned found = 0;
    for (const struct device *at = c->devices; at; at = at->next)
        found++;
    assert_int_equal(found, devices);
    assert_int_equal(c->ports_usb3, 4);
    assert_string_equal(port_of(c->devices), "2");
    assert_string_equal(port_of(d->devices), "3");
    assert_int_equal(d->devices->selector.address, 4);
    assert_int_equal(d->devices->report.attached, VERDICT_YES);
    assert_int_equal(scene->topology.plugging.slots, 29);
}

static void test_all_values_at_once(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_new_scene(scene, 100);
    assert_int_equal(fake_count(scene->qemu, "qom-get", ""), 0);
    // 64 objects each, then one object whose node is not open; the addresses of PCI functions, a
    // bus, and the controllers.
    assert_int_equal(fake_count(scene->qemu, "qom-list-get", ""), 6);
    scene_free(scene);
}

// QEMU then refuses all that was asked together.
static void test_an_object_disappears_from_the_many(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    fake_instead(scene->qemu, "qom-list-get", "/t7\"",
                 "\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"gone\"}");
    fake_instead(scene->qemu, "qom-get", "/t7\"",
                 "\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"gone\"}");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_new_scene(scene, 99);
    assert_in_range(fake_count(scene->qemu, "qom-get", ""), 1, 80);
    scene_free(scene);
}

static void test_a_qemu_that_lacks_the_command(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    fake_instead(scene->qemu, "qom-list-get", "",
                 "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_new_scene(scene, 100);
    scene_free(scene);
}

static void test_bad_answers_about_many(void **state)
{
    static const char *const lies[] = {
        "\"return\": []",
        "\"return\": [{\"properties\": [{\"name\": \"port\"}, {\"name\": 3, \"value\": 3}, 7]}]",
        "\"return\": [{\"properties\": [{\"name\": \"p2\", \"value\": {}}]}]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct scene *scene = new_scene();
        fake_instead(scene->qemu, "qom-list-get", "", lies[i]);
        assert_int_equal(scene_look_supply(scene), STATUS_OK);
        assert_int_equal(named(scene, "c")->devices->port.depth, 0);
        scene_free(scene);
    }
    struct scene *scene = new_scene();
    fake_instead(scene->qemu, "qom-list-get", "", NULL);
    scene_connect(scene, 0.1);
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_TIMEOUT);
    assert_non_null(strstr(scene->diags.first->message, "did not answer qom-list-get within 1 s"));
    scene_free(scene);
}

// ---- hotplug ----

static void test_a_q35_without_ports(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 0);
    assert_string_equal(scene->topology.plugging.why_not,
                        "its bus 'pcie.0' does not support hotplugging");
}

// As in QEMU 10: a hotplug handler, but no number by which ACPI selects the bus.
static void test_a_q35_that_names_a_handler(void **state)
{
    static const char bus[] = "/machine/q35/pcie.0";
    struct scene *scene = *state;
    fake_property(scene->qemu, bus, "hotplug-handler", "link<hotplug-handler>", "\"/machine/x\"");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 0);
    scene_free(scene);
    *state = scene = scene_new(true);
    fake_property(scene->qemu, bus, "hotplug-handler", "link<hotplug-handler>", "\"/machine/x\"");
    fake_property(scene->qemu, bus, "acpi-pcihp-bsel", "uint32", "0");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 31);
}

static void root_port(struct scene *scene, const char *name, unsigned slot)
{
    const char *path = arena_printf(scene->other, "/machine/peripheral/%s", name);
    const char *bus = arena_printf(scene->other, "%s/%s", path, name);
    fake_pci(scene->qemu, "/machine/q35/pcie.0", path, "pcie-root-port", slot);
    fake_object(scene->qemu, bus, "PCIE");
    fake_property(scene->qemu, bus, "hotplug-handler", "link<hotplug-handler>", "\"/x\"");
}

static void test_root_ports_and_bridges(void **state)
{
    struct scene *scene = *state;
    struct fake_qemu *qemu = scene->qemu;
    root_port(scene, "rp0", 1);
    root_port(scene, "rp1", 2);
    fake_controller(qemu, "/machine/peripheral/rp1/rp1", "/machine/peripheral/x", "qemu-xhci", 0,
                    "x.0");
    scene_fill(scene, "/machine/peripheral/x/x.0", 2);
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 1);
    assert_null(scene->topology.plugging.why_not);
    assert_non_null(named(scene, "x")->devices->next);
    scene_free(scene);

    *state = scene = scene_new(true);
    root_port(scene, "rp1", 1);
    fake_pci(scene->qemu, "/machine/peripheral/rp1/rp1", "/machine/peripheral/br",
             "pcie-pci-bridge", 0);
    fake_object(scene->qemu, "/machine/peripheral/br/br", "PCI");
    fake_property(scene->qemu, "/machine/peripheral/br/br", "hotplug-handler", "link<x>", "\"/x\"");
    fake_controller(scene->qemu, "/machine/peripheral/br/br", "/machine/peripheral/e", "usb-ehci",
                    3, "e.0");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 31);
    assert_string_equal(named(scene, "e")->bus, "e.0");
}

static void test_a_full_bus(void **state)
{
    struct scene *scene = *state;
    for (unsigned slot = 1; slot < 32; slot++)
        fake_pci(scene->qemu, pci, arena_printf(scene->other, "/machine/peripheral/n%u", slot),
                 "e1000", slot);
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_int_equal(scene->topology.plugging.slots, 0);
    assert_non_null(strstr(scene->topology.plugging.why_not, "are full"));
}

static void test_only_pluggable_models_are_listed(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    for (size_t i = 0; controller_models[i].name; i++) {
        const char *driver = controller_models[i].driver;
        bool plugs =
            driver && (strcmp(driver, "piix3-usb-uhci") == 0 || strcmp(driver, "usb-ehci") == 0 ||
                       strcmp(driver, "nec-usb-xhci") == 0);
        assert_int_equal(scene->topology.plugging.models >> i & 1, plugs);
    }
}

// ---- the number of commands ----

static unsigned rounds_with(unsigned devices)
{
    struct scene *scene = scene_new(false);
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    scene_fill(scene, "/machine/peripheral/c/c.0", devices);
    assert_int_equal(scene_look(scene), STATUS_OK);
    unsigned rounds = fake_rounds(scene->peer);
    unsigned found = 0;
    for (const struct device *at = named(scene, "c")->devices; at; at = at->next)
        found++;
    assert_int_equal(found, devices);
    scene_free(scene);
    return rounds;
}

// qmp_capabilities, the lists of all objects, and what only the objects themselves know.
static void test_round_trips_do_not_grow_with_devices(void **state)
{
    (void)state;
    assert_int_equal(rounds_with(1), 3);
    assert_int_equal(rounds_with(150), 3);
}

static void test_too_many_objects(void **state)
{
    struct scene *scene = *state;
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    struct json_writer *writer = json_writer_new(scene->other, false);
    json_open_array(writer);
    for (unsigned i = 0; i < 5000; i++) {
        json_open_object(writer);
        json_key(writer, "name");
        json_put_string(writer, arena_printf(scene->other, "t%u", i));
        json_key(writer, "type");
        json_put_string(writer, "child<usb-tablet>");
        json_close(writer);
    }
    json_close(writer);
    fake_instead(scene->qemu, "qom-list", "/machine/peripheral\"",
                 arena_printf(scene->other, "\"return\": %s", json_writer_end(writer).at));
    assert_int_equal(scene_look(scene), STATUS_FAILED);
    assert_string_equal(scene->diags.first->message,
                        "QEMU at SOCKET reports more than 4096 objects");
}

static void test_endless_bridges(void **state)
{
    struct scene *scene = *state;
    fake_pci(scene->qemu, pci, "/machine/peripheral/br", "pci-bridge", 5);
    fake_object(scene->qemu, "/machine/peripheral/br/br", "PCI");
    fake_link(scene->qemu, "/machine/peripheral/br/br", "/machine/peripheral/br");
    assert_int_equal(scene_look_supply(scene), STATUS_FAILED);
    assert_string_equal(scene->diags.first->message,
                        "QEMU at SOCKET reports PCI bridges that are nested too deeply");
}

// ---- garbage and failures ----

static void test_answers_of_the_wrong_type(void **state)
{
    static const struct {
        const char *command, *holding, *member;
    } lies[] = {
        { "qom-list", "\"/machine/i440fx\"",
          "\"return\": [{\"name\": \"\", \"type\": \"child<\"}]" },
        { "qom-list", "pci.0\"", "\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}" },
        { "qom-list", "pci.0\"", "\"return\": [{\"name\": \"child[\", \"type\": \"link<x>\"}]" },
        { "qom-list", "pci.0\"", "\"return\": [{\"name\": \"child[1x\", \"type\": \"link<x>\"}]" },
        { "qom-list", "pci.0\"", "\"return\": [{\"name\": \"child[9]\", \"type\": \"link<>\"}]" },
        { "qom-get", "child[1]", "\"return\": \"nowhere\"" },
        { "qom-get", "child[1]", "\"return\": true" },
        { "qom-get", "hotplug-handler", "\"return\": [1]" },
        { "qom-get", "\"addr\"", "\"return\": -9223372036854775808" },
        { "qom-get", "\"p2\"", "\"return\": 4294967296" },
        { "qom-get", "\"p2\"", "\"return\": -1" },
        { "qom-get", "\"port\"", "\"return\": \"1.x\"" },
        { "qom-get", "\"port\"", "\"return\": 3" },
        { "x-query-usb", "", "\"return\": \"text\"" },
        { "query-status", "", "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"?\"}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct scene *scene = scene_new(false);
        fake_controller(scene->qemu, pci, "/machine/peripheral/c", "nec-usb-xhci", 5, "c.0");
        scene_fill(scene, "/machine/peripheral/c/c.0", 2);
        fake_instead(scene->qemu, lies[i].command, lies[i].holding, lies[i].member);
        assert_int_equal(scene_look_supply(scene), STATUS_OK);
        const struct controller *found = scene->topology.controllers;
        assert_true(!found || (found->ports <= 255 && strcmp(found->name, "c") == 0));
        scene_free(scene);
    }
}

// What is no list must not pass for an empty one: xenusb would remove the records of all that QEMU
// has.
static void test_lists_of_the_wrong_type(void **state)
{
    static const struct {
        const char *command, *holding, *member;
    } lies[] = {
        { "qom-list", "\"/machine\"", "\"return\": 5" },
        { "qom-list", "\"/machine\"", "\"return\": {\"name\": \"i440fx\"}" },
        { "qom-list", "\"/machine\"", "\"return\": [{}]" },
        { "qom-list", "\"/machine/peripheral\"", "\"return\": null" },
        { "qom-list", "\"/machine/peripheral\"", "\"return\": true" },
        { "qom-list", "\"/machine/peripheral\"", "\"return\": [1, null]" },
        { "qom-list", "c/c.0\"", "\"return\": [{\"name\": 1, \"type\": 2}]" },
        { "qom-list", "c/c.0\"", "\"return\": [{\"name\": \"child[0]\"}]" },
        { "qom-list-types", "", "\"return\": [[], {\"name\": {}}]" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct scene *scene = scene_new(false);
        fake_controller(scene->qemu, pci, "/machine/peripheral/c", "nec-usb-xhci", 5, "c.0");
        scene_fill(scene, "/machine/peripheral/c/c.0", 2);
        fake_instead(scene->qemu, lies[i].command, lies[i].holding, lies[i].member);
        assert_int_equal(scene_look_supply(scene), STATUS_FAILED);
        assert_non_null(
            strstr(scene->diags.first->message, " with a value of the wrong type, while "));
        scene_free(scene);
    }
}

static void test_an_old_qemu_without_a_report(void **state)
{
    struct scene *scene = *state;
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    fake_usb(scene->qemu, "/machine/peripheral/c/c.0", "/machine/peripheral/t", "usb-tablet", "");
    fake_instead(scene->qemu, "x-query-usb", "",
                 "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}");
    fake_instead(scene->qemu, "qom-list-types", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}");
    assert_int_equal(scene_look_supply(scene), STATUS_OK);
    assert_true(named(scene, "c")->has_unplaced);
    assert_int_equal(named(scene, "c")->devices->port.depth, 0);
    assert_true(scene->topology.plugging.models != 0); // none is ruled out
}

static void test_a_stall_at_every_depth(void **state)
{
    static const struct {
        const char *command, *holding, *reading;
    } stalls[] = {
        { "query-status", "", "devices" },
        { "qom-list", "\"/machine/unattached\"", "devices" },
        { "qom-list", "c/c.0\"", "devices" },
        { "qom-get", "\"port\"", "devices" },
        { "x-query-usb", "", "devices" },
        { "qom-list", "\"/machine/i440fx\"", "PCI buses" },
        { "qom-get", "hotplug-handler", "PCI buses" },
        { "qom-get", "\"addr\"", "PCI buses" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof stalls / sizeof *stalls; i++) {
        struct scene *scene = scene_new(false);
        fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
        scene_fill(scene, "/machine/peripheral/c/c.0", 1);
        fake_usb(scene->qemu, "/machine/peripheral/c/c.0", "/machine/peripheral/u", "usb-net", "");
        fake_instead(scene->qemu, stalls[i].command, stalls[i].holding, NULL);
        scene_connect(scene, 0.1);
        enum status status = qmp_look(&scene->handle, &scene->topology);
        if (status == STATUS_OK)
            status = qmp_supply(&scene->handle, &scene->topology);
        assert_int_equal(status, STATUS_TIMEOUT);
        assert_int_equal(scene->diags.errors, 1);
        const char *expected = arena_printf(scene->arena,
                                            "QEMU at SOCKET did not answer %s within 1 s, while "
                                            "xenusb was reading its %s",
                                            stalls[i].command, stalls[i].reading);
        assert_string_equal(scene->diags.first->message, expected);
        scene_free(scene);
    }
}

static void test_garbage_in_the_middle(void **state)
{
    struct scene *scene = *state;
    fake_controller(scene->qemu, pci, "/machine/peripheral/c", "usb-ehci", 5, "c.0");
    fake_instead(scene->qemu, "qom-get", "hotplug-handler", "\"return\": ]");
    assert_int_equal(scene_look_supply(scene), STATUS_FAILED);
    assert_non_null(strstr(scene->diags.first->message, "QEMU at SOCKET sent invalid QMP: "));
}

static void test_a_second_look_sees_what_changed(void **state)
{
    struct scene *scene = *state;
    struct topology again = { .domain = &scene->domain };
    scene_connect(scene, 6);
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    assert_int_equal(qmp_look(&scene->handle, &again), STATUS_OK);
    assert_false(again.plugging.known);
    assert_int_equal(qmp_supply(&scene->handle, &again), STATUS_OK);
    assert_int_equal(again.plugging.slots, 31);
    assert_null(again.controllers);
}

// Another backend has added its controllers before, one with a name that ours would get.
static void test_beside_another_backend(void **state)
{
    struct scene *scene = *state;
    struct controller other = { .name = "usb", .index = -1 };
    struct device device = { .kind = DEVICE_HOSTDEV, .id = "" };
    controller_add_device(&other, &device);
    topology_add_controller(&scene->topology, &other);
    fake_controller(scene->qemu, pci, "/machine/unattached/device[3]", "piix3-usb-uhci", 1, "u.0");
    fake_usb(scene->qemu, "/machine/unattached/device[3]/u.0", "/machine/unattached/device[4]",
             "usb-tablet", "");
    fake_report(scene->qemu, "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet\n");
    assert_int_equal(scene_look(scene), STATUS_OK);
    assert_false(other.has_unplaced);
    assert_ptr_equal(named(scene, "usb"), &other);
    assert_string_equal(port_of(named(scene, "usb-2")->devices), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_empty_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_controllers_of_any_origin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_companions_and_ohci, setup, teardown),
        cmocka_unit_test_setup_teardown(test_emulated_devices, setup, teardown),
        cmocka_unit_test(test_selectors_of_host_devices),
        cmocka_unit_test_setup_teardown(test_a_host_device_by_its_node, setup, teardown),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_unusable_nodes),
        cmocka_unit_test_setup_teardown(test_a_device_disappears_during_the_look, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_is_not_no, setup, teardown),
        cmocka_unit_test(test_a_recorded_device),
        cmocka_unit_test(test_a_record_that_does_not_explain_everything),
        cmocka_unit_test(test_a_note_of_a_device),
        cmocka_unit_test_setup_teardown(test_the_buses_of_many_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_controller_in_the_south_bridge, setup, teardown),
        cmocka_unit_test(test_types_are_asked_for_only_if_one_is_not_known),
        cmocka_unit_test_setup_teardown(test_a_controller_without_usb_in_its_name, setup, teardown),
        cmocka_unit_test(test_all_values_at_once),
        cmocka_unit_test(test_an_object_disappears_from_the_many),
        cmocka_unit_test(test_a_qemu_that_lacks_the_command),
        cmocka_unit_test(test_bad_answers_about_many),
        cmocka_unit_test_setup_teardown(test_a_q35_without_ports, setup_q35, teardown),
        cmocka_unit_test_setup_teardown(test_a_q35_that_names_a_handler, setup_q35, teardown),
        cmocka_unit_test_setup_teardown(test_root_ports_and_bridges, setup_q35, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_bus, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_pluggable_models_are_listed, setup, teardown),
        cmocka_unit_test(test_round_trips_do_not_grow_with_devices),
        cmocka_unit_test_setup_teardown(test_too_many_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless_bridges, setup, teardown),
        cmocka_unit_test(test_answers_of_the_wrong_type),
        cmocka_unit_test(test_lists_of_the_wrong_type),
        cmocka_unit_test_setup_teardown(test_an_old_qemu_without_a_report, setup, teardown),
        cmocka_unit_test(test_a_stall_at_every_depth),
        cmocka_unit_test_setup_teardown(test_garbage_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_second_look_sees_what_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beside_another_backend, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
