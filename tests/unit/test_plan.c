// SPDX-License-Identifier: MIT
// Wanted minus present: configs as users write them, for domains with and without USB devices.
#include "base/arena.h"
#include "host/endpoints.h"
#include "parser/parser.h"
#include "plan/backend.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool serves_emulated(const struct config_controller *wanted, const struct domain *domain)
{
    return domain->type == DOMAIN_HVM && wanted->type != CONTROLLER_PV;
}

static const struct backend_ops emulating_ops = { .name = "emulating", .suits = serves_emulated };
static const struct backend served[] = { { &emulating_ops, NULL }, { NULL, NULL } };
static const struct backend *const emulating = &served[0];

// A small office: a mouse, two sticks of the same make, a key, a hub, a fast stick.
static struct host_device office[] = {
    { .bus = 1,
      .address = 2,
      .busid = "1-1",
      .vendor = 0x05e3,
      .product = 0x0608,
      .speed = SPEED_HIGH,
      .hub = true,
      .name = "Hub" },
    { .bus = 1,
      .address = 5,
      .busid = "1-1.2",
      .vendor = 0x046d,
      .product = 0xc077,
      .speed = SPEED_LOW,
      .name = "Mouse" },
    { .bus = 1,
      .address = 6,
      .busid = "1-1.3",
      .vendor = 0x0781,
      .product = 0x5581,
      .speed = SPEED_HIGH,
      .name = "Ultra",
      .serial = "4C530001" },
    { .bus = 1,
      .address = 7,
      .busid = "1-1.4",
      .vendor = 0x0781,
      .product = 0x5581,
      .speed = SPEED_HIGH,
      .name = "Ultra",
      .serial = "4C530002",
      .busy = "/dev/sda1 is mounted on /backup" },
    { .bus = 1,
      .address = 8,
      .busid = "1-4",
      .vendor = 0x1050,
      .product = 0x0407,
      .speed = SPEED_FULL,
      .name = "YubiKey" },
    { .bus = 2,
      .address = 2,
      .busid = "2-3",
      .vendor = 0x0951,
      .product = 0x1666,
      .speed = SPEED_SUPER,
      .endpoints = &(struct host_endpoints){ .fits_high_speed = true },
      .name = "Fast" },
    { .bus = 1,
      .address = 9,
      .busid = "1-5",
      .vendor = 0x0529,
      .product = 0x0001,
      .speed = SPEED_FULL,
      .name = "HASP",
      .owner = "db1 (5), 0.1",
      .owner_domain = 5 },
};
enum { OFFICE = sizeof office / sizeof *office };

struct scene {
    struct arena *arena;
    struct diags diags;
    struct domain domain;
    struct host host;
    struct topology topology;
    struct plan plan;
    struct plan_options options;
};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->arena = arena_new(4096);
    diags_init(&scene->diags, scene->arena);
    scene->domain = (struct domain){ .id = 3, .name = "win10", .type = DOMAIN_HVM, .uuid = "" };
    scene->topology.domain = &scene->domain;
    scene->options.backends = served;
    for (size_t i = 0; i < OFFICE; i++) {
        office[i].next = i + 1 < OFFICE ? &office[i + 1] : NULL;
        office[i].hold = (struct host_hold){ .holders = NULL };
        office[i].manufacturer = office[i].drivers = "";
        if (!office[i].serial)
            office[i].serial = "";
    }
    scene->host = (struct host){ .devices = office, .count = OFFICE };
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    arena_free(scene->arena);
    free(scene);
    return 0;
}

// Adds a controller that the domain already has.
static struct controller *has_controller(struct scene *scene, const char *driver, const char *name,
                                         const char *id, int index)
{
    struct controller *controller = arena_new_of(scene->arena, struct controller);
    controller->backend = emulating;
    controller->model = controller_model_named(text_of(driver));
    controller->driver = driver;
    controller->name = name;
    controller->id = controller->path = controller->bus = id;
    controller->index = index;
    controller->ports = controller->ports_usb2 = controller->ports_usb3 = controller->model->ports;
    controller->present = true;
    topology_add_controller(&scene->topology, controller);
    return controller;
}

