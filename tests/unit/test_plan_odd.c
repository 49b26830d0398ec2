// SPDX-License-Identifier: MIT
// Controllers and devices of a guest beside what a config wants: which of them are the same thing.
#include "base/arena.h"
#include "config/check.h"
#include "parser/parser.h"
#include "plan/backend.h"
#include "plan/layout.h"
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
static const struct backend *const emulating = &served[0], *const pvusb = &served[1];

static struct host_device devices[] = {
    { .bus = 1,
      .address = 7,
      .busid = "1-4",
      .vendor = 0x1050,
      .product = 0x407,
      .speed = SPEED_FULL },
    { .bus = 1,
      .address = 6,
      .busid = "1-1.3",
      .vendor = 0x781,
      .product = 0x5581,
      .speed = SPEED_HIGH },
};

static struct arena *arena;
static struct diags diags;
static struct domain domain;
static struct domain domains[2];
static struct host host;
static struct topology topology;
static struct plan plan;
static struct plan_options options;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = 3, .name = "win10", .type = DOMAIN_HVM, .uuid = "" };
    domains[0] = domain;
    domains[1] = (struct domain){ .id = 2, .name = "drv", .type = DOMAIN_PV, .uuid = "" };
    topology = (struct topology){ .domain = &domain, .domains = domains, .domain_count = 2 };
    topology.plugging =
        (struct plugging){ .asked = true, .known = true, .slots = 20, .models = ~0ul };
    topology.pvusb = (struct pvusb_supply){ .known = true };
    options = (struct plan_options){ .backends = served };
    for (size_t i = 0; i < 2; i++) {
        devices[i].next = i == 0 ? &devices[1] : NULL;
        devices[i].manufacturer = devices[i].name = devices[i].serial = devices[i].drivers = "";
    }
    host = (struct host){ .devices = devices, .count = 2 };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// Adds a controller that the guest has.
static struct controller *has(const struct controller_model *model, const char *name,
                              const char *id, int index)
{
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->backend = model && model->driver ? emulating : pvusb;
    controller->model = model;
    controller->driver = !model ? "strange-usb" : model->driver ? model->driver : "usbback";
    controller->pvusb = model && !model->driver ? PVUSB_KERNEL : PVUSB_ANY;
    controller->name = name;
    controller->id = controller->path = controller->bus = id;
    controller->index = index;
    controller->ports = controller->ports_usb2 = controller->ports_usb3 = model ? model->ports : 2;
    controller->present = true;
    topology_add_controller(&topology, controller);
    return controller;
}

static struct device *has_device(struct controller *controller, enum device_kind kind,
                                 const char *port, const char *id)
{
    struct device *device = arena_new_of(arena, struct device);
    const struct device_model *model = device_model_of(kind);
    device->kind = kind;
    device->id = device->path = id;
    device->driver = model ? model->driver : "strange-device";
    device->state = kind == DEVICE_HOSTDEV ? DEVICE_ATTACHED : DEVICE_PRESENT;
    assert_true(port_read(text_of(port), &device->port));
    controller_add_device(controller, device);
    return device;
}

static enum status plan_of(const char *text)
{
    diags_init(&diags, arena);
    const struct source *source = source_from_bytes(arena, "a.cfg", text, strlen(text));
    struct config *config = parse_config(arena, &diags, source);
    config->domain.type = domain.type;
    config_settle(arena, config);
    assert_int_equal(check_config(arena, &diags, config), STATUS_OK);
    for (struct controller *at = topology.controllers; at; at = at->next) {
        at->wanted = NULL;
        for (struct device *device = at->devices; device; device = device->next)
            device->wanted = NULL;
    }
    return plan_make(&diags, config, &topology, &host, &options, &plan);
}

static const char *dump(void)
{
    const char *all = "";
    for (const struct step *step = plan.first; step; step = step->next) {
        char buf[PORT_TEXT_SIZE];
        const char *thing =
            step->device
                ? arena_printf(arena, "%s %s.%s", device_kind_name(step->device),
                               step->controller ? step->controller->name : "",
                               port_write(step->device->port, buf))
                : arena_printf(arena, "%s", step->controller ? step->controller->name : "?");
        all = arena_printf(arena, "%s%s%c %s", all, *all ? "; " : "", "=+-!~"[step->op], thing);
    }
    return all;
}

static void want_plan(const char *text, const char *expected)
{
    if (plan_of(text) != STATUS_OK)
        fail_msg("%s", diags.first->message);
    assert_string_equal(dump(), expected);
}

// The first error contains these words, in its message or its hint.
static void want_refusal(const char *text, const char *words)
{
    assert_int_not_equal(plan_of(text), STATUS_OK);
    const struct diag *diag = diags.first;
    while (diag && diag->severity != SEVERITY_ERROR)
        diag = diag->next;
    assert_non_null(diag);
    const char *all = arena_printf(arena, "%s (%s)", diag->message, diag->hint ? diag->hint : "");
    if (!strstr(all, words))
        fail_msg("'%s' is not in '%s'", words, all);
}

