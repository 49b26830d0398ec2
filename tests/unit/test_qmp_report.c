// SPDX-License-Identifier: MIT
#include "backends/qmp/report.h"
#include "base/arena.h"
#include "unit.h"

static int setup(void **state)
{
    *state = arena_new(0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static unsigned count_lines(const struct report_line *line)
{
    unsigned count = 0;
    for (; line; line = line->next)
        count++;
    return count;
}

static void test_lines_of_qemu(void **state)
{
    struct report_line *line = report_read(
        *state, text_of("  Device 0.0, Port 4, Speed 1.5 Mb/s, Product USB Host Device, ID: h4\n"
                        "  Device 1.127, Port 3.1.2, Speed 480 Mb/s, Product QEMU USB Tablet\n"
                        "  Device 2.1, Port 15, Speed 5000 Mb/s, Product \n"
                        "  Device 2.2, Port 1, Speed ? Mb/s, Product a, ID: b, ID: x-1.y_z\n"
                        "  Device 2.3, Port 1, Speed 12 Mb/s, Product a, ID: 9, ID: not an id\n"));
    assert_int_equal(count_lines(line), 5);
    assert_int_equal(line->bus, 0);
    assert_int_equal(line->port.number[0], 4);
    assert_int_equal(line->speed, SPEED_LOW);
    assert_true(text_is(line->product, "USB Host Device"));
    assert_true(text_is(line->id, "h4"));
    line = line->next;
    assert_int_equal(line->bus, 1);
    assert_int_equal(line->port.depth, 3);
    assert_int_equal(line->speed, SPEED_HIGH);
    assert_int_equal(line->id.size, 0);
    line = line->next;
    assert_int_equal(line->speed, SPEED_SUPER);
    assert_int_equal(line->product.size, 0);
    line = line->next;
    assert_int_equal(line->speed, SPEED_UNKNOWN);
    assert_true(text_is(line->id, "x-1.y_z"));
    assert_true(text_is(line->product, "a, ID: b"));
    line = line->next;
    assert_int_equal(line->speed, SPEED_FULL);
    assert_int_equal(line->id.size, 0);
}

static void test_lines_that_do_not_parse(void **state)
{
    static const char *const no_lines[] = {
        "",
        "USB support not enabled",
        "Device 0.0, Port 4, Speed 12 Mb/s, Product x",
        "  Device 0, Port 4, Speed 12 Mb/s, Product x",
        "  Device 0.0, Port , Speed 12 Mb/s, Product x",
        "  Device 0.0, Port 1.2.3.4.5.6.7, Speed 12 Mb/s, Product x",
        "  Device 0.0, Port 300, Speed 12 Mb/s, Product x",
        "  Device a.0, Port 3, Speed 12 Mb/s, Product x",
        "  Device 0.999, Port 3, Speed 12 Mb/s, Product x",
        "  Device 0.0, Port 3, Speed 12 Mb/s",
        "  Device 0.0, Port 3",
    };
    for (size_t i = 0; i < sizeof no_lines / sizeof *no_lines; i++)
        assert_null(report_read(*state, text_of(no_lines[i])));
}

// The shortest line that parses is longer than a product name can be (31 bytes).
static void test_a_product_name_cannot_forge_a_line(void **state)
{
    static const char shortest[] = "\n  Device 0.0, Port 1, Speed  Mb/s, Product ";
    assert_int_equal(count_lines(report_read(*state, text_of(shortest))), 1);
    assert_true(sizeof shortest - 1 > 31);
    struct report_line *line = report_read(
        *state,
        text_of("  Device 0.1, Port 2, Speed 12 Mb/s, Product \n  Device 0.0, Port 1, Spee\n"));
    assert_int_equal(count_lines(line), 1);
    assert_int_equal(line->product.size, 0);
}

static void test_lines_are_bounded(void **state)
{
    enum { MANY = REPORT_LINES_MAX + 5 };
    static const char one[] = "  Device 0.0, Port 1, Speed 12 Mb/s, Product x\n";
    size_t size = sizeof one - 1;
    char *text = arena_alloc(*state, MANY * size);
    for (size_t i = 0; i < MANY; i++)
        memcpy(text + i * size, one, size);
    assert_int_equal(count_lines(report_read(*state, (struct text){ text, MANY * size })),
                     REPORT_LINES_MAX);
}

// ---- placing ----

struct scene {
    struct arena *arena;
    struct topology topology;
    struct controller *controller;
};

static void with_controller(struct scene *scene)
{
    scene->controller = arena_new_of(scene->arena, struct controller);
    scene->controller->index = -1;
    topology_add_controller(&scene->topology, scene->controller);
}

static struct device *with_device(struct scene *scene, enum device_kind kind, const char *id,
                                  struct port port)
{
    struct device *device = arena_new_of(scene->arena, struct device);
    device->kind = kind;
    device->id = id;
    device->port = port;
    controller_add_device(scene->controller, device);
    return device;
}

static void place(struct scene *scene, const char *text)
{
    report_place(scene->arena, report_read(scene->arena, text_of(text)), &scene->topology);
}

static const char *port_of(const struct device *device)
{
    static char buf[PORT_TEXT_SIZE];
    return port_write(device->port, buf);
}

// Recorded from a QEMU 7.2.22: devices in the order of their creation.
static void test_a_real_report_with_an_automatic_hub(void **state)
{
    static const char text[] =
        "  Device 0.0, Port 4, Speed 1.5 Mb/s, Product USB Host Device, ID: h4\n"
        "  Device 0.0, Port 1, Speed 1.5 Mb/s, Product USB Host Device, ID: h5\n"
        "  Device 0.0, Port 2, Speed 1.5 Mb/s, Product USB Host Device, ID: h6\n"
        "  Device 0.0, Port 3, Speed 12 Mb/s, Product QEMU USB Hub\n"
        "  Device 0.0, Port 3.1, Speed 1.5 Mb/s, Product USB Host Device, ID: h7\n"
        "  Device 0.0, Port 3.4, Speed 12 Mb/s, Product QEMU USB Keyboard\n";
    struct scene scene = { .arena = *state };
    with_controller(&scene);
    struct device *h4 = with_device(&scene, DEVICE_HOSTDEV, "h4", PORT_ANY);
    with_device(&scene, DEVICE_HOSTDEV, "h5", PORT_ANY);
    with_device(&scene, DEVICE_HOSTDEV, "h6", PORT_ANY);
    struct device *h7 = with_device(&scene, DEVICE_HOSTDEV, "h7", PORT_ANY);
    struct device *hub = with_device(&scene, DEVICE_HUB, "", PORT_ANY);
    struct device *keyboard = with_device(&scene, DEVICE_KEYBOARD, "", PORT_ANY);
    place(&scene, text);
    assert_string_equal(port_of(h4), "4");
    assert_int_equal(h4->speed, SPEED_UNKNOWN); // only the host knows that of a host device
    assert_string_equal(port_of(h7), "3.1");
    assert_string_equal(port_of(hub), "3");
    assert_string_equal(port_of(keyboard), "3.4");
    assert_int_equal(keyboard->speed, SPEED_FULL);
    assert_false(scene.controller->has_unplaced);
    assert_string_equal(port_of(scene.controller->devices), "1"); // sorted again
}

static void test_the_machines_own_controller(void **state)
{
    struct scene scene = { .arena = *state };
    with_controller(&scene); // without any device
    with_controller(&scene);
    struct device *stick = with_device(&scene, DEVICE_DISK, "st", (struct port){ 1, { 2 } });
    with_controller(&scene);
    struct device *tablet = with_device(&scene, DEVICE_TABLET, "", PORT_ANY);
    struct device *mouse = with_device(&scene, DEVICE_MOUSE, "", PORT_ANY);
    place(&scene, "  Device 7.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet\n"
                  "  Device 3.0, Port 2, Speed 480 Mb/s, Product QEMU USB HARDDRIVE, ID: st\n"
                  "  Device 7.0, Port 2, Speed 12 Mb/s, Product QEMU USB Mouse\n");
    assert_string_equal(port_of(tablet), "1");
    assert_string_equal(port_of(mouse), "2");
    assert_int_equal(stick->speed, SPEED_HIGH);
    assert_false(scene.controller->has_unplaced);
}

static void test_devices_with_a_known_port_keep_it(void **state)
{
    struct scene scene = { .arena = *state };
    with_controller(&scene);
    struct device *tablet = with_device(&scene, DEVICE_TABLET, "", (struct port){ 1, { 2 } });
    struct device *mouse = with_device(&scene, DEVICE_MOUSE, "", PORT_ANY);
    struct device *keyboard = with_device(&scene, DEVICE_KEYBOARD, "k", (struct port){ 1, { 5 } });
    place(&scene, "  Device 0.0, Port 2, Speed 480 Mb/s, Product QEMU USB Tablet\n"
                  "  Device 0.0, Port 1, Speed 480 Mb/s, Product QEMU USB Mouse\n"
                  "  Device 0.0, Port 4, Speed 480 Mb/s, Product QEMU USB Keyboard, ID: k\n");
    assert_string_equal(port_of(tablet), "2");
    assert_int_equal(tablet->speed, SPEED_HIGH);
    assert_string_equal(port_of(mouse), "1");
    assert_string_equal(port_of(keyboard), "5"); // the property of QEMU's object counts
    assert_int_equal(scene.controller->root_devices, 3);
}

// If the report is ambiguous, forged or incomplete, the port is unknown rather than guessed.
static void assert_unplaced(void **state, const char *text)
{
    struct scene scene = { .arena = *state };
    with_controller(&scene);
    struct device *named = with_device(&scene, DEVICE_HOSTDEV, "h1", PORT_ANY);
    struct device *nameless = with_device(&scene, DEVICE_HOSTDEV, "", PORT_ANY);
    place(&scene, text);
    assert_true(named->port.depth == 0 || nameless->port.depth == 0);
    assert_true(scene.controller->has_unplaced);
}

static void test_nothing_is_guessed(void **state)
{
    assert_unplaced(state, "");
    // A name that forges an id; one that splits its line; one that looks like that of a hub.
    assert_unplaced(state, "  Device 0.1, Port 1, Speed 12 Mb/s, Product Good, ID: h1\n"
                           "  Device 0.2, Port 2, Speed 12 Mb/s, Product Evil, ID: h1\n");
    assert_unplaced(state, "  Device 0.1, Port 1, Speed 12 Mb/s, Product Evil\nness, ID: h1\n"
                           "  Device 0.2, Port 2, Speed 12 Mb/s, Product Good\n");
    assert_unplaced(state, "  Device 0.1, Port 1, Speed 12 Mb/s, Product Good, ID: h1\n"
                           "  Device 0.2, Port 2, Speed 12 Mb/s, Product QEMU USB Hub\n");
    // The lines of two buses, only one of which is known.
    assert_unplaced(state, "  Device 0.1, Port 1, Speed 12 Mb/s, Product Good, ID: h1\n"
                           "  Device 1.2, Port 2, Speed 12 Mb/s, Product Good\n");
}

static void test_two_buses_without_ids_stay_unknown(void **state)
{
    struct scene scene = { .arena = *state };
    with_controller(&scene);
    struct device *tablet = with_device(&scene, DEVICE_TABLET, "", PORT_ANY);
    with_controller(&scene);
    struct device *mouse = with_device(&scene, DEVICE_MOUSE, "", PORT_ANY);
    place(&scene, "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet\n"
                  "  Device 1.0, Port 2, Speed 12 Mb/s, Product QEMU USB Mouse\n");
    assert_int_equal(tablet->port.depth, 0);
    assert_int_equal(mouse->port.depth, 0);
    assert_true(scene.topology.controllers->has_unplaced);
    assert_true(scene.controller->has_unplaced);
}

static void test_ids_that_contradict_each_other(void **state)
{
    struct scene scene = { .arena = *state };
    with_controller(&scene);
    struct device *a = with_device(&scene, DEVICE_TABLET, "a", PORT_ANY);
    struct device *b = with_device(&scene, DEVICE_MOUSE, "b", PORT_ANY);
    place(&scene, "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet, ID: a\n"
                  "  Device 1.0, Port 2, Speed 12 Mb/s, Product QEMU USB Mouse, ID: b\n");
    assert_int_equal(a->port.depth, 0);
    assert_int_equal(b->port.depth, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_qemu),
        cmocka_unit_test(test_lines_that_do_not_parse),
        cmocka_unit_test(test_a_product_name_cannot_forge_a_line),
        cmocka_unit_test(test_lines_are_bounded),
        cmocka_unit_test(test_a_real_report_with_an_automatic_hub),
        cmocka_unit_test(test_the_machines_own_controller),
        cmocka_unit_test(test_devices_with_a_known_port_keep_it),
        cmocka_unit_test(test_nothing_is_guessed),
        cmocka_unit_test(test_two_buses_without_ids_stay_unknown),
        cmocka_unit_test(test_ids_that_contradict_each_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