static struct device *has_device(struct scene *scene, struct controller *controller,
                                 enum device_kind kind, const char *port, const char *id)
{
    struct device *device = arena_new_of(scene->arena, struct device);
    device->kind = kind;
    device->id = device->path = id;
    device->driver = device_model_of(kind)->driver;
    device->state = kind == DEVICE_HOSTDEV ? DEVICE_ATTACHED : DEVICE_PRESENT;
    assert_true(port_read(text_of(port), &device->port));
    controller_add_device(controller, device);
    return device;
}

static const char *const ops = "=+-!~";

static const char *dump(struct scene *scene)
{
    const char *all = "";
    for (const struct step *step = scene->plan.first; step; step = step->next) {
        char buf[PORT_TEXT_SIZE];
        const char *thing;
        if (!step->device)
            thing = arena_printf(scene->arena, "%s %s", step->controller->name,
                                 step->controller->model->name);
        else
            thing = arena_printf(scene->arena, "%s %s.%s",
                                 step->device->kind == DEVICE_HOSTDEV
                                     ? (step->device->host ? step->device->host->busid : "?")
                                     : device_model_of(step->device->kind)->name,
                                 step->controller ? step->controller->name : "",
                                 port_write(step->device->port, buf));
        all = arena_printf(scene->arena, "%s%s%c %s", all, *all ? "; " : "", ops[step->op], thing);
    }
    return all;
}

static enum status plan_of(struct scene *scene, const char *config)
{
    const struct source *source = source_from_bytes(scene->arena, "a.cfg", config, strlen(config));
    struct config *compiled = parse_config(scene->arena, &scene->diags, source);

    if (scene->diags.errors)
        diags_print(&scene->diags, stderr, false);
    assert_int_equal(scene->diags.errors, 0);
    return plan_make(&scene->diags, compiled, &scene->topology, &scene->host, &scene->options,
                     &scene->plan);
}

static void want_plan(struct scene *scene, const char *config, const char *expected)
{
    enum status status = plan_of(scene, config);
    if (scene->diags.errors)
        diags_print(&scene->diags, stderr, false);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(dump(scene), expected);
}

// The first error contains `words` and points at `word`.
static void want_refusal(struct scene *scene, const char *config, enum status status,
                         const char *word, const char *words)
{
    assert_int_equal(plan_of(scene, config), status);
    const struct diag *diag = scene->diags.first;
    while (diag && diag->severity != SEVERITY_ERROR)
        diag = diag->next;
    assert_non_null(diag);
    if (!strstr(diag->message, words))
        fail_msg("'%s' is not in '%s'", words, diag->message);
    struct text at = text_part(diag->source->text, diag->span.from, diag->span.to);
    if (!text_is(at, word))
        fail_msg("the caret is at '%.*s', not '%s'", (int)at.size, at.at, word);
}

static void test_a_new_controller_supports_every_speed(void **state)
{
    want_plan(*state, "usbdevice=['type=hostdev,busid=1-1.2','type=hostdev,busid=2-3']\n",
              "+ hci0 nec-xhci; + 1-1.2 hci0.1; + 2-3 hci0.2");
}

static void test_speed_decides_the_controller(void **state)
{
    want_plan(
        *state,
        "usbcontroller=['type=emul,name=two,usbversion=2','type=emul,name=one,usbversion=1']\n"
        "usbdevice=['type=hostdev,busid=1-1.2','type=hostdev,serial=4C530001']\n",
        "+ two ehci; + one piix3-uhci; + 1-1.2 one.1; + 1-1.3 two.1");
}

static void test_a_slow_device_never_goes_to_a_bare_ehci(void **state)
{
    want_refusal(*state,
                 "usbcontroller=['type=emul,name=two,usbversion=2']\n"
                 "usbdevice=['type=hostdev,busid=1-1.2,bus=two,port=2']\n",
                 STATUS_REQUEST, "2", "does not support the speed of Mouse (1-1.2, low speed)");
}

static void test_companions_take_slow_devices(void **state)
{
    struct scene *scene = *state;
    struct controller *ehci = has_controller(scene, "ich9-usb-ehci1", "usb", "usb", -1);
    ehci->companion_ports = 0x3f;
    scene->domain.id = -1;
    want_plan(scene, "usbdevice=['type=hostdev,busid=1-1.2']\n", "+ 1-1.2 usb.1");
}

static void test_explicit_ports_are_given_first(void **state)
{
    want_plan(
        *state,
        "usbcontroller=['type=emul,name=x,usbversion=3,numports=2']\n"
        "usbdevice=['type=hostdev,busid=1-1.2,bus=x','type=hostdev,busid=1-4,bus=x,port=1']\n",
        "+ x nec-xhci; + 1-1.2 x.2; + 1-4 x.1");
}

