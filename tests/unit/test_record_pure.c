// SPDX-License-Identifier: MIT
// What the record says of states that few domains are in, without xenstore.
#include "base/arena.h"
#include "record/adopt.h"
#include "record/journal.h"
#include "record/recording.h"
#include "record/saved.h"
#include "unit.h"

#include <stdlib.h>

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct domain domain;
static struct topology topology;
static struct host_device stick = { .bus = 1, .address = 6, .busid = "1-1.3" };
static struct controller controller;
static struct device device;
static struct record_controller recorded;
static struct record record;
static struct saved saved;
static const char *file; // libxl's saved configuration

const char *__wrap_saved_read(const struct session *reading, struct text *text);
const char *__wrap_saved_read(const struct session *reading, struct text *text)
{
    (void)reading;
    *text = text_of(file);
    return NULL;
}

static enum verdict unsaved;
enum verdict __wrap_note_is_unsaved(const struct session *asking);
enum verdict __wrap_note_is_unsaved(const struct session *asking)
{
    (void)asking;
    return unsaved;
}

const char *__wrap_xen_why(const struct xen *xen);
const char *__wrap_xen_why(const struct xen *xen)
{
    (void)xen;
    return "it failed";
}

// QEMU has xenusb-2 with the stick at port 1; the record, and libxl's configuration, have both.
static int begin(void **state)
{
    static char connection;
    (void)state;
    arena = arena_new(0);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = 3, .name = "web", .uuid = "u" };
    saved = (struct saved){ .first = NULL };
    session = (struct session){ .arena = arena,
                                .diags = &diags,
                                .domain = &domain,
                                .xen = (struct xen *)&connection,
                                .record = &record,
                                .saved = &saved };
    topology = (struct topology){ .qemu = "QEMU" };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .driver = "nec-usb-xhci",
                                      .name = "two",
                                      .id = "xenusb-2",
                                      .index = 2,
                                      .ports = 4,
                                      .present = true };
    device = (struct device){ .kind = DEVICE_HOSTDEV,
                              .id = "xenusb-1-6",
                              .path = "/machine/x",
                              .port = { 1, { 1 } },
                              .host = &stick,
                              .state = DEVICE_ATTACHED };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &device);
    recorded = (struct record_controller){ .index = 2,
                                           .kind = RECORD_EMULATED,
                                           .version = 3,
                                           .ports = 4,
                                           .port = { NULL, "1-1.3", "", "", "" } };
    record = (struct record){ .controllers = &recorded };
    unsaved = VERDICT_NO;
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// ---- what a command that was killed has not recorded ----

static void test_controllers_that_the_record_lacks(void **state)
{
    (void)state;
    assert_false(record_lacks_controller(&record, &controller));
    controller.index = 3;
    controller.id = "xenusb-3";
    assert_true(record_lacks_controller(&record, &controller));
    controller.present = false;
    assert_false(record_lacks_controller(&record, &controller));
    controller.present = true;
    controller.stale = true;
    assert_false(record_lacks_controller(&record, &controller));
    controller.stale = false;
    controller.pvusb = PVUSB_KERNEL;
    assert_false(record_lacks_controller(&record, &controller));
}

static void test_notes_that_are_missing(void **state)
{
    struct record_note note = { .id = "xenusb-2", .name = "two" };
    (void)state;
    assert_true(record_lacks_note(&record, &controller));
    record.notes = &note;
    assert_false(record_lacks_note(&record, &controller));
    note.of_device = true;
    assert_true(record_lacks_note(&record, &controller));
    controller.present = false;
    assert_false(record_lacks_note(&record, &controller));
    controller.present = true;
    controller.stale = true;
    assert_false(record_lacks_note(&record, &controller));
    controller.stale = false;
    controller.pvusb = PVUSB_QEMU;
    assert_false(record_lacks_note(&record, &controller));
    controller.pvusb = PVUSB_ANY;
    controller.id = "usb"; // not xenusb's
    assert_false(record_lacks_note(&record, &controller));
}

