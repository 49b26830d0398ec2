// SPDX-License-Identifier: MIT
// How steps are shown that few plans have.
#include "cli/show.h"

#include "base/arena.h"
#include "base/json.h"
#include "host/endpoints.h"
#include "unit.h"

#include <stdlib.h>

static struct arena *arena;
static struct domain domain = { .id = -1, .name = "a QEMU", .qmp_socket = "/run/q" };
static struct topology topology = { .domain = &domain };
static struct host_device stick = { .bus = 2,
                                    .address = 3,
                                    .busid = "2-3",
                                    .vendor = 0x781,
                                    .product = 0x5581,
                                    .speed = SPEED_SUPER,
                                    .manufacturer = "",
                                    .endpoints =
                                        &(struct host_endpoints){ .fits_high_speed = true },
                                    .serial = "",
                                    .name = "Fast" };
static struct controller controller = {
    .name = "hci0", .driver = "strange-usb", .ports = 2, .ports_usb2 = 2, .topology = &topology
};
static struct device device;
static struct step step;
static struct plan plan = { .topology = &topology, .first = &step };

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    device = (struct device){
        .kind = DEVICE_HOSTDEV, .controller = &controller, .id = "", .port = { 1, { 1 } }
    };
    step = (struct step){ .op = STEP_ADD, .controller = &controller, .device = &device };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *shown(void (*show)(struct arena *arena, const struct plan *plan, FILE *stream))
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    show(arena, &plan, stream);
    fclose(stream);
    const char *kept = arena_copy(arena, text, size);
    free(text);
    return kept;
}

static void want(const char *part)
{
    const char *text = shown(show_plan);
    if (!strstr(text, part))
        fail_msg("not \"%s\" in:\n%s", part, text);
}

static void test_devices_that_are_gone(void **state)
{
    (void)state;
    device.selector = (struct selector){ .criteria = SELECT_BUSID, .busid = "1-4" };
    step.op = STEP_REMOVE;
    want("- 1-4");
    want("from hci0.1");
    // Its busid is not in its name.
    device.label = "1050:0407 YubiKey";
    want("1-4, from hci0.1");
    device.label = "1-4 that is its name";
    want("  from hci0.1");
    device.selector.criteria = 0;
    device.selector.busid[0] = '\0';
    want("  from hci0.1");
}

static void test_ports_that_are_slower(void **state)
{
    (void)state;
    device.host = &stick;
    want("2-3, super speed, to hci0.1\n"); // of a model that is not known
    controller.model = controller_model_for(3);
    want("2-3, super speed, to hci0.1 at high speed");
    controller.ports_usb2 = 0; // at none that it has
    want("2-3, super speed, to hci0.1\n");
    controller.ports_usb2 = 2;
    controller.model = NULL;
}

static void test_steps_without_a_controller(void **state)
{
    (void)state;
    device.host = &stick;
    device.controller = NULL;
    step.controller = NULL;
    step.op = STEP_REFUSE;
    want("refused: see below");
    step.words = "it is a hub";
    want("refused: it is a hub");
    step.op = STEP_SKIP;
    want("skipped: it is a hub");
}

static const char *as_json(void)
{
    struct json_writer *writer = json_writer_new(arena, true);
    json_open_array(writer);
    show_steps_json(arena, &plan, writer);
    json_close(writer);
    return json_writer_end(writer).at;
}

static void test_as_json(void **state)
{
    (void)state;
    device.host = &stick;
    step.state = STEP_PLANNED;
    const char *text = as_json();
    assert_non_null(strstr(text, "\"domid\": null"));
    assert_non_null(strstr(text, "\"model\": null"));
    assert_non_null(strstr(text, "\"why\": null"));
    assert_non_null(strstr(text, "\"state\": \"planned\""));
    domain.id = 3;
    step.source = source_from_bytes(arena, "a.cfg", "usb\n", 4);
    step.why = (struct span){ 0, 3 };
    text = as_json();
    assert_non_null(strstr(text, "\"domid\": 3"));
    assert_non_null(strstr(text, "\"file\": \"a.cfg\""));
    want("a.cfg:1");
    step.why = SPAN_NONE;
    assert_non_null(strstr(as_json(), "\"why\": null"));
    domain.id = -1;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_devices_that_are_gone),
        CASE(test_ports_that_are_slower),
        CASE(test_steps_without_a_controller),
        CASE(test_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