static void test_devices_behind_a_hub_are_placed_after_it(void **state)
{
    want_plan(*state,
              "usbcontroller=['type=emul,name=x,usbversion=3']\n"
              "usbdevice=['type=hostdev,busid=1-4,bus=x,port=2.1','type=hub,bus=x,port=2']\n",
              "+ x nec-xhci; + 1-4 x.2.1; + hub x.2");
}

static void test_a_dotted_port_needs_its_hub(void **state)
{
    want_refusal(*state,
                 "usbcontroller=['type=emul,name=x,usbversion=3']\n"
                 "usbdevice=['type=hostdev,busid=1-4,bus=x,port=2.1']\n",
                 STATUS_REQUEST, "2.1", "there is no hub for port 2.1");
}

static void test_a_second_run_has_nothing_to_do(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_HOSTDEV, "2", "xenusb-1-8")->host = &office[4];
    want_plan(scene,
              "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
              "usbdevice=['type=hostdev,id=1050:0407']\n",
              "= hci0 nec-xhci; = 1-4 hci0.2");
}

// A device whose config names no port leaves the one at a port to the config that names it.
static void test_a_second_run_matches_ports_first(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_MOUSE, "3", "xenusb-in-1");
    has_device(scene, xhci, DEVICE_MOUSE, "1", "xenusb-in-2");
    want_plan(scene,
              "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
              "usbdevice=['type=mouse,bus=hci0','type=mouse,bus=hci0,port=3']\n",
              "= hci0 nec-xhci; = mouse hci0.1; = mouse hci0.3");
}

static void test_controllers_of_xl_are_matched(void **state)
{
    struct scene *scene = *state;
    struct controller *ehci = has_controller(scene, "usb-ehci", "0", "xenusb-0", 0);
    has_device(scene, ehci, DEVICE_HOSTDEV, "3", "xenusb-1-6")->host = &office[2];
    want_plan(scene, "usbctrl=['type=devicemodel,version=2']\nusbdev=['hostbus=1,hostaddr=6']\n",
              "= 0 ehci; = 1-1.3 0.3");
}

static void test_the_config_of_the_guest_is_an_empty_plan(void **state)
{
    struct scene *scene = *state;
    struct controller *uhci = has_controller(scene, "piix3-usb-uhci", "usb", "", -1);
    has_device(scene, uhci, DEVICE_TABLET, "1", "");
    want_plan(scene, "name='win10'\ntype='hvm'\nusb=1\nusbdevice='tablet'\n",
              "= usb piix3-uhci; = tablet usb.1");
    assert_int_equal(scene->plan.add + scene->plan.remove, 0);
}

static void test_emulated_devices_avoid_controllers_of_libxl(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "nec-usb-xhci", "0", "xenusb-0", 0);
    want_plan(scene, "usbdevice=['type=tablet']\n", "+ hci0 nec-xhci; + tablet hci0.1");
    assert_int_equal(scene->plan.first->controller->index, -1);
}

static void test_emulated_devices_go_where_the_user_says(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    want_plan(scene,
              "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
              "usbdevice=['type=tablet,bus=hci0']\n",
              "= hci0 nec-xhci; + tablet hci0.1");
}

static void test_host_devices_prefer_controllers_of_libxl(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "qemu-xhci", "own", "xenusb_own", -1);
    has_controller(scene, "nec-usb-xhci", "0", "xenusb-0", 0);
    want_plan(scene, "usbdevice=['type=hostdev,id=1050:0407']\n", "+ 1-4 0.1");
}

static void test_no_such_device(void **state)
{
    want_refusal(*state, "usbdevice=['type=hostdev,id=dead:beef']\n", STATUS_REQUEST,
                 "id=dead:beef", "no USB device dead:beef is plugged");
}

// The hint of the only error about a config.
static const char *hint_of(struct scene *scene, const char *text)
{
    assert_int_equal(plan_of(scene, text), STATUS_REQUEST);
    const struct diag *diag = scene->diags.first;
    while (diag && diag->severity != SEVERITY_ERROR)
        diag = diag->next;
    assert_non_null(diag);
    diags_init(&scene->diags, scene->arena);
    return diag->hint ? diag->hint : "";
}