static void test_devices_that_the_record_lacks(void **state)
{
    (void)state;
    assert_false(record_lacks_device(&record, &device));
    recorded.port[1] = "";
    assert_true(record_lacks_device(&record, &device));
    recorded.ports = 0;
    assert_true(record_lacks_device(&record, &device));
    recorded.ports = 4;
    recorded.kind = RECORD_KERNEL;
    assert_true(record_lacks_device(&record, &device));
    device.path = "";
    assert_false(record_lacks_device(&record, &device));
    device.path = "/machine/x";
    device.host = NULL;
    assert_false(record_lacks_device(&record, &device));
    device.host = &stick;
    device.id = "";
    assert_false(record_lacks_device(&record, &device));
    // libxl cannot express it: it must be noted.
    device.id = "mine";
    assert_true(record_lacks_device(&record, &device));
    record.notes = &(struct record_note){ .of_device = true, .id = "mine" };
    assert_false(record_lacks_device(&record, &device));
    controller.index = -1;
    assert_false(record_lacks_device(&record, &device));
}

// ---- libxl's saved configuration ----

#define CONTROLLER "{\"devid\": 2, \"type\": \"devicemodel\", \"version\": 3, \"ports\": 4}"
#define DEVICE     "{\"ctrl\": 2, \"port\": 1, \"type.hostdev\": {\"hostbus\": 1, \"hostaddr\": 6}}"

// What is to be changed in it.
static const char *to_catch_up(const char *controllers, const char *devices)
{
    const char *missing;
    saved.first = NULL;
    file = arena_printf(arena, "{\"usbctrls\": [%s], \"usbdevs\": [%s]}", controllers, devices);
    const char *why = saved_catch_up(&session, &topology, &missing);
    if (why)
        return why;
    return missing ? missing : saved.first ? "it has too much" : "nothing";
}

static void test_a_configuration_that_is_up_to_date(void **state)
{
    (void)state;
    assert_string_equal(to_catch_up(CONTROLLER, DEVICE), "nothing");
    // What libxl leaves out, or decides when it reads the file, is no difference.
    assert_string_equal(to_catch_up("{\"devid\": 2, \"type\": \"auto\"}", DEVICE), "nothing");
    recorded.version = 0;
    assert_string_equal(to_catch_up("{\"devid\": 2, \"version\": 1}", DEVICE), "nothing");
    // Entries without the numbers of a controller or port are not xenusb's.
    assert_string_equal(to_catch_up(CONTROLLER ",{\"type\": \"pv\"}", DEVICE ",{\"ctrl\": 2}"),
                        "nothing");
}

static void test_a_configuration_that_lacks_something(void **state)
{
    (void)state;
    assert_string_equal(to_catch_up("", ""), "controller two, 1-1.3 at two.1");
    assert_string_equal(to_catch_up("{\"devid\": 2, \"type\": \"pv\"}", DEVICE), "controller two");
    assert_string_equal(to_catch_up("{\"devid\": 2, \"version\": 2}", DEVICE), "controller two");
    assert_string_equal(to_catch_up(CONTROLLER, "{\"ctrl\": 2, \"port\": 1, \"type.hostdev\": "
                                                "{\"hostbus\": 2, \"hostaddr\": 6}}"),
                        "1-1.3 at two.1");
    assert_string_equal(to_catch_up(CONTROLLER, "{\"ctrl\": 2, \"port\": 1, \"type.hostdev\": "
                                                "{\"hostbus\": 1, \"hostaddr\": 7}}"),
                        "1-1.3 at two.1");
    assert_string_equal(to_catch_up(CONTROLLER, "{\"ctrl\": 2, \"port\": 2}"), "1-1.3 at two.1");
}

