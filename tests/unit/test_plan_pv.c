// SPDX-License-Identifier: MIT
// Wanted minus present for PVUSB: which backend serves a controller, which ports devices get, what
// is refused.
#include "base/arena.h"
#include "config/check.h"
#include "host/endpoints.h"
#include "parser/parser.h"
#include "plan/backend.h"
#include "unit.h"

static bool serves_pvusb(const struct config_controller *wanted, const struct domain *domain)
{
    return wanted->type == CONTROLLER_PV ||
           (wanted->type == CONTROLLER_AUTO && domain->type != DOMAIN_HVM);
}

static bool serves_emulated(const struct config_controller *wanted, const struct domain *domain)
{
    return domain->type == DOMAIN_HVM && wanted->type != CONTROLLER_PV;
}

static const struct backend_ops pvusb_ops = { .name = "pvusb", .suits = serves_pvusb };
static const struct backend_ops emulating_ops = { .name = "emulating", .suits = serves_emulated };
static const struct backend served[] = { { &emulating_ops, NULL },
                                         { &pvusb_ops, NULL },
                                         { NULL, NULL } };

static struct host_device devices[] = {
    { .bus = 1, .address = 7, .busid = "1-4", .speed = SPEED_FULL },
    { .bus = 1, .address = 6, .busid = "1-1.3", .speed = SPEED_HIGH },
    { .bus = 1,
      .address = 9,
      .busid = "1-5",
      .speed = SPEED_HIGH,
      .endpoints = &(struct host_endpoints){ .isochronous = true } },
    { .bus = 2, .address = 2, .busid = "2-3", .speed = SPEED_SUPER },
    { .bus = 2,
      .address = 3,
      .busid = "2-4",
      .speed = SPEED_SUPER,
      .endpoints = &(struct host_endpoints){ .fits_high_speed = true } },
};
enum { DEVICES = sizeof devices / sizeof *devices };

static struct arena *arena;
static struct diags diags;
static struct domain domain;
static struct domain domains[2];
static struct host host;
static struct topology topology;
static struct plan plan;
static struct plan_options options;

// A PV guest without USB, on a host with usbback, beside a driver domain.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = 3, .name = "db", .type = DOMAIN_PV, .uuid = "" };
    domains[0] = domain;
    domains[1] = (struct domain){ .id = 2, .name = "drv", .type = DOMAIN_PV, .uuid = "" };
    topology = (struct topology){ .domain = &domain, .domains = domains, .domain_count = 2 };
    topology.pvusb =
        (struct pvusb_supply){ .known = true, .no_qemu = "it has no QEMU", .advice = "restart it" };
    options = (struct plan_options){ .backends = served };
    for (size_t i = 0; i < DEVICES; i++) {
        devices[i].next = i + 1 < DEVICES ? &devices[i + 1] : NULL;
        devices[i].manufacturer = devices[i].name = devices[i].serial = devices[i].drivers = "";
    }
    host = (struct host){ .devices = devices, .count = DEVICES };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum status plan_of(const char *text)
{
    const struct source *source = source_from_bytes(arena, "a.cfg", text, strlen(text));
    struct config *config = parse_config(arena, &diags, source);
    config->domain.type = domain.type;
    config_settle(arena, config);
    assert_int_equal(check_config(arena, &diags, config), STATUS_OK);
    return plan_make(&diags, config, &topology, &host, &options, &plan);
}

static const char *dump(void)
{
    static const char *const kinds[] = { "emulated", "usbback", "qusb" };
    const char *all = "";
    for (const struct step *step = plan.first; step; step = step->next) {
        char buf[PORT_TEXT_SIZE];
        const struct controller *at = step->controller;
        const char *thing =
            step->pvusb_qemu ? arena_printf(arena, "server %s", step->pvusb_qemu->program)
            : step->device
                ? arena_printf(arena, "%s %s.%s", step->device->selector.busid, at ? at->name : "",
                               port_write(step->device->port, buf))
                : arena_printf(arena, "%s %s/%u index %d ports %u", at->name, kinds[at->pvusb],
                               at->backend_domain, at->index, at->ports);
        all = arena_printf(arena, "%s%s%c %s", all, *all ? "; " : "", "=+-!~"[step->op], thing);
    }
    return all;
}

static void want_plan(const char *text, const char *expected)
{
    assert_int_equal(plan_of(text), STATUS_OK);
    assert_string_equal(dump(), expected);
}

