// SPDX-License-Identifier: MIT
#include "walk_usb.h"

#include "base/arena.h"
#include "ids.h"

#include <stdlib.h>

// Where QEMU keeps all objects that have no other parent, in the order of the list of what is
// found: the machine's own, those with an id, and those that users added without an id.
static const char *const containers[] = { "/machine/unattached", "/machine/peripheral",
                                          "/machine/peripheral-anon" };
enum { UNATTACHED, PERIPHERAL, ANONYMOUS, CONTAINERS, USB_TYPES_MAX = 1024 };

// ---- the objects ----

// A child of one of the places.
struct object {
    size_t place;
    size_t container; // that the place is, or is in
    uint64_t number;  // of "device[N]": those without an id are numbered in order of creation
    struct text name;
    struct text type;
};

static int compare_objects(const void *a, const void *b)
{
    const struct object *left = a, *right = b;
    if (left->container != right->container)
        return left->container < right->container ? -1 : 1;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    size_t size = left->name.size < right->name.size ? left->name.size : right->name.size;
    int order = memcmp(left->name.at, right->name.at, size);
    return order ? order
                 : (left->name.size > right->name.size) - (left->name.size < right->name.size);
}

static bool is_usb_type(const struct walk_usb *usb, struct text type)
{
    const struct json *at = usb->types ? walk_first(usb->types) : NULL;
    unsigned count = 0;
    while (at && !text_same(walk_name(at), type) && count++ < USB_TYPES_MAX)
        at = at->next;
    return (at && count < USB_TYPES_MAX) || device_model_driver(type);
}

// The name of every controller of QEMU contains one of these. One that does not is found by the
// devices on it.
static bool may_be_controller(struct text type)
{
    for (size_t i = 0; i < type.size; i++) {
        struct text rest = text_part(type, i, type.size);
        if (text_starts(rest, "usb") || text_starts(rest, "hci"))
            return true;
    }
    return false;
}

static const char *id_of(const struct walk_usb *usb, const struct object *object)
{
    return object->place == PERIPHERAL ? walk_copy(usb->walk, object->name) : "";
}

static void add_device(struct walk_usb *usb, const char *path, const struct object *object)
{
    struct walk_device *device = arena_new_of(usb->walk->arena, struct walk_device);
    device->type = walk_copy(usb->walk, object->type);
    device->path = path;
    device->id = id_of(usb, object);
    *usb->last_device = device;
    usb->last_device = &device->next;
    usb->device_count++;
}

// Of some boards the south bridge, the parent of the controller that "usb=on" makes (in QEMU 8.2
// and later). Before it was among the other objects.
static bool is_south_bridge(struct text type)
{
    return text_starts(type, "PIIX3");
}

static void ask_place(struct walk_usb *usb, const char *path)
{
    usb->places[usb->place_count++] = (struct walk_place){ path, walk_list(usb->walk, path) };
}

// The objects in the places that have to do with USB, in order.
static struct object *usb_objects(struct walk_usb *usb, size_t *count)
{
    struct walk *walk = usb->walk;
    size_t most = 0;
    for (size_t i = 0; i < usb->place_count; i++)
        for (const struct json *at = walk_first(usb->places[i].list); at; at = at->next)
            most += may_be_controller(walk_type_within(at, "child")) ||
                    is_usb_type(usb, walk_type_within(at, "child"));
    *count = 0;
    if (!walk_count(walk, most))
        return NULL;
    struct object *objects = arena_array_of(walk->arena, struct object, most + 1);
    for (size_t i = 0; i < usb->place_count; i++)
        for (const struct json *at = walk_first(usb->places[i].list); at; at = at->next) {
            struct object *object = &objects[*count];
            *object = (struct object){ i, i < CONTAINERS ? i : UNATTACHED, 0, walk_name(at),
                                       walk_type_within(at, "child") };
            (void)(i != PERIPHERAL && walk_numbered(object->name, "device", &object->number));
            *count += may_be_controller(object->type) || is_usb_type(usb, object->type);
        }
    qsort(objects, *count, sizeof *objects, compare_objects);
    return objects;
}

