// SPDX-License-Identifier: MIT
// Problems of a domain with a given record and topology; needs no xenstore.
#include "base/arena.h"
#include "doctor/problem.h"
#include "host/host.h"
#include "host/modules.h"
#include "unit.h"

static struct arena *arena;
static struct domain domain = { .id = 3, .name = "win10", .type = DOMAIN_HVM };
static struct host_device stick = { .bus = 1, .address = 6, .busid = "1-1.3" };
static struct topology topology;
static struct controller controller;
static struct device device;
static struct record_controller recorded;
static struct record record;
static struct problems problems;

// QEMU has xenusb-0 with the stick at port 1, and the record agrees.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    topology = (struct topology){ .qemu = "QEMU", .domain = &domain };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .driver = "nec-usb-xhci",
                                      .name = "hci0",
                                      .id = "xenusb-0",
                                      .path = "/machine/peripheral/xenusb-0",
                                      .ports = 4,
                                      .present = true };
    device = (struct device){ .kind = DEVICE_HOSTDEV,
                              .id = "xenusb-1-6",
                              .path = "/machine/peripheral/xenusb-1-6",
                              .port = { 1, { 1 } },
                              .selector = { .criteria = SELECT_BUSID, .busid = "1-1.3" },
                              .host = &stick,
                              .state = DEVICE_ATTACHED };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &device);
    recorded = (struct record_controller){
        .kind = RECORD_EMULATED, .version = 3, .ports = 4, .port = { NULL, "1-1.3", "", "", "" }
    };
    record = (struct record){ .controllers = &recorded };
    problems_init(&problems);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct problem *found_in(bool ended)
{
    problems_of_domain(arena, &record, &topology, ended, &problems);
    return problems.first;
}

static void want_one(const struct problem *problem, enum problem_kind kind, const char *what)
{
    assert_int_equal(problems.count, 1);
    assert_int_equal(problem->kind, kind);
    assert_int_equal(problem->domain, 3);
    assert_string_equal(problem->what, what);
}

static void test_no_problem(void **state)
{
    (void)state;
    assert_null(found_in(false));
    assert_null(found_in(true));
}

static void test_device_only_in_record(void **state)
{
    (void)state;
    device.id = device.path = "";
    device.host = NULL;
    device.state = DEVICE_GONE;
    const struct problem *found = found_in(false);
    want_one(found, PROBLEM_BUSID, "1-1.3 at hci0.1");
    assert_string_equal(found->frees, "1-1.3");
    assert_string_equal(found->fix, "to fix it: xenusb repair win10");
}

static void test_device_unplugged(void **state)
{
    (void)state;
    device.host = NULL;
    device.state = DEVICE_GONE;
    const struct problem *found = found_in(false);
    want_one(found, PROBLEM_DEVICE, "1-1.3 at hci0.1");
    assert_string_equal(found->fix,
                        "to fix it: xenusb repair win10; once it is plugged in "
                        "again, to attach it: xenusb attach win10 busid=1-1.3,bus=hci0,port=1");
}

static void test_controller_only_in_record(void **state)
{
    (void)state;
    controller.stale = true;
    controller.devices = NULL;
    want_one(found_in(false), PROBLEM_CONTROLLER, "controller hci0");
}

static void test_controller_not_recorded(void **state)
{
    (void)state;
    controller.devices = NULL;
    record.controllers = NULL;
    want_one(found_in(false), PROBLEM_UNKNOWN_CONTROLLER, "controller hci0");
    // libxl's record has no room for a controller that libxl could not have created.
    problems_init(&problems);
    controller.id = "usb";
    controller.index = -1;
    assert_null(found_in(false));
}

static void test_device_not_recorded(void **state)
{
    (void)state;
    recorded.port[1] = "";
    want_one(found_in(false), PROBLEM_UNKNOWN_DEVICE, "1-1.3 at hci0.1");
    // A device with a foreign id belongs in a note.
    struct record_note note = { .of_device = true, .id = "mine", .busid = "1-1.3", .key = "mine" };
    problems_init(&problems);
    device.id = "mine";
    recorded.port[1] = NULL;
    want_one(found_in(false), PROBLEM_UNKNOWN_DEVICE, "1-1.3 at hci0.1");
    problems_init(&problems);
    record.notes = &note;
    assert_null(found_in(false));
    // One that still waits for its device has no record yet.
    problems_init(&problems);
    record.notes = NULL;
    device.state = DEVICE_WAITING;
    assert_null(found_in(false));
}

static void test_port_shown_as_free(void **state)
{
    (void)state;
    device.kind = DEVICE_TABLET;
    device.id = "xenusb_tablet0";
    device.host = NULL;
    device.state = DEVICE_PRESENT;
    recorded.port[1] = "";
    assert_int_equal(found_in(false)->kind, PROBLEM_PORT);
    problems_init(&problems);
    recorded.port[1] = NULL;
    assert_null(found_in(false));
}

static void test_notes(void **state)
{
    (void)state;
    struct record_note note = { .id = "xenusb_x", .key = "xenusb@5fx", .busid = "" };
    record.notes = &note;
    want_one(found_in(false), PROBLEM_NOTE, "note of controller xenusb_x");
    problems_init(&problems);
    record.notes = NULL;
    record.foreign = true;
    want_one(found_in(false), PROBLEM_FOREIGN, "xenusb's notes");
    // Notes from before a reboot are one problem, however many there are.
    problems_init(&problems);
    record = (struct record){ .controllers = &recorded, .notes = &note, .former = "/xenusb/2" };
    want_one(found_in(false), PROBLEM_FOREIGN, "xenusb's notes of controllers");
}