// The first error contains these words, in its message or its hint.
static void want_refusal(const char *text, enum status status, const char *words)
{
    assert_int_equal(plan_of(text), status);
    const struct diag *diag = diags.first;
    while (diag && diag->severity != SEVERITY_ERROR)
        diag = diag->next;
    assert_non_null(diag);
    const char *all = arena_printf(arena, "%s (%s)", diag->message, diag->hint ? diag->hint : "");
    if (!strstr(all, words))
        fail_msg("%s", all);
}

static struct controller *has_controller(enum pvusb_backend kind, const char *name, int index,
                                         unsigned ports)
{
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->backend = &served[1];
    controller->pvusb = kind;
    controller->model = controller_model_pvusb(2);
    controller->driver = kind == PVUSB_KERNEL ? "usbback" : "qusb";
    controller->name = name;
    controller->id = arena_printf(arena, "vusb-%d", index);
    controller->path = controller->bus = "";
    controller->index = index;
    controller->ports = ports;
    controller->present = true;
    topology_add_controller(&topology, controller);
    return controller;
}

static void has_device(struct controller *controller, unsigned port)
{
    struct device *device = arena_new_of(arena, struct device);
    device->kind = DEVICE_HOSTDEV;
    device->port = (struct port){ 1, { (uint8_t)port } };
    device->id = device->path = "";
    device->driver = "usb-host";
    device->state = DEVICE_ATTACHED;
    controller_add_device(controller, device);
}

static void test_a_pv_guest_gets_usbback(void **state)
{
    (void)state;
    want_plan("usbcontroller=['']\n", "+ pv0 usbback/0 index 0 ports 16");
}

static void test_without_usbback_qemu_serves(void **state)
{
    (void)state;
    topology.pvusb = (struct pvusb_supply){ .known = true, .no_kernel = "not loaded" };
    want_plan("usbcontroller=['type=pv']\n", "+ pv0 qusb/0 index 0 ports 16");
    assert_int_equal(diags.first->severity, SEVERITY_NOTE);
    assert_non_null(strstr(diags.first->message, "served by QEMU"));
}

static void test_a_named_kind_is_that_kind(void **state)
{
    (void)state;
    topology.pvusb = (struct pvusb_supply){ .known = true };
    want_plan("usbcontroller=['type=qusb,name=q','type=vusb,name=k']\n",
              "+ q qusb/0 index 0 ports 16; + k usbback/0 index 1 ports 16");
}

static void test_type_pv_of_xl_requires_usbback(void **state)
{
    (void)state;
    topology.pvusb = (struct pvusb_supply){ .known = true, .no_kernel = "not loaded" };
    want_refusal("usbctrl=['type=pv']\n", STATUS_REFUSED, "xl's type=pv means usbback");
}

static void test_xl_assigns_index_and_ports(void **state)
{
    (void)state;
    want_plan("usbctrl=['type=pv,ports=2','type=pv']\n",
              "+ pv0 usbback/0 index 0 ports 2; + pv1 usbback/0 index 1 ports 8");
}

static void test_a_qemu_without_controller_hotplug(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=qusb']\n", STATUS_REFUSED, "it has no QEMU (restart it)");
}

static void test_a_device_without_a_controller(void **state)
{
    (void)state;
    want_plan("usbdevice=['type=hostdev,busid=1-4','type=hostdev,busid=2-4']\n",
              "+ pv0 usbback/0 index 0 ports 8; + 1-4 pv0.1; + 2-4 pv0.2");
}

static void test_a_device_that_needs_super_speed(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=pv,name=p']\nusbdevice=['type=hostdev,busid=2-3,bus=p']\n",
                 STATUS_REQUEST, "supports up to high speed");
}

static void test_a_fast_device_on_usb_1(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=pv,usbversion=1,name=p']\n"
                 "usbdevice=['type=hostdev,busid=1-1.3,bus=p']\n",
                 STATUS_REQUEST, "use usbversion=2");
}

static void test_isochronous_devices_without_a_controller(void **state)
{
    (void)state;
    want_refusal(
        "usbdevice=['type=hostdev,busid=1-5']\n", STATUS_REQUEST,
        "isochronous endpoints, which PVUSB does not support (it needs an emulated controller");
}

