// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "given.h"
#include "handle.h"
#include "ids.h"
#include "qmp.h"
#include "report.h"
#include "walk.h"

static const char peripheral[] = "/machine/peripheral/";

// The queries of the first round trip.
struct questions {
    struct qmp_command *machine;
    struct qmp_command *ids;
    struct qmp_command *status;
    struct qmp_command *report;
    struct qmp_command *images;
    struct qmp_command *types;
};

// The id of an object, or "": only objects with an id are below /machine/peripheral.
static const char *id_of(const char *path)
{
    if (!text_starts(text_of(path), peripheral) || strchr(path + sizeof peripheral - 1, '/'))
        return "";
    return path + sizeof peripheral - 1;
}

// The image of a disk. In query-block, qdev is the path of an object below the device.
static const char *image_of(struct walk *walk, const struct qmp_command *images, const char *path)
{
    const struct json *list = images->value;
    size_t size = strlen(path);
    for (const struct json *at = json_elements(list); at; at = at->next) {
        struct text device = json_member_text(at, "qdev");
        struct text file = json_member_text(json_member(at, "inserted"), "file");
        if (file.size && text_starts(device, path) &&
            (device.size == size || device.at[size] == '/'))
            return arena_copy(walk->arena, file.at, file.size);
    }
    return NULL;
}

static void add_device(struct walk *walk, const struct host *host, const struct questions *asked,
                       const struct walk_device *found, struct controller *controller)
{
    const char *path = walk_text(walk, found->path);
    if (*path != '/')
        return; // removed in the meantime
    const struct device_model *model = device_model_driver(text_of(found->type));
    struct device *device = arena_new_of(walk->arena, struct device);
    device->kind = model ? model->kind : DEVICE_OTHER;
    device->driver = found->type;
    device->path = path;
    device->id = id_of(path);
    device->state = DEVICE_PRESENT;
    port_read(text_of(walk_text(walk, found->properties[WALK_PORT])), &device->port);
    if (device->kind == DEVICE_HOSTDEV)
        given_read(walk, host, found, device);
    if (device->kind == DEVICE_DISK)
        device->file = image_of(walk, asked->images, path);
    controller_add_device(controller, device);
}

static unsigned port_number(const struct qmp_command *command, unsigned otherwise)
{
    int64_t ports = walk_number(command, otherwise);
    return ports >= 0 && ports <= UINT8_MAX ? (unsigned)ports : otherwise;
}

static void count_ports(const struct walk_controller *found, struct controller *controller)
{
    const struct controller_model *model = controller->model;
    controller->ports = port_number(found->ports, model ? model->ports : 0);
    controller->ports_usb2 = port_number(found->ports_usb2, controller->ports);
    controller->ports_usb3 = port_number(found->ports_usb3, controller->ports);
    if (found->ports_usb2 && found->ports_usb3)
        controller->ports = controller->ports_usb2 > controller->ports_usb3
                                ? controller->ports_usb2
                                : controller->ports_usb3;
}

static void add_controller(struct walk *walk, const struct host *host,
                           const struct questions *asked, const struct walk_controller *found,
                           struct topology *topology)
{
    struct controller *controller = arena_new_of(walk->arena, struct controller);
    controller->model = controller_model_named(text_of(found->type));
    controller->driver = found->type;
    controller->path = found->path;
    controller->id = id_of(found->path);
    controller->bus = found->bus;
    controller->present = true;
    controller->name = ids_controller_name(walk->arena, controller->id, &controller->index);
    count_ports(found, controller);
    for (const struct walk_device *device = found->devices; device; device = device->next)
        add_device(walk, host, asked, device, controller);
    topology_add_controller(topology, controller);
}

// Marks the ports of its master that a companion controller serves. `firstport` counts from 0.
static void add_companion(struct walk *walk, const struct walk_controller *found,
                          struct topology *topology)
{
    const char *master = walk_text(walk, found->master);
    const struct controller_model *model = controller_model_named(text_of(found->type));
    unsigned first = port_number(found->first_port, 0);
    unsigned count = port_number(found->ports, model ? model->ports : 0);
    for (struct controller *at = topology->controllers; at; at = at->next)
        for (unsigned i = first;
             i < first + count && i < 32 && at->bus && strcmp(at->bus, master) == 0; i++)
            at->companion_ports |= UINT32_C(1) << i;
}

static unsigned long hotpluggable_models(const struct qmp_command *types)
{
    unsigned long models = 0;
    const struct json *list = types->value;
    for (size_t i = 0; controller_models[i].name; i++) {
        const char *driver = controller_models[i].driver;
        bool exists = !list && driver; // assume so if QEMU did not answer
        for (const struct json *at = driver ? json_elements(list) : NULL; at; at = at->next)
            exists |= text_is(json_member_text(at, "name"), driver);
        if (exists && controller_models[i].hotplug)
            models |= 1ul << i;
    }
    return models;
}

// A PCI bus has 32 slots; a PCI Express port leads to one.
static unsigned free_slots(const struct walk_bus *bus)
{
    unsigned slots = bus->express && !bus->root ? 1 : 32;
    return bus->hotplug && bus->used < slots ? slots - bus->used : 0;
}