static void test_what_was_probably_meant(void **state)
{
    static const struct {
        const char *config, *hint;
    } rows[] = {
        { "usbdevice=['id=5581:0781']\n",
          "0781:5581 is plugged in: vendor and product are swapped" },
        { "usbdevice=['serial=4c530001']\n", "did you mean serial=4C530001?" },
        { "usbdevice=['serial=4C53002']\n", "did you mean serial=4C530002?" },
        { "usbdevice=['serial=4C53001,id=0781:5581']\n", "did you mean serial=4C530001?" },
        { "usbdevice=['serial=4C53001,id=1050:0407']\n", NULL },
        { "usbdevice=['serial=nothing']\n", NULL },
        { "usbdevice=['id=dead:beef']\n", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *hint = hint_of(*state, rows[i].config);
        if (rows[i].hint)
            assert_string_equal(hint, rows[i].hint);
        else
            assert_non_null(strstr(hint, "required=no"));
    }
}

static void test_more_than_one_match(void **state)
{
    want_refusal(*state, "usbdevice=['type=hostdev,id=0781:5581']\n", STATUS_REQUEST,
                 "id=0781:5581", "2 USB devices match 0781:5581");
}

static void test_an_absent_optional_device_is_skipped(void **state)
{
    struct scene *scene = *state;
    want_plan(scene, "usbdevice=['type=hostdev,id=dead:beef,required=no']\n", "~ ? .");
    assert_int_equal(scene->diags.warnings, 1);
}

static void test_missing_devices_are_skipped(void **state)
{
    struct scene *scene = *state;
    scene->options.skip_missing = true;
    want_plan(scene,
              "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
              "usbdevice=['id=dead:beef,bus=hci0','serial=4C530001,bus=hci0']\n",
              "+ hci0 nec-xhci; ~ ? .; + 1-1.3 hci0.1");
    assert_int_equal(scene->diags.warnings, 1);
}

static void test_missing_is_not_more_than_one(void **state)
{
    struct scene *scene = *state;
    scene->options.skip_missing = true;
    want_refusal(scene, "usbdevice=['type=hostdev,id=0781:5581']\n", STATUS_REQUEST, "id=0781:5581",
                 "2 USB devices match 0781:5581");
}

static void test_the_same_device_twice(void **state)
{
    want_refusal(*state, "usbdevice=['type=hostdev,busid=1-4','type=hostdev,id=1050:0407']\n",
                 STATUS_REQUEST, "id=1050:0407", "is requested twice");
}

static void test_hubs_are_refused(void **state)
{
    want_refusal(*state, "usbdevice=['type=hostdev,busid=1-1']\n", STATUS_REFUSED, "busid=1-1",
                 "it is a hub");
}

static void test_devices_in_use_are_refused_without_force(void **state)
{
    struct scene *scene = *state;
    want_refusal(scene, "usbdevice=['type=hostdev,serial=4C530002']\n", STATUS_REFUSED,
                 "serial=4C530002", "/dev/sda1 is mounted on /backup");
}

static void test_force_attaches_devices_in_use(void **state)
{
    struct scene *scene = *state;
    scene->options.force = true;
    want_plan(scene, "usbdevice=['type=hostdev,serial=4C530002']\n",
              "+ hci0 nec-xhci; + 1-1.4 hci0.1");
}

static void test_force_takes_no_disk_in_use(void **state)
{
    struct scene *scene = *state;
    office[3].busy_disk = true;
    scene->options.force = true;
    want_refusal(scene, "usbdevice=['type=hostdev,serial=4C530002']\n", STATUS_REFUSED,
                 "serial=4C530002", "/dev/sda1 is mounted on /backup");
    office[3].busy_disk = false;
}

static void test_force_takes_nothing_from_another_domain(void **state)
{
    struct scene *scene = *state;
    scene->options.force = true;
    struct host_device *hasp = host_next(
        &scene->host, &(struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x0529 }, NULL);
    hasp->hold = (struct host_hold){ .driver = "usbback" };
    want_refusal(scene, "usbdevice=['type=hostdev,id=0529:0001']\n", STATUS_REFUSED, "id=0529:0001",
                 "db1 (5), 0.1 has it");
}

// Its record still has it, so another guest does not get it before it is detached.
static void test_a_device_that_another_domain_has_lost(void **state)
{
    struct scene *scene = *state;
    want_refusal(scene, "usbdevice=['type=hostdev,id=0529:0001']\n", STATUS_REFUSED, "id=0529:0001",
                 "it is recorded for db1 (5), 0.1, which does not have it");
}

static void want_held_refused(struct scene *scene, struct host_hold hold, const char *words)
{
    office[4].hold = hold;
    scene->options.force = true;
    want_refusal(scene, "usbdevice=['type=hostdev,id=1050:0407']\n", STATUS_REFUSED, "id=1050:0407",
                 words);
}

static void test_force_takes_nothing_from_a_program(void **state)
{
    const struct host_holder holder = { .pid = 12, .program = "usbls", .domain = -1 };
    want_held_refused(*state, (struct host_hold){ .holders = &holder },
                      "usbls (pid 12) has it open");
}

static void test_force_takes_nothing_from_a_driver(void **state)
{
    want_held_refused(*state, (struct host_hold){ .driver = "usbip-host" },
                      "usbip exports it to other machines (driver usbip-host)");
}

static void test_force_needs_to_see_all_programs(void **state)
{
    want_held_refused(*state,
                      (struct host_hold){ .processes = part_unreadable("cannot read /proc/1/fd") },
                      "who has it is unknown: cannot read /proc/1/fd");
}

static void test_force_needs_the_records_of_all_domains(void **state)
{
    struct scene *scene = *state;
    scene->host.claims = part_unreadable("xenstored did not answer");
    want_held_refused(scene, (struct host_hold){ .holders = NULL },
                      "who has it is unknown: xenstored did not answer");
}

static void test_a_port_in_use(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_TABLET, "1", "xenusb_tablet0");
    want_refusal(scene,
                 "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
                 "usbdevice=['type=hostdev,id=1050:0407,bus=hci0,port=1']\n",
                 STATUS_REFUSED, "1", "port 1 of controller 'hci0' is already used");
}