static bool find_objects(struct walk_usb *usb)
{
    size_t count;
    const struct object *objects = usb_objects(usb, &count);
    for (size_t i = 0; objects && i < count; i++) {
        const struct object *at = &objects[i];
        const char *path = arena_printf(usb->walk->arena, "%s/%s", usb->places[at->place].path,
                                        walk_copy(usb->walk, at->name));
        if (is_usb_type(usb, at->type))
            add_device(usb, path, at);
        else
            walk_usb_add_controller(usb, path, at->type, id_of(usb, at));
    }
    return objects;
}

// ---- controllers ----

// QEMU names the bus of a controller after its id. A UHCI or OHCI may have no bus, but serve ports
// of an EHCI.
static void ask_controller(const struct walk_usb *usb, struct walk_controller *controller)
{
    struct walk *walk = usb->walk;
    const struct controller_model *model = controller->model;
    const char *path = controller->path;
    if (!model || !*controller->id)
        controller->list = walk_list(walk, path);
    else
        controller->bus = arena_printf(walk->arena, "%s.0", controller->id);
    if (usb->has_ehci && model && model->version == 1 && !controller->recorded) {
        controller->master = walk_get(walk, path, "masterbus");
        controller->first_port = walk_get(walk, path, "firstport");
    }
    if (model && model->version == 3 && !controller->recorded_ports) {
        controller->ports_usb2 = walk_get(walk, path, "p2");
        controller->ports_usb3 = walk_get(walk, path, "p3");
    }
    if (model && model->version != 3 && model->ports != model->ports_max)
        controller->ports = walk_get(walk, path, "num-ports");
}