static void test_what_does_not_belong_into_it(void **state)
{
    (void)state;
    device.host = NULL;
    assert_string_equal(to_catch_up(CONTROLLER, ""), "nothing");
    device.host = &stick;
    controller.stale = true;
    assert_string_equal(to_catch_up("", DEVICE), "nothing");
    controller.stale = false;
    recorded.kind = RECORD_KERNEL; // it is another controller with that index
    assert_string_equal(to_catch_up("", DEVICE), "nothing");
    controller.model = NULL;
    recorded.kind = RECORD_EMULATED;
    assert_string_equal(to_catch_up("", DEVICE), "nothing");
}

static void test_a_configuration_that_has_too_much(void **state)
{
    (void)state;
    assert_string_equal(to_catch_up(CONTROLLER ",{\"devid\": 9}", DEVICE), "it has too much");
    assert_string_equal(to_catch_up(CONTROLLER, DEVICE ",{\"ctrl\": 2, \"port\": 3}"),
                        "it has too much");
    assert_string_equal(to_catch_up(CONTROLLER, DEVICE ",{\"ctrl\": 2, \"port\": 0}"), "nothing");
    // Of a controller of which only the index is known.
    recorded.kind = RECORD_UNKNOWN;
    assert_string_equal(to_catch_up(CONTROLLER, DEVICE ",{\"ctrl\": 2, \"port\": 3}"), "nothing");
}

static void test_a_configuration_that_is_left_alone(void **state)
{
    (void)state;
    unsaved = VERDICT_YES;
    assert_string_equal(to_catch_up("", ""), "nothing");
    assert_null(saved.first);
    unsaved = VERDICT_UNKNOWN;
    assert_string_equal(to_catch_up("", ""), "it failed");
    assert_null(saved.first);
    unsaved = VERDICT_NO;
    session.record = NULL;
    assert_string_equal(to_catch_up("", ""), "nothing");
    session.record = &record;
    session.saved = NULL;
    assert_string_equal(to_catch_up("", ""), "nothing");
}

// ---- comparing and merging ----

static void test_records_that_differ(void **state)
{
    struct record_controller other = recorded;
    struct record second = { .controllers = &other }, empty = { .controllers = NULL };
    (void)state;
    assert_true(record_has_same(&record, &second, 2, 1));
    assert_true(record_has_same(&record, &second, 5, 1));
    assert_false(record_has_same(&record, &empty, 2, 1));
    assert_false(record_has_same(&empty, &record, 2, 1));
    other.port[1] = "1-4";
    assert_false(record_has_same(&record, &second, 2, 1));
    assert_true(record_has_same(&record, &second, 2, 0));
    other = recorded;
    other.kind = RECORD_KERNEL;
    assert_false(record_has_same(&record, &second, 2, 1));
    other = recorded;
    other.version = 1;
    assert_false(record_has_same(&record, &second, 2, 1));
    other = recorded;
    other.ports = 3;
    assert_false(record_has_same(&record, &second, 2, 1));
    assert_string_equal(record_busid_of(&other, 4), "");
    assert_string_equal(record_busid_of(&other, 0), "");
}

// What was noted of the devices of a QEMU that has exited.
static void test_notes_of_a_qemu_that_has_exited(void **state)
{
    struct record_note named = { .id = "own", .name = "fast", .leaving = "" };
    struct record_note other = { .next = &named, .id = "other", .name = "slow", .leaving = "" };
    struct record_note unnamed = { .next = &other, .id = "own", .name = "", .leaving = "" };
    struct record_note without_id = { .next = &unnamed,
                                      .of_device = true,
                                      .id = "",
                                      .busid = "1-5",
                                      .controller = "own",
                                      .port = "1",
                                      .name = "" };
    struct record_note without_busid = { .next = &without_id,
                                         .of_device = true,
                                         .id = "e",
                                         .busid = "",
                                         .controller = "own",
                                         .port = "1",
                                         .name = "" };
    struct record_note nowhere = { .next = &without_busid,
                                   .of_device = true,
                                   .id = "f",
                                   .busid = "1-6",
                                   .controller = "",
                                   .port = "1",
                                   .name = "" };
    struct record_note key = { .next = &nowhere,
                               .of_device = true,
                               .id = "d",
                               .busid = "1-4",
                               .controller = "own",
                               .port = "2",
                               .name = "" };
    (void)state;
    record = (struct record){ .notes = &key };
    topology = (struct topology){ .qemu_ended = true };
    record_merge(&session, &record, &topology);
    const struct controller *own = topology.controllers;
    assert_string_equal(own->name, "fast");
    assert_true(own->stale);
    assert_string_equal(own->devices->id, "d");
    assert_int_equal(own->devices->state, DEVICE_GONE);
    assert_null(own->devices->next);
    assert_string_equal(own->next->devices->id, "f");
    assert_null(own->next->next);
}