static void test_a_full_controller(void **state)
{
    struct scene *scene = *state;
    struct controller *uhci = has_controller(scene, "piix3-usb-uhci", "hci0", "xenusb-0", 0);
    has_device(scene, uhci, DEVICE_TABLET, "1", "a");
    has_device(scene, uhci, DEVICE_MOUSE, "2", "b");
    assert_int_equal(plan_of(scene, "usbcontroller=['type=emul,name=hci0,usbversion=1']\n"
                                    "usbdevice=['type=hostdev,id=1050:0407,bus=hci0']\n"),
                     STATUS_REFUSED);
    assert_non_null(strstr(scene->diags.first->message, "controller 'hci0' is full"));
}

static void test_a_device_at_another_place(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_HOSTDEV, "1", "xenusb-1-8")->host = &office[4];
    want_refusal(scene,
                 "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
                 "usbdevice=['type=hostdev,id=1050:0407,bus=hci0,port=3']\n",
                 STATUS_REFUSED, "3", "at hci0.1");
}

// want_plan() with so many moves, and nothing else that changes.
static void want_moves(struct scene *scene, const char *config, unsigned moves,
                       const char *expected)
{
    scene->options.move = true;
    want_plan(scene, config, expected);
    assert_int_equal(scene->plan.move, moves);
    assert_int_equal(scene->plan.add + scene->plan.remove, 0);
    for (const struct step *step = scene->plan.first; step; step = step->next)
        if (step->pair) {
            assert_ptr_equal(step->pair->pair, step);
            assert_ptr_equal(step->pair->device->host, step->device->host);
            assert_int_not_equal(step->pair->op, step->op);
        }
}

static void test_a_device_at_another_place_is_moved(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_HOSTDEV, "1", "xenusb-1-8")->host = &office[4];
    want_moves(scene,
               "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
               "usbdevice=['type=hostdev,id=1050:0407,bus=hci0,port=3']\n",
               1, "- 1-4 hci0.1; = hci0 nec-xhci; + 1-4 hci0.3");
}

static void test_two_devices_change_places(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_HOSTDEV, "1", "xenusb-1-8")->host = &office[4];
    has_device(scene, xhci, DEVICE_HOSTDEV, "2", "xenusb-1-6")->host = &office[2];
    want_moves(scene,
               "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
               "usbdevice=['busid=1-4,bus=hci0,port=2','busid=1-1.3,bus=hci0,port=1']\n",
               2, "- 1-4 hci0.1; - 1-1.3 hci0.2; = hci0 nec-xhci; + 1-4 hci0.2; + 1-1.3 hci0.1");
}