// Of a model that is not known: what its properties allow to ask.
static void ask_unknown(const struct walk_usb *usb, struct walk_controller *controller)
{
    const struct {
        const char *name;
        struct qmp_command **command;
    } wanted[] = {
        { "p2", &controller->ports_usb2 },        { "p3", &controller->ports_usb3 },
        { "num-ports", &controller->ports },      { "masterbus", &controller->master },
        { "firstport", &controller->first_port },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (walk_has(controller->list, text_of(wanted[i].name)))
            *wanted[i].command = walk_get(usb->walk, controller->path, wanted[i].name);
}

static bool is_companion(const struct walk_usb *usb, const struct walk_controller *controller)
{
    return *walk_text(usb->walk, controller->master) ||
           (controller->list && walk_has(controller->list, text_of("masterbus")));
}

// Evaluates the answers about the buses, and drops what is not a controller.
static void read_buses(struct walk_usb *usb)
{
    struct walk_controller **at = &usb->controllers;
    while (*at) {
        struct walk_controller *controller = *at;
        const struct json *child = controller->list ? walk_first(controller->list) : NULL;
        while (child && !text_is(walk_type_within(child, "child"), "usb-bus"))
            child = child->next;
        if (child)
            controller->bus = walk_copy(usb->walk, walk_name(child));
        else if (*walk_text(usb->walk, controller->master))
            controller->bus = NULL;
        if (controller->bus || is_companion(usb, controller)) {
            at = &controller->next;
            continue;
        }
        *at = controller->next;
    }
    usb->last_controller = at;
}

static void ask_children(const struct walk_usb *usb, struct walk_controller *controller)
{
    if (controller->bus && !controller->children)
        controller->children = walk_list(
            usb->walk, arena_printf(usb->walk->arena, "%s/%s", controller->path, controller->bus));
}

// ---- devices ----

static bool is_host(const struct walk_device *device)
{
    return strcmp(device->type, "usb-host") == 0;
}

static void ask_property(const struct walk_usb *usb, struct walk_device *device,
                         enum walk_property property)
{
    static const char *const names[WALK_PROPERTIES] = {
        [WALK_PORT] = "port",         [WALK_HOSTADDR] = "hostaddr",
        [WALK_ATTACHED] = "attached", [WALK_HOSTBUS] = "hostbus",
        [WALK_HOSTPORT] = "hostport", [WALK_HOSTDEVICE] = "hostdevice",
        [WALK_VENDORID] = "vendorid", [WALK_PRODUCTID] = "productid",
        [WALK_SERIAL] = "serial",
    };
    if (!device->properties[property])
        device->properties[property] = walk_get(usb->walk, device->path, names[property]);
}

// An open node proves more than "attached", which can be stale.
static void ask_device(const struct walk_usb *usb, struct walk_device *device)
{
    if (!usb->counts)
        walk_usb_ask_parent(usb, device);
    if (!device->has_port)
        ask_property(usb, device, WALK_PORT);
    if (!is_host(device) || device->open)
        return;
    ask_property(usb, device, device->given ? WALK_ATTACHED : WALK_HOSTADDR);
    if (device->given)
        ask_property(usb, device, WALK_SERIAL);
}

static void ask_all_of_hosts(const struct walk_usb *usb)
{
    for (struct walk_device *at = usb->devices; at; at = at->next)
        for (int property = WALK_HOSTADDR;
             at->properties[WALK_HOSTADDR] && property < WALK_PROPERTIES; property++)
            ask_property(usb, at, (enum walk_property)property);
}

// Evaluates the answers for WALK_PORT; returns whether the report is needed because QEMU chose the
// port of an emulated device. Its text is not trusted for host devices, whose own names are in it.
static bool read_ports(const struct walk_usb *usb)
{
    bool chosen = false;
    for (struct walk_device *at = usb->devices; at; at = at->next) {
        if (!at->has_port)
            port_read(text_of(walk_text(usb->walk, at->properties[WALK_PORT])), &at->port);
        chosen |= !at->port.depth && !is_host(at);
    }
    return chosen;
}

// ---- the questions of each depth ----

void walk_usb_begin(struct walk_usb *usb)
{
    for (size_t i = 0; i < CONTAINERS; i++)
        ask_place(usb, containers[i]);
    usb->ids = usb->places[PERIPHERAL].list;
    qmp_send(usb->walk->client);
}

// Whether the type is one that is known not to be a USB device.
static bool is_other(struct text type)
{
    static const char *const others[] = {
        "irq",       "memory-region", "container",      "System",       "i440FX",     "PIIX3",
        "PIIX4_PM",  "piix3-ide",     "piix3-ide-xen",  "hpet",         "i8042",      "i8257",
        "isa-fdc",   "isa-i8259",     "isa-parallel",   "isa-pcspk",    "isa-pit",    "isa-serial",
        "kvmvapic",  "mc146818rtc",   "port92",         "smbus-eeprom", "vmmouse",    "vmport",
        "ioapic",    "fw_cfg_io",     "xen-platform",   "VGA",          "cirrus-vga", "qxl-vga",
        "e1000",     "rtl8139",       "virtio-net-pci", "xen-sysdev",   "xen-sysbus", "xen-bridge",
        "ISA",       "IDE",           "i2c-bus",        "PCI",          "usb-bus",    "kvm-apic",
        "kvm-i8259", "kvm-ioapic",    "kvm-pit",        "kvmclock",     "xen-apic",   "apic",
    };
    static const char cpu[] = "-cpu"; // qemu64-x86_64-cpu
    size_t i = 0;
    while (i < sizeof others / sizeof *others && !text_is(type, others[i]))
        i++;
    return i < sizeof others / sizeof *others ||
           (type.size >= sizeof cpu &&
            text_is(text_part(type, type.size - (sizeof cpu - 1), type.size), cpu));
}

// Whether an object is of a type of which only QEMU knows whether it is a USB device.
static bool has_unknown_type(const struct walk_usb *usb)
{
    for (size_t i = 0; i < usb->place_count; i++)
        for (const struct json *at = walk_first(usb->places[i].list); at; at = at->next) {
            struct text type = walk_type_within(at, "child");
            if (type.size && !is_other(type) && !device_model_driver(type) &&
                !controller_model_named(type))
                return true;
        }
    return false;
}

// To know the types takes QEMU longer than anything else that it is asked.
static bool await_types(struct walk_usb *usb)
{
    if (!usb->types && has_unknown_type(usb))
        usb->types = walk_types(usb->walk, "usb-device");
    return walk_await(usb->walk);
}

// Whether QEMU has told what is in each place. One that it does not have is empty; for any other
// reason to refuse, what is there is not known.
static bool are_listed(const struct walk_usb *usb)
{
    for (size_t i = 0; i < usb->place_count; i++) {
        const struct qmp_command *list = usb->places[i].list;
        bool absent = list->error_class && strcmp(list->error_class, "DeviceNotFound") == 0;
        if (!list->error || absent)
            continue;
        usb->walk->why = arena_printf(usb->walk->arena, "refuses to list %s: %s",
                                      usb->places[i].path, list->error);
        return false;
    }
    return true;
}

static bool read_places(struct walk_usb *usb)
{
    if (!walk_await(usb->walk) || !are_listed(usb))
        return false;
    const char *version = qmp_version(usb->walk->client);
    const struct json *at = walk_first(usb->places[UNATTACHED].list);
    if (*version && !walk_since(usb->walk->client, 8, 0))
        at = NULL; // its south bridge has no such children
    for (; at && usb->place_count < WALK_PLACES_MAX; at = at->next)
        if (is_south_bridge(walk_type_within(at, "child")))
            ask_place(usb, arena_printf(usb->walk->arena, "%s/%s", containers[UNATTACHED],
                                        walk_copy(usb->walk, walk_name(at))));
    // The children of the south bridge are only there after the first time.
    return await_types(usb) && are_listed(usb) && await_types(usb);
}

// Few devices are asked for their bus; of many, the buses are asked for their devices.
static bool ask_objects(struct walk_usb *usb)
{
    size_t elsewhere = 0;
    for (const struct walk_device *at = usb->devices; at; at = at->next) {
        const struct device_model *model = device_model_driver(text_of(at->type));
        elsewhere += !at->controller;
        if (model && model->kind == DEVICE_DISK && !usb->images)
            usb->images = qmp_submit(usb->walk->client, "query-block", TEXT_EMPTY);
    }
    usb->counts = elsewhere > usb->controller_count;
    for (struct walk_controller *at = usb->controllers; at; at = at->next) {
        ask_controller(usb, at);
        if (usb->counts)
            ask_children(usb, at);
    }
    for (struct walk_device *at = usb->devices; at; at = at->next)
        ask_device(usb, at);
    return walk_await(usb->walk);
}

static bool ask_rest(struct walk_usb *usb)
{
    read_buses(usb);
    if (read_ports(usb))
        usb->report = qmp_submit(usb->walk->client, "x-query-usb", TEXT_EMPTY);
    if (!walk_usb_match_nodes(usb))
        ask_all_of_hosts(usb);
    for (struct walk_controller *at = usb->controllers; at; at = at->next) {
        if (!at->model)
            ask_unknown(usb, at);
        if (usb->counts)
            ask_children(usb, at);
    }
    return walk_await(usb->walk);
}

bool walk_usb(struct walk_usb *usb)
{
    usb->last_controller = &usb->controllers;
    usb->last_device = &usb->devices;
    if (!read_places(usb) || !find_objects(usb))
        return false;
    walk_usb_recall(usb);
    walk_usb_read_nodes(usb);
    if (!ask_objects(usb) || !ask_rest(usb))
        return false;
    if (usb->counts)
        walk_usb_place_by_count(usb);
    return walk_await(usb->walk) && walk_usb_place_by_parent(usb);
}