static void note_slots(struct qmp_handle *handle, const struct walk *walk,
                       struct topology *topology)
{
    struct plugging *plugging = &topology->plugging;
    struct pci_bus_slots **last = &handle->slots;
    const char *fixed = NULL;
    handle->slots = NULL;
    handle->pci_slots = NULL;
    plugging->known = true;
    for (const struct walk_bus *bus = walk->buses; bus; bus = bus->next) {
        if (!bus->hotplug) {
            fixed = fixed ? fixed : bus->name;
            continue;
        }
        struct pci_bus_slots *slots = arena_new_of(walk->arena, struct pci_bus_slots);
        slots->bus = bus->name;
        slots->free = free_slots(bus);
        plugging->slots += slots->free;
        *last = slots;
        last = &slots->next;
        for (const struct walk_controller *at = walk->controllers; at; at = at->next) {
            if (at->pci != bus)
                continue;
            struct pci_slot *pci_slot = arena_new_of(walk->arena, struct pci_slot);
            *pci_slot = (struct pci_slot){ handle->pci_slots, at->path, slots };
            handle->pci_slots = pci_slot;
        }
    }
    if (plugging->slots == 0 && handle->slots)
        plugging->why_not = "all its PCI buses that support hotplugging are full";
    else if (plugging->slots == 0 && fixed)
        plugging->why_not =
            arena_printf(walk->arena, "its bus '%s' does not support hotplugging", fixed);
    else if (plugging->slots == 0)
        plugging->why_not = "it has no PCI bus";
}

// Marks controllers on buses without hotplugging: they cannot be removed while QEMU runs.
static void note_fixed(const struct walk *walk, struct topology *topology)
{
    for (const struct walk_controller *found = walk->controllers; found; found = found->next)
        for (struct controller *at = topology->controllers; at; at = at->next)
            if (found->pci && !found->pci->hotplug && strcmp(at->path, found->path) == 0)
                at->fixed_on = found->pci->name;
}

static struct questions ask_machine(struct walk *walk)
{
    struct arena *arena = walk->arena;
    return (struct questions){
        .machine = walk_ask(walk, wire_list(arena, "/machine")),
        .ids = walk_ask(walk, wire_list(arena, "/machine/peripheral")),
        .status = qmp_submit(walk->client, "query-status", TEXT_EMPTY),
        .report = qmp_submit(walk->client, "x-query-usb", TEXT_EMPTY),
        .images = qmp_submit(walk->client, "query-block", TEXT_EMPTY),
        .types = qmp_submit(walk->client, "qom-list-types",
                            text_of("{\"implements\":\"pci-device\",\"abstract\":false}")),
    };
}

static void note_ids(struct qmp_handle *handle, const struct qmp_command *ids)
{
    struct arena *arena = handle->session->arena;
    const struct json *list = ids->value;
    handle->taken = NULL;
    for (const struct json *at = json_elements(list); at; at = at->next) {
        struct text name = json_member_text(at, "name");
        struct taken_id *taken = arena_new_of(arena, struct taken_id);
        *taken = (struct taken_id){ handle->taken, arena_copy(arena, name.at, name.size) };
        handle->taken = taken;
    }
}

// Reports that QEMU did not answer, or answered nonsense, while `what` was done, and returns the
// matching status.
static enum status complain_answer(const struct qmp_handle *handle, const char *what)
{
    complain_error(handle->session->diags, "%s, while %s", qmp_why(handle->client), what);
    return qmp_broken(handle->client) ? STATUS_FAILED : STATUS_TIMEOUT;
}

// Moves the controllers into the topology, with a number appended to names that are already used.
static void merge_topology(struct arena *arena, struct topology *own, struct topology *topology)
{
    for (struct controller *at = own->controllers, *next; at; at = next) {
        const char *name = at->name;
        next = at->next;
        for (unsigned i = 2; topology_controller_named(topology, text_of(at->name)); i++)
            at->name = arena_printf(arena, "%s-%u", name, i);
        topology_add_controller(topology, at);
    }
}

static void read_controllers(struct walk *way, const struct session *session,
                             const struct questions *asked, struct topology *topology)
{
    struct topology own = { 0 };
    struct text report = json_member_text(asked->report->value, "human-readable-text");
    for (const struct walk_controller *found = way->controllers; found; found = found->next)
        if (found->bus)
            add_controller(way, session->host, asked, found, &own);
    for (const struct walk_controller *found = way->controllers; found; found = found->next)
        if (!found->bus)
            add_companion(way, found, &own);
    given_tell_apart(way, session->host, &own);
    report_place(way->arena, report_read(way->arena, report), &own);
    merge_topology(way->arena, &own, topology);
}

enum status qmp_look(void *at, struct topology *topology)
{
    static const char looking[] = "xenusb was reading its devices";
    struct qmp_handle *handle = at;
    struct session *session = handle->session;
    struct walk way = { .arena = session->arena, .client = handle->client };
    struct questions asked = ask_machine(&way);
    if (!qmp_await(handle->client))
        return complain_answer(handle, looking);
    if (!walk(&way, asked.machine)) {
        if (!way.why)
            return complain_answer(handle, looking);
        complain_error(session->diags, "QEMU at %s %s", session->domain->qmp_socket, way.why);
        return STATUS_FAILED;
    }
    const char *version = qmp_version(handle->client);
    topology->qemu_process = (unsigned)qmp_process(handle->client);
    topology->qemu = *version ? arena_printf(session->arena, "QEMU %s", version) : "QEMU";
    if (session->domain->id < 0)
        session->domain->paused =
            asked.status->value && !json_member_is_true(asked.status->value, "running");
    note_ids(handle, asked.ids);
    read_controllers(&way, session, &asked, topology);
    note_slots(handle, &way, topology);
    note_fixed(&way, topology);
    topology->plugging.models = hotpluggable_models(asked.types);
    return STATUS_OK;
}