static void test_a_move_to_a_port_in_use_is_refused(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_device(scene, xhci, DEVICE_HOSTDEV, "1", "xenusb-1-8")->host = &office[4];
    has_device(scene, xhci, DEVICE_TABLET, "3", "xenusb_tablet0");
    scene->options.move = true;
    want_refusal(scene,
                 "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
                 "usbdevice=['type=hostdev,id=1050:0407,bus=hci0,port=3']\n",
                 STATUS_REFUSED, "3", "port 3 of controller 'hci0'");
    assert_int_equal(scene->plan.move + scene->plan.remove, 0);
    assert_int_equal(scene->plan.refuse, 1);
}

// Without a busid, no journal could say what is on its way.
static void test_a_device_without_a_busid_is_not_moved(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    struct device *held = has_device(scene, xhci, DEVICE_HOSTDEV, "1", "mine");
    held->state = DEVICE_HELD;
    held->now = &office[4];
    held->selector = (struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x1050 };
    scene->options.move = true;
    want_refusal(scene,
                 "usbcontroller=['type=emul,name=hci0,usbversion=3,numports=4']\n"
                 "usbdevice=['type=hostdev,id=1050:0407,bus=hci0,port=3']\n",
                 STATUS_REFUSED, "3", "at hci0.1");
    assert_string_equal(scene->diags.first->hint, "detach it first, or use that port");
    assert_int_equal(scene->plan.move + scene->plan.remove, 0);
}

static void test_a_name_in_use_by_another_controller(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "usb-ehci", "hci0", "xenusb-0", 0);
    want_refusal(scene, "usbcontroller=['type=emul,name=hci0,usbversion=3']\n", STATUS_REFUSED,
                 "'type=emul,name=hci0,usbversion=3'", "it is ehci, not nec-xhci");
}

static void test_controllers_are_added_in_the_order_of_their_names(void **state)
{
    struct scene *scene = *state;
    char text[2048] = "usbdevice=[";
    for (int i = 0; i < 16; i++)
        strcat(text, "'type=tablet',");
    strcat(text, "]\n");
    scene->topology.plugging = (struct plugging){ .known = true, .models = ~0ul, .slots = 8 };
    assert_int_equal(plan_of(scene, text), STATUS_OK);
    assert_string_equal(scene->plan.first->controller->name, "hci0");
    assert_string_equal(scene->plan.first->next->controller->name, "hci1");
}

static void test_a_default_name_avoids_names_in_use(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    want_plan(scene, "usbcontroller=['type=emul,usbversion=1']\n", "+ hci1 piix3-uhci");
}

static void test_a_second_run_matches_the_changed_default_name(void **state)
{
    struct scene *scene = *state;
    has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    has_controller(scene, "piix3-usb-uhci", "hci1", "xenusb-1", 1);
    want_plan(scene, "usbcontroller=['type=emul,usbversion=1']\n", "= hci1 piix3-uhci");
}

static void test_a_replugged_device_returns_to_its_port(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "0", "xenusb-0", 0);
    struct device *stale = has_device(scene, xhci, DEVICE_HOSTDEV, "3", "xenusb-1-44");
    stale->state = DEVICE_GONE;
    stale->selector.criteria = SELECT_BUSID;
    assert_true(busid_read(text_of("1-4"), stale->selector.busid));
    want_plan(scene, "usbdevice=['type=hostdev,id=1050:0407']\n", "- ? 0.3; + 1-4 0.3");
}

// QEMU cannot open it at its port: it is removed from there, and placed again.
static void test_a_device_of_the_wrong_speed_is_placed_again(void **state)
{
    struct scene *scene = *state;
    struct controller *uhci = has_controller(scene, "piix3-usb-uhci", "usb", "", -1);
    struct device *misfit = has_device(scene, uhci, DEVICE_HOSTDEV, "1", "");
    has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    misfit->state = DEVICE_MISFIT;
    misfit->now = host_device_busid(&scene->host, "1-1.3");
    want_plan(scene, "usbdevice=['type=hostdev,serial=4C530001']\n", "- ? usb.1; + 1-1.3 hci0.1");
}