// ---- controllers ----

static void test_the_controller_of_usbversion(void **state)
{
    (void)state;
    has(controller_model_for(3), "other", "other", -1);
    has(controller_model_for(2), "mine", "usb", -1);
    want_plan("usbversion=2\n", "= mine");
}

static void test_a_controller_of_qemus_arguments(void **state)
{
    static const char config[] = "device_model_args_hvm=['-device','qemu-xhci']\n";
    (void)state;
    has(controller_model_for(2), "ehci", "", -1);
    has(controller_model_named(text_of("qemu-xhci")), "named", "named", -1);
    struct controller *xhci = has(controller_model_named(text_of("qemu-xhci")), "usb-2", "", -1);
    want_plan(config, "= usb-2");
    xhci->id = "x";
    want_plan(config, "+ qemu-xhci");
}

static void test_a_model_that_is_not_supported(void **state)
{
    (void)state;
    has(NULL, "one", "one", -1);
    want_refusal("usbcontroller=['type=emul,name=one,usbversion=3']\n",
                 "it is strange-usb, not nec-xhci");
}

// A name that the config has not given is only a proposal.
static void test_names_by_default(void **state)
{
    static const char config[] = "usbcontroller=['type=emul,usbversion=3']\n";
    (void)state;
    has(controller_model_for(1), "hci0", "xenusb-0", 0);
    struct controller *planned = has(controller_model_for(3), "hci9", "xenusb-9", 9);
    has(controller_model_for(3), "mine", "xenusb-1", 1);
    has(controller_model_for(3), "hcix", "xenusb-2", 2);
    struct controller *third = has(controller_model_for(3), "hci3", "xenusb-3", 3);
    planned->present = false;
    want_plan(config, "= hci3; + hci9");
    planned->present = true;
    third->name = "pv3";
    want_plan(config, "= hci9");
}

static void test_names_of_pvusb_by_default(void **state)
{
    (void)state;
    struct controller *first = has(controller_model_pvusb(1), "pv0", "vusb-0", 0);
    has(controller_model_pvusb(2), "hci1", "vusb-1", 1);
    has(controller_model_pvusb(2), "pv2", "vusb-2", 2);
    domain.type = DOMAIN_PV;
    want_plan("usbcontroller=['type=pv,usbversion=2']\n", "= pv2");
    first->name = "given";
    want_refusal("usbcontroller=['type=pv,name=given,usbversion=2']\n", "it is pvusb-v1, not");
}

static void test_the_backend_that_serves_it(void **state)
{
    (void)state;
    struct controller *there = has(controller_model_pvusb(2), "0", "vusb-0", 0);
    domain.type = DOMAIN_PV;
    there->pvusb = PVUSB_QEMU;
    there->driver = "qusb";
    want_refusal("usbctrl=['type=pv,version=2,ports=4']\n", "it is served by ");
    there->pvusb = PVUSB_KERNEL;
    there->driver = "usbback";
    want_plan("usbctrl=['type=pv,version=2,ports=4']\n", "= 0");
    there->name = "d";
    want_refusal("usbcontroller=['type=pv,name=d,usbversion=2,backend=drv']\n",
                 "its backend is in domain 0");
    there->backend_domain = 2;
    want_plan("usbcontroller=['type=pv,name=d,usbversion=2,backend=drv']\n", "= d");
}

static void test_devices_of_a_driver_domain(void **state)
{
    static const char config[] = "usbcontroller=['type=pv,name=d,usbversion=2,backend=drv',"
                                 "'type=pv,name=e,usbversion=2,backend=drv']\n"
                                 "usbdevice=['busid=1-9,bus=d']\n";
    (void)state;
    struct controller *d = has(controller_model_pvusb(2), "d", "vusb-0", 0);
    struct controller *e = has(controller_model_pvusb(2), "e", "vusb-1", 1);
    d->backend_domain = e->backend_domain = 2;
    domain.type = DOMAIN_PV;
    struct device *elsewhere = has_device(e, DEVICE_HOSTDEV, "1", "");
    struct device *there = has_device(d, DEVICE_HOSTDEV, "2", "");
    elsewhere->selector = there->selector = (struct selector){ .criteria = SELECT_BUSID };
    memcpy(elsewhere->selector.busid, "1-9", 4);
    memcpy(there->selector.busid, "1-9", 4);
    want_plan(config, "= d; = e; = hostdev d.2");
    memcpy(there->selector.busid, "1-8", 4);
    assert_int_equal(plan_of(config), STATUS_OK);
    assert_non_null(strstr(dump(), "+ hostdev d."));
}

// ---- devices ----