static void test_a_device_whose_endpoints_could_not_be_read(void **state)
{
    static const struct host_endpoints unread = { .unread = "libusb is broken" };
    const struct host_endpoints *before = devices[0].endpoints;
    (void)state;
    devices[0].endpoints = &unread;
    want_refusal(arena_printf(arena, "usbdevice=['type=hostdev,busid=%s']\n", devices[0].busid),
                 STATUS_FAILED,
                 "has isochronous endpoints, which PVUSB does not support: libusb is broken");
    devices[0].endpoints = before;
}

static void test_isochronous_devices_on_a_controller(void **state)
{
    (void)state;
    domain.type = DOMAIN_HVM;
    want_refusal("usbcontroller=['type=pv,name=p']\nusbdevice=['type=hostdev,busid=1-5,bus=p']\n",
                 STATUS_REQUEST, "it works on an emulated controller");
}

static void test_no_port_number_twice(void **state)
{
    (void)state;
    has_device(has_controller(PVUSB_QEMU, "a", 0, 2), 1);
    has_controller(PVUSB_QEMU, "b", 1, 2);
    want_plan("usbcontroller=['type=pv,name=a,numports=2','type=pv,name=b,numports=2']\n"
              "usbdevice=['type=hostdev,busid=1-4,bus=b']\n",
              "= a qusb/0 index 0 ports 2; = b qusb/0 index 1 ports 2; + 1-4 b.2");
}

static void test_a_port_number_requested_twice(void **state)
{
    (void)state;
    has_device(has_controller(PVUSB_QEMU, "pv0", 0, 2), 1);
    has_controller(PVUSB_QEMU, "pv1", 1, 2);
    options.force = true;
    want_refusal("usbcontroller=['type=qusb','type=qusb']\n"
                 "usbdevice=['type=hostdev,busid=1-4,bus=pv1,port=1']\n",
                 STATUS_REFUSED, "QEMU aborts if two controllers use the same port number");
}

static void test_force_allows_shared_ports_with_usbback(void **state)
{
    (void)state;
    static const char config[] = "usbcontroller=['type=pv','type=pv']\n"
                                 "usbdevice=['type=hostdev,busid=1-4,bus=pv1,port=1']\n";
    has_device(has_controller(PVUSB_KERNEL, "pv0", 0, 2), 1);
    has_controller(PVUSB_KERNEL, "pv1", 1, 2);
    options.force = true;
    want_plan(config, "= pv0 usbback/0 index 0 ports 2; = pv1 usbback/0 index 1 ports 2; "
                      "+ 1-4 pv1.1");
}

static void test_shared_ports_with_usbback_suggest_force(void **state)
{
    (void)state;
    has_device(has_controller(PVUSB_KERNEL, "pv0", 0, 2), 1);
    has_controller(PVUSB_KERNEL, "pv1", 1, 2);
    want_refusal("usbcontroller=['type=pv','type=pv']\n"
                 "usbdevice=['type=hostdev,busid=1-4,bus=pv1,port=1']\n",
                 STATUS_REFUSED, "--force");
}

static void test_a_new_controller_has_higher_ports(void **state)
{
    (void)state;
    struct controller *full = has_controller(PVUSB_KERNEL, "0", 0, 8);
    for (unsigned port = 1; port <= 8; port++)
        has_device(full, port);
    want_plan("usbdevice=['type=hostdev,busid=1-4']\n",
              "+ pv0 usbback/0 index 1 ports 9; + 1-4 pv0.9");
}

static void test_no_free_port(void **state)
{
    (void)state;
    struct controller *full = has_controller(PVUSB_KERNEL, "0", 0, 31);
    for (unsigned port = 1; port <= 31; port++)
        has_device(full, port);
    want_refusal("usbdevice=['type=hostdev,busid=1-4']\n", STATUS_REFUSED,
                 "db has no free port for this device, and no controller can be added");
    assert_ptr_equal(topology.controllers, full);
    assert_null(full->next);
}

static void test_hvm_devices_are_emulated(void **state)
{
    (void)state;
    domain.type = DOMAIN_HVM;
    has_controller(PVUSB_KERNEL, "0", 0, 8);
    want_plan("usbdevice=['type=hostdev,busid=1-4']\n",
              "+ hci0 emulated/0 index 1 ports 8; + 1-4 hci0.1");
}