static void test_a_device_that_qemu_waits_for_is_not_added_again(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "0", "xenusb-0", 0);
    struct device *waiting = has_device(scene, xhci, DEVICE_HOSTDEV, "3", "mine");
    waiting->state = DEVICE_WAITING;
    waiting->selector = (struct selector){ .criteria = SELECT_VENDOR, .vendor = 0x1050 };
    want_plan(scene, "usbdevice=['type=hostdev,id=1050:0407']\n", "= ? 0.3");
}

// Whether the guest has it is not known: then it is not "nothing to do" either.
static void test_a_device_in_an_unknown_state(void **state)
{
    struct scene *scene = *state;
    struct controller *xhci = has_controller(scene, "nec-usb-xhci", "0", "xenusb-0", 0);
    struct device *unknown = has_device(scene, xhci, DEVICE_HOSTDEV, "3", "xenusb-1-44");
    unknown->state = DEVICE_UNKNOWN;
    unknown->reason = "cannot read /proc/7/fd";
    unknown->selector.criteria = SELECT_BUSID;
    assert_true(busid_read(text_of("1-4"), unknown->selector.busid));
    want_refusal(scene, "usbdevice=['type=hostdev,id=1050:0407']\n", STATUS_REFUSED,
                 "'type=hostdev,id=1050:0407'", "0.3 is unknown: cannot read /proc/7/fd");
}

static void test_prune_removes_what_the_config_does_not_name(void **state)
{
    struct scene *scene = *state;
    scene->options.prune = true;
    struct controller *own = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb_hci0", -1);
    struct controller *usb = has_controller(scene, "piix3-usb-uhci", "usb", "", -1);
    has_device(scene, own, DEVICE_MOUSE, "1", "xenusb_mouse0");
    has_device(scene, usb, DEVICE_TABLET, "1", "");
    want_plan(scene, "name='win10'\ntype='hvm'\nusb=1\nusbdevice='tablet'\n",
              "- mouse hci0.1; - hci0 nec-xhci; = usb piix3-uhci; = tablet usb.1");
}

// A controller or hub stays if a device stays on it.
static void test_prune_keeps_controllers_and_hubs_in_use(void **state)
{
    struct scene *scene = *state;
    scene->options.prune = true;
    struct controller *made = has_controller(scene, "nec-usb-xhci", "hci0", "xenusb-0", 0);
    struct controller *own = has_controller(scene, "nec-usb-xhci", "hci1", "xenusb_hci1", -1);
    has_device(scene, made, DEVICE_HOSTDEV, "1", "xenusb-1-8")->host = &office[4];
    has_device(scene, own, DEVICE_HUB, "2", "xenusb_hub0");
    has_device(scene, own, DEVICE_HUB, "2.1", "xenusb_hub1");
    has_device(scene, own, DEVICE_KEYBOARD, "2.1.1", "xenusb_keyboard0");
    has_device(scene, own, DEVICE_HUB, "3", "xenusb_hub2");
    has_device(scene, own, DEVICE_MOUSE, "3.1", "xenusb_mouse0");
    want_plan(scene, "usbdevice=['type=hostdev,busid=1-4','type=keyboard,bus=hci1,port=2.1.1']\n",
              "- hub hci1.3; - mouse hci1.3.1; = 1-4 hci0.1; = keyboard hci1.2.1.1");
}

static void test_models_that_cannot_be_hot_plugged(void **state)
{
    want_refusal(*state, "usbcontroller=['type=emul,model=ich9-ehci1']\n", STATUS_REFUSED,
                 "ich9-ehci1", "QEMU cannot hotplug ich9-ehci1");
}

static void test_no_free_slot(void **state)
{
    struct scene *scene = *state;
    scene->topology.plugging = (struct plugging){
        .known = true, .models = ~0ul, .slots = 0, .why_not = "bus pcie.0 takes none"
    };
    want_refusal(scene, "usbcontroller=['type=emul,name=x']\n", STATUS_REFUSED,
                 "'type=emul,name=x'", "no free slot");
}

static void test_without_xhci_the_speed_chooses_the_model(void **state)
{
    struct scene *scene = *state;
    scene->topology.plugging = (struct plugging){ .known = true, .slots = 8 };
    for (unsigned i = 0; controller_models[i].name; i++)
        if (controller_models[i].version < 3)
            scene->topology.plugging.models |= 1ul << i;
    want_plan(scene, "usbdevice=['type=hostdev,id=1050:0407','type=hostdev,serial=4C530001']\n",
              "+ hci0 piix3-uhci; + hci1 ehci; + 1-4 hci0.1; + 1-1.3 hci1.1");
}