static void test_a_device_on_another_controller(void **state)
{
    (void)state;
    struct controller *a = has(controller_model_for(3), "a", "a", -1);
    has(controller_model_for(3), "b", "b", -1);
    struct device *device = has_device(a, DEVICE_HOSTDEV, "1", "xenusb_x");
    device->host = &devices[0];
    want_plan("usbcontroller=['type=emul,name=a,usbversion=3']\nusbdevice=['busid=1-4,bus=a']\n",
              "= a; = hostdev a.1");
    want_refusal("usbcontroller=['type=emul,name=b,usbversion=3']\n"
                 "usbdevice=['busid=1-4,bus=b']\n",
                 "is already attached to win10 at a.1");
}

static void test_a_device_whose_state_is_not_known(void **state)
{
    (void)state;
    struct controller *a = has(controller_model_for(3), "a", "a", -1);
    struct device *device = has_device(a, DEVICE_HOSTDEV, "1", "xenusb_x");
    device->host = &devices[0];
    device->state = DEVICE_UNKNOWN;
    want_refusal("usbdevice=['busid=1-4']\n", "no reason given");
    device->reason = "xenstored does not answer";
    want_refusal("usbdevice=['busid=1-4']\n", "xenstored does not answer");
}

// The plan for a disk, of a guest that has one with that image.
static const char *plan_disk(const char *image)
{
    struct controller *a = has(controller_model_for(3), "a", "a", -1);
    has_device(a, DEVICE_DISK, "1", "xenusb_d")->file = image;
    assert_int_equal(plan_of("usbdevice=['type=disk,file=/srv/a.img,bus=a']\n"
                             "usbcontroller=['type=emul,name=a,usbversion=3']\n"),
                     STATUS_OK);
    return dump();
}

static void test_a_disk_with_that_image(void **state)
{
    (void)state;
    assert_string_equal(plan_disk("/srv/a.img"), "= a; = disk a.1");
}

static void test_a_disk_with_another_image(void **state)
{
    (void)state;
    assert_string_equal(plan_disk("/srv/b.img"), "= a; + disk a.2");
}

static void test_a_disk_without_an_image(void **state)
{
    (void)state;
    assert_string_equal(plan_disk(NULL), "= a; + disk a.2");
}

static void test_without_a_hypervisors_reasons(void **state)
{
    (void)state;
    topology.plugging.slots = 0;
    want_refusal("usbcontroller=['type=emul,name=a,usbversion=3']\n", "use an existing controller");
    topology.plugging.why_not = "the bus is full";
    want_refusal("usbcontroller=['type=emul,name=a,usbversion=3']\n", "the bus is full");
}

// ---- what a guest is created with ----

static const struct controller *laid_out(struct layout *layout, const char *text)
{
    diags_init(&diags, arena);
    const struct source *source = source_from_bytes(arena, "a.cfg", text, strlen(text));
    struct config *config = parse_config(arena, &diags, source);
    config_settle(arena, config);
    layout_init(arena, layout, config);
    layout_make(arena, layout, config);
    return layout->topology.controllers;
}

static void test_layouts(void **state)
{
    struct layout layout;
    (void)state;
    // Companions, with and without the controller that they belong to, and more than it has ports.
    const struct controller *at = laid_out(
        &layout, "type='hvm'\ndevice_model_args_hvm=['-device','ich9-usb-ehci1,id=e','-device',"
                 "'ich9-usb-uhci1,masterbus=e.0,firstport=0','-device','ich9-usb-uhci2,"
                 "masterbus=e.0,firstport=2','-device','ich9-usb-uhci3,masterbus=e.0,firstport=4',"
                 "'-device','ich9-usb-uhci3,masterbus=e.0,firstport=4']\n");
    assert_int_equal(at->companion_ports, 0x3f);
    assert_null(at->next);
    at = laid_out(&layout, "type='hvm'\ndevice_model_args_hvm=['-device','qemu-xhci,id=x',"
                           "'-device','ich9-usb-uhci1,masterbus=e.0,firstport=0']\n");
    assert_int_equal(at->companion_ports, 0);
    assert_null(at->next);
    // A backend by its name, its number, and of this host.
    (void)laid_out(&layout, "type='pv'\nusbcontroller=['type=pv,name=a,backend=Domain-0',"
                            "'type=pv,name=b,backend=7','type=pv,name=c,backend=drv']\n");
    assert_int_equal(layout.topology.domains[0].id, 0);
    assert_int_equal(layout.topology.domains[1].id, 7);
    assert_string_equal(layout.topology.domains[2].name, "drv");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_controller_of_usbversion),      CASE(test_a_controller_of_qemus_arguments),
        CASE(test_a_model_that_is_not_supported),     CASE(test_names_by_default),
        CASE(test_names_of_pvusb_by_default),         CASE(test_the_backend_that_serves_it),
        CASE(test_devices_of_a_driver_domain),        CASE(test_a_device_on_another_controller),
        CASE(test_a_device_whose_state_is_not_known), CASE(test_a_disk_with_that_image),
        CASE(test_a_disk_with_another_image),         CASE(test_a_disk_without_an_image),
        CASE(test_without_a_hypervisors_reasons),     CASE(test_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