// Without QEMU, nothing is reported that only QEMU knows.
static void test_qemu_not_asked(void **state)
{
    (void)state;
    struct record_note note = { .id = "xenusb_x", .key = "xenusb@5fx", .busid = "" };
    record.notes = &note;
    topology.qemu = NULL;
    controller.stale = true;
    device.state = DEVICE_GONE;
    assert_null(found_in(false));
}

static void pvusb(enum pvusb_backend kind)
{
    topology.qemu = NULL;
    controller.model = controller_model_pvusb(2);
    controller.pvusb = kind;
    controller.id = "vusb-0";
    controller.path = device.id = device.path = "";
    recorded.kind = kind == PVUSB_QEMU ? RECORD_QEMU : RECORD_KERNEL;
}

static void test_pvusb(void **state)
{
    (void)state;
    pvusb(PVUSB_QEMU);
    assert_null(found_in(false));
    device.state = DEVICE_UNKNOWN;
    assert_null(found_in(false));
    // Its QEMU has exited, but that of a driver domain has not.
    want_one(found_in(true), PROBLEM_BUSID, "1-1.3 at hci0.1");
    problems_init(&problems);
    controller.backend_domain = 2;
    assert_null(found_in(true));
    controller.backend_domain = 0;
    device.state = DEVICE_GONE;
    want_one(found_in(false), PROBLEM_DEVICE, "1-1.3 at hci0.1");
    // usbback needs no QEMU.
    problems_init(&problems);
    pvusb(PVUSB_KERNEL);
    device.state = DEVICE_ATTACHED;
    assert_null(found_in(true));
}

static void test_problem_again(void **state)
{
    (void)state;
    struct problems second;
    problems_init(&second);
    device.host = NULL;
    device.state = DEVICE_GONE;
    const struct problem *first = found_in(false);
    problems_of_domain(arena, &record, &topology, false, &second);
    assert_ptr_equal(problem_again(&second, first), second.first);
    second.first->domain = 4;
    assert_null(problem_again(&second, first));
    // Another device at that port is another problem.
    problems_init(&second);
    snprintf(device.selector.busid, sizeof device.selector.busid, "1-4");
    problems_of_domain(arena, &record, &topology, false, &second);
    assert_int_equal(second.count, 1);
    assert_null(problem_again(&second, first));
}

static void test_log_line(void **state)
{
    (void)state;
    struct problem problem = { .domain = 3,
                               .name = "win\n10",
                               .what = "controller 1",
                               .why = "QEMU has none",
                               .state = PROBLEM_FIXED };
    assert_string_equal(problem_log_line(arena, &problem, "root"),
                        "fixed controller 1 of win\\x0a10 (3): QEMU has none; by root");
    problem.state = PROBLEM_LEFT;
    problem.domain = -1;
    problem.failure = "no";
    assert_string_equal(problem_log_line(arena, &problem, "root"),
                        "could not fix controller 1: QEMU has none; by root: no");
}

static void test_aliases(void **state)
{
    (void)state;
    static const char modalias[] = "usb:v1050p0407d0543dc00dsc00dp00ic03isc01ip01in00";
    const char *module = NULL;
    static const struct {
        const char *line;
        const char *module; // NULL: does not fit
    } rows[] = {
        { "alias usb:v*p*d*dc*dsc*dp*ic03isc*ip*in* usbhid", "usbhid" },
        { "usbhid.alias=usb:v*p*d*dc*dsc*dp*ic03isc*ip*in*", "usbhid" },
        { "alias usb:v*p*d*dc*dsc*dp*ic08isc*ip*in* usb_storage", NULL },
        { "alias pci:* anything", NULL },
        { "usbhid.description=usb:*", NULL },
        { "alias usb:", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool fits = modules_alias_matches(arena, text_of(rows[i].line), modalias, &module);
        assert_int_equal(fits, rows[i].module != NULL);
        if (fits)
            assert_string_equal(module, rows[i].module);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_problem, begin, end),
        cmocka_unit_test_setup_teardown(test_device_only_in_record, begin, end),
        cmocka_unit_test_setup_teardown(test_device_unplugged, begin, end),
        cmocka_unit_test_setup_teardown(test_controller_only_in_record, begin, end),
        cmocka_unit_test_setup_teardown(test_controller_not_recorded, begin, end),
        cmocka_unit_test_setup_teardown(test_device_not_recorded, begin, end),
        cmocka_unit_test_setup_teardown(test_port_shown_as_free, begin, end),
        cmocka_unit_test_setup_teardown(test_notes, begin, end),
        cmocka_unit_test_setup_teardown(test_qemu_not_asked, begin, end),
        cmocka_unit_test_setup_teardown(test_pvusb, begin, end),
        cmocka_unit_test_setup_teardown(test_problem_again, begin, end),
        cmocka_unit_test_setup_teardown(test_log_line, begin, end),
        cmocka_unit_test_setup_teardown(test_aliases, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