static void test_more_devices_than_one_controller_has_ports(void **state)
{
    struct scene *scene = *state;
    char config[2048] = "usbdevice=['tablet'";
    for (int i = 0; i < 16; i++)
        strcat(config, ",'type=mouse'");
    strcat(config, "]\n");
    assert_int_equal(plan_of(scene, config), STATUS_OK);
    assert_int_equal(scene->plan.add, 17 + 2);
}

static void test_the_qmp_backend_refuses_pvusb(void **state)
{
    want_refusal(*state, "usbcontroller=['type=pv,name=pv0']\n", STATUS_REFUSED,
                 "'type=pv,name=pv0'", "controller pv0 is PVUSB, but no backend");
}

static void test_a_controller_with_unplaced_devices(void **state)
{
    struct scene *scene = *state;
    struct controller *uhci = has_controller(scene, "piix3-usb-uhci", "own", "xenusb_own", -1);
    uhci->has_unplaced = true;
    want_plan(scene, "usbdevice=['type=tablet']\n", "+ tablet own.2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_new_controller_supports_every_speed),
        TEST(test_speed_decides_the_controller),
        TEST(test_a_slow_device_never_goes_to_a_bare_ehci),
        TEST(test_companions_take_slow_devices),
        TEST(test_explicit_ports_are_given_first),
        TEST(test_devices_behind_a_hub_are_placed_after_it),
        TEST(test_a_dotted_port_needs_its_hub),
        TEST(test_a_second_run_has_nothing_to_do),
        TEST(test_a_second_run_matches_ports_first),
        TEST(test_controllers_of_xl_are_matched),
        TEST(test_the_config_of_the_guest_is_an_empty_plan),
        TEST(test_emulated_devices_avoid_controllers_of_libxl),
        TEST(test_emulated_devices_go_where_the_user_says),
        TEST(test_host_devices_prefer_controllers_of_libxl),
        TEST(test_no_such_device),
        TEST(test_what_was_probably_meant),
        TEST(test_more_than_one_match),
        TEST(test_an_absent_optional_device_is_skipped),
        TEST(test_missing_devices_are_skipped),
        TEST(test_missing_is_not_more_than_one),
        TEST(test_the_same_device_twice),
        TEST(test_hubs_are_refused),
        TEST(test_devices_in_use_are_refused_without_force),
        TEST(test_force_attaches_devices_in_use),
        TEST(test_force_takes_no_disk_in_use),
        TEST(test_force_takes_nothing_from_another_domain),
        TEST(test_a_device_that_another_domain_has_lost),
        TEST(test_force_takes_nothing_from_a_program),
        TEST(test_force_takes_nothing_from_a_driver),
        TEST(test_force_needs_to_see_all_programs),
        TEST(test_force_needs_the_records_of_all_domains),
        TEST(test_a_port_in_use),
        TEST(test_a_full_controller),
        TEST(test_a_device_at_another_place),
        TEST(test_a_device_at_another_place_is_moved),
        TEST(test_two_devices_change_places),
        TEST(test_a_move_to_a_port_in_use_is_refused),
        TEST(test_a_device_without_a_busid_is_not_moved),
        TEST(test_a_name_in_use_by_another_controller),
        TEST(test_controllers_are_added_in_the_order_of_their_names),
        TEST(test_a_default_name_avoids_names_in_use),
        TEST(test_a_second_run_matches_the_changed_default_name),
        TEST(test_a_replugged_device_returns_to_its_port),
        TEST(test_a_device_of_the_wrong_speed_is_placed_again),
        TEST(test_a_device_that_qemu_waits_for_is_not_added_again),
        TEST(test_a_device_in_an_unknown_state),
        TEST(test_prune_removes_what_the_config_does_not_name),
        TEST(test_prune_keeps_controllers_and_hubs_in_use),
        TEST(test_models_that_cannot_be_hot_plugged),
        TEST(test_no_free_slot),
        TEST(test_without_xhci_the_speed_chooses_the_model),
        TEST(test_more_devices_than_one_controller_has_ports),
        TEST(test_the_qmp_backend_refuses_pvusb),
        TEST(test_a_controller_with_unplaced_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