static void test_a_driver_domain(void **state)
{
    (void)state;
    want_plan("usbcontroller=['type=pv,backend=drv,name=d']\n"
              "usbdevice=['type=hostdev,busid=9-9,bus=d']\n",
              "+ d usbback/2 index 0 ports 16; + 9-9 d.1");
}

static void test_a_driver_domain_supports_busids_only(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=pv,backend=2,name=d']\n"
                 "usbdevice=['type=hostdev,hostaddr=1.7,bus=d']\n",
                 STATUS_REQUEST, "only be selected by busid");
}

static void test_no_such_driver_domain(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=pv,backend=nobody']\n", STATUS_REFUSED,
                 "there is no such domain");
}

static void test_a_guest_cannot_be_its_own_backend(void **state)
{
    (void)state;
    want_refusal("usbcontroller=['type=pv,backend=db']\n", STATUS_REFUSED,
                 "a guest cannot be its own backend");
}

static void test_kinds_do_not_match_each_other(void **state)
{
    (void)state;
    topology.pvusb = (struct pvusb_supply){ .known = true };
    has_controller(PVUSB_QEMU, "pv0", 0, 8);
    want_refusal("usbcontroller=['type=vusb,name=pv0']\n", STATUS_REFUSED, "it is served by qusb");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

static struct pvusb_qemu qemu = { .backend = &served[1], .program = "qemu" };

// No QEMU runs; one could be started.
static void can_start_qemu(bool asked)
{
    topology.pvusb.no_kernel = "no usbback";
    topology.pvusb_qemu = &qemu;
    options.start_backend = asked;
}

static void test_a_qemu_is_started_if_requested(void **state)
{
    (void)state;
    can_start_qemu(true);
    want_plan("usbcontroller=['type=qusb,numports=4']\nusbdevice=['busid=1-4,bus=pv0']\n",
              "+ pv0 qusb/0 index 0 ports 4; + server qemu; + 1-4 pv0.1");
    assert_int_equal(plan.add, 3);
}

static void test_a_qemu_is_not_started_unless_requested(void **state)
{
    (void)state;
    can_start_qemu(false);
    want_refusal("usbcontroller=['type=qusb']\n", STATUS_REFUSED, "it has no QEMU (restart it)");
}

// Neither usbback nor a guest without PVUSB needs one.
static void test_a_qemu_is_not_started_without_need(void **state)
{
    (void)state;
    can_start_qemu(true);
    topology.pvusb.no_kernel = NULL;
    want_plan("usbcontroller=['']\n", "+ pv0 usbback/0 index 0 ports 16");
    can_start_qemu(true);
    topology.controllers = topology.last = NULL;
    want_plan("memory=64\n", "");
}

static struct controller *has_unserved_controller(void)
{
    struct controller *controller = has_controller(PVUSB_QEMU, "pv0", 0, 4);
    controller->no_backend = "its QEMU has exited";
    return controller;
}

static void test_a_qemu_is_started_for_existing_controllers(void **state)
{
    (void)state;
    can_start_qemu(true);
    has_unserved_controller();
    want_plan("usbcontroller=['type=qusb,numports=4']\n",
              "= pv0 qusb/0 index 0 ports 4; + server qemu");
}

static void test_a_qemu_is_not_started_for_removals(void **state)
{
    (void)state;
    can_start_qemu(true);
    options.prune = true;
    has_unserved_controller();
    want_plan("memory=64\n", "- pv0 qusb/0 index 0 ports 4");
}

// The controllers are recreated with empty ports.
static void test_devices_lost_with_a_qemu_are_removed(void **state)
{
    (void)state;
    can_start_qemu(true);
    struct controller *pv0 = has_unserved_controller();
    has_device(pv0, 1);
    pv0->devices->state = DEVICE_GONE;
    want_plan("usbcontroller=['type=qusb,numports=4']\nusbdevice=['busid=1-4,bus=pv0,port=1']\n",
              "-  pv0.1; = pv0 qusb/0 index 0 ports 4; + server qemu; + 1-4 pv0.1");
}

static void test_attach_is_refused_without_a_backend(void **state)
{
    (void)state;
    can_start_qemu(false);
    topology.pvusb.advice = "start one";
    has_unserved_controller();
    want_refusal("usbcontroller=['type=qusb,numports=4']\nusbdevice=['busid=1-4,bus=pv0']\n",
                 STATUS_REFUSED,
                 "no backend serves controller 'pv0': its QEMU has exited (start one)");
}

static void test_placement_skips_controllers_without_a_backend(void **state)
{
    (void)state;
    can_start_qemu(false);
    has_unserved_controller();
    want_refusal("usbdevice=['busid=1-4']\n", STATUS_REFUSED, "it has no QEMU: restart it");
}

// xenusb has started the running QEMU, so it stops it when it serves nothing any more.
static void has_running_server(void)
{
    static struct pvusb_qemu running = { .backend = &served[1], .program = "qemu", .runs = true };
    topology.pvusb_qemu = &running;
}

static struct controller *has_cold_controller(const char *name, int index)
{
    struct controller *controller = has_controller(PVUSB_QEMU, name, index, 4);
    controller->cold_only = VERDICT_YES;
    return controller;
}

static void remove_called(const char *name)
{
    const struct config_text word = { .text = text_of(name) };
    const struct plan_removal removal = { .controllers = &word, .count = 1 };
    assert_int_equal(plan_remove(arena, &diags, &removal, &topology, &plan), STATUS_OK);
}

static void test_a_qemu_stops_with_its_last_controller(void **state)
{
    (void)state;
    has_running_server();
    struct controller *pv0 = has_cold_controller("pv0", 0);
    remove_called("pv0");
    assert_string_equal(dump(), "- pv0 qusb/0 index 0 ports 4; - server qemu");
    assert_int_equal(pv0->cold_only, VERDICT_NO);
}

static void test_a_qemu_stays_with_another_controller(void **state)
{
    (void)state;
    has_running_server();
    struct controller *pv0 = has_cold_controller("pv0", 0);
    has_cold_controller("pv1", 1);
    remove_called("pv0");
    assert_string_equal(dump(), "- pv0 qusb/0 index 0 ports 4");
    assert_int_equal(pv0->cold_only, VERDICT_YES);
}

// Not if usbback serves the controller, nor if someone else has started the QEMU.
static void test_a_qemu_of_others_stays(void **state)
{
    (void)state;
    has_running_server();
    has_controller(PVUSB_KERNEL, "k", 0, 4);
    remove_called("k");
    assert_string_equal(dump(), "- k usbback/0 index 0 ports 4");
    topology.pvusb_qemu = NULL;
    topology.controllers = topology.last = NULL;
    has_cold_controller("pv0", 0);
    remove_called("pv0");
    assert_string_equal(dump(), "- pv0 qusb/0 index 0 ports 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_pv_guest_gets_usbback),
        CASE(test_without_usbback_qemu_serves),
        CASE(test_a_named_kind_is_that_kind),
        CASE(test_type_pv_of_xl_requires_usbback),
        CASE(test_xl_assigns_index_and_ports),
        CASE(test_a_qemu_without_controller_hotplug),
        CASE(test_a_device_without_a_controller),
        CASE(test_a_device_that_needs_super_speed),
        CASE(test_a_fast_device_on_usb_1),
        CASE(test_isochronous_devices_without_a_controller),
        CASE(test_a_device_whose_endpoints_could_not_be_read),
        CASE(test_isochronous_devices_on_a_controller),
        CASE(test_no_port_number_twice),
        CASE(test_a_port_number_requested_twice),
        CASE(test_force_allows_shared_ports_with_usbback),
        CASE(test_shared_ports_with_usbback_suggest_force),
        CASE(test_a_new_controller_has_higher_ports),
        CASE(test_no_free_port),
        CASE(test_hvm_devices_are_emulated),
        CASE(test_a_driver_domain),
        CASE(test_a_driver_domain_supports_busids_only),
        CASE(test_no_such_driver_domain),
        CASE(test_a_guest_cannot_be_its_own_backend),
        CASE(test_kinds_do_not_match_each_other),
        CASE(test_a_qemu_is_started_if_requested),
        CASE(test_a_qemu_is_not_started_unless_requested),
        CASE(test_a_qemu_is_not_started_without_need),
        CASE(test_a_qemu_is_started_for_existing_controllers),
        CASE(test_a_qemu_is_not_started_for_removals),
        CASE(test_devices_lost_with_a_qemu_are_removed),
        CASE(test_attach_is_refused_without_a_backend),
        CASE(test_placement_skips_controllers_without_a_backend),
        CASE(test_a_qemu_stops_with_its_last_controller),
        CASE(test_a_qemu_stays_with_another_controller),
        CASE(test_a_qemu_of_others_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