static void test_ids_of_other_numbers(void **state)
{
    (void)state;
    controller.id = "xenusb-2-3";
    assert_false(record_expresses_controller(&controller));
    controller.id = "xenusb-2";
    device.id = "xenusb-2-6";
    assert_false(record_expresses_device(&device));
    assert_string_equal(record_key(arena, "AZaz{[@`"), "AZaz@7b@5b@40@60");
}

// ---- journals of strangers ----

static void test_steps_that_are_too_long(void **state)
{
    static const char step[] = "[{\"op\":\"add\",\"index\":0,\"name\":\"a\"}]";
    struct journal journal = { .state = JOURNAL_OPEN };
    size_t count;
    char *text = arena_alloc(arena, 5001);
    (void)state;
    struct step keep = { .op = STEP_KEEP, .controller = &controller };
    struct plan plan = { .first = &keep };
    (void)journal_nodes(arena, &plan, NULL, &count);
    assert_int_equal(count, 0);
    memset(text, ' ', 5000);
    memcpy(text, step, sizeof step - 1);
    journal_read_node(arena, text_of(text), 0, &journal);
    assert_int_equal(journal.state, JOURNAL_TORN);
    journal = (struct journal){ .state = JOURNAL_OPEN };
    text[sizeof step - 1] = '\0';
    journal_read_node(arena, text_of(text), 0, &journal);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    journal_read_node(arena,
                      text_of("[{\"op\":\"add\",\"index\":0,\"name\":\"a\",\"kind\":"
                              "\"tablet\"}]"),
                      1, &journal);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_int_equal(journal.steps->next->port.depth, 0);
    memset(text, 'a', 600);
    text[600] = '\0';
    journal_read_node(
        arena, text_of(arena_printf(arena, "[{\"op\":\"add\",\"index\":0,\"name\":\"%s\"}]", text)),
        2, &journal);
    assert_int_equal(journal.state, JOURNAL_TORN);
    journal_read_header(
        arena, text_of("{\"xenusb\":1,\"nodes\":1,\"uuid\":\"u\",\"pid\":99999999999}"), &journal);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_int_equal(journal.process, 0);
    assert_false(journal_owner_runs(arena, &journal));
}

static void test_without_xen_nothing_is_noted(void **state)
{
    (void)state;
    domain.id = -1;
    record_note_unsaved(&session);
    assert_null(diags.first);
    assert_int_equal(record_one(&session, STEP_ADD, &controller, &device), STATUS_OK);
    assert_null(saved.first);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_controllers_that_the_record_lacks),
        CASE(test_notes_that_are_missing),
        CASE(test_devices_that_the_record_lacks),
        CASE(test_a_configuration_that_is_up_to_date),
        CASE(test_a_configuration_that_lacks_something),
        CASE(test_what_does_not_belong_into_it),
        CASE(test_a_configuration_that_has_too_much),
        CASE(test_a_configuration_that_is_left_alone),
        CASE(test_records_that_differ),
        CASE(test_notes_of_a_qemu_that_has_exited),
        CASE(test_ids_of_other_numbers),
        CASE(test_steps_that_are_too_long),
        CASE(test_without_xen_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
