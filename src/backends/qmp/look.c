// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "handle.h"
#include "ids.h"
#include "qmp.h"
#include "report.h"
#include "verify.h"
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

static uint16_t number_within(const struct qmp_command *command, int64_t most)
{
    int64_t number = walk_number(command, 0);
    return (uint16_t)(number > 0 && number <= most ? number : 0);
}

// "/dev/bus/usb/001/004": the hostdevice= property of usb-host.
static void read_device_node(const char *path, struct selector *selector)
{
    static const char directory[] = "/dev/bus/usb/";
    struct text text = text_of(path);
    uint64_t bus, address;
    if (!text_starts(text, directory))
        return;
    text = text_part(text, sizeof directory - 1, text.size);
    size_t slash = text_find(text, '/', 0);
    if (text_number(text_part(text, 0, slash), 10, 1, UINT8_MAX, &bus) != NUMBER_OK ||
        text_number(text_part(text, slash + 1, text.size), 10, 1, 127, &address) != NUMBER_OK)
        return;
    selector->criteria |= SELECT_BUS | SELECT_ADDRESS;
    selector->bus = (uint8_t)bus;
    selector->address = (uint8_t)address;
}

// Reads the properties by which usb-host selects its device.
static void read_selector(struct walk *walk, const struct walk_device *found,
                          struct selector *selector)
{
    struct qmp_command *const *asked = found->properties;
    const char *port = walk_text(walk, asked[WALK_HOSTPORT]);
    selector->bus = (uint8_t)number_within(asked[WALK_HOSTBUS], UINT8_MAX);
    selector->address = (uint8_t)number_within(asked[WALK_HOSTADDR], 127);
    selector->vendor = number_within(asked[WALK_VENDORID], UINT16_MAX);
    selector->product = number_within(asked[WALK_PRODUCTID], UINT16_MAX);
    selector->criteria =
        (selector->bus ? SELECT_BUS : 0u) | (selector->address ? SELECT_ADDRESS : 0u) |
        (selector->vendor ? SELECT_VENDOR : 0u) | (selector->product ? SELECT_PRODUCT : 0u);
    const char *busid = arena_printf(walk->arena, "%u-%s", selector->bus, port);
    if (selector->bus && *port && busid_read(text_of(busid), selector->busid))
        selector->criteria |= SELECT_BUSID;
    read_device_node(walk_text(walk, asked[WALK_HOSTDEVICE]), selector);
}

// The host device that matches the selector. If several match, the only one that QEMU may have
// open; NULL if there is none or the match is ambiguous.
static const struct host_device *host_device_of(const struct host *host,
                                                const struct selector *selector, bool *ambiguous)
{
    const struct host_device *open = NULL, *only = NULL;
    unsigned matching = 0, opened = 0;
    *ambiguous = false;
    for (const struct host_device *at = host ? host->devices : NULL; at && selector->criteria;
         at = at->next) {
        if (at->hub || !selector_matches(selector, at))
            continue;
        only = at;
        matching++;
        if (verify_may_be_open(at)) {
            open = at;
            opened++;
        }
    }
    if (matching == 1)
        return only;
    *ambiguous = matching > 1 && opened != 1;
    return opened == 1 ? open : NULL;
}

static void read_host_device(struct walk *walk, const struct host *host,
                             const struct walk_device *found, struct device *device)
{
    bool ambiguous, open = walk_bool(found->properties[WALK_ATTACHED]);
    read_selector(walk, found, &device->selector);
    const struct host_device *there = host_device_of(host, &device->selector, &ambiguous);
    // QEMU waits for a matching device, unless only an address was given. Its "attached" alone may
    // be stale: a device selected by address stays attached after it is unplugged.
    if (!open)
        device->state = device->selector.criteria == (SELECT_BUS | SELECT_ADDRESS) ? DEVICE_GONE
                                                                                   : DEVICE_WAITING;
    else if (ambiguous || !device->selector.criteria || !host)
        device->state = DEVICE_UNKNOWN;
    else if (!there || !verify_may_be_open(there))
        device->state = DEVICE_GONE;
    else
        device->state = DEVICE_ATTACHED;
    if (device->state == DEVICE_ATTACHED) {
        device->host = there;
        device->speed = there->speed;
    }
}

// Whether a device of the topology is that host device.
static bool is_known(const struct topology *topology, const struct host_device *host)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->host == host)
                return true;
    return false;
}

// A host device that matches, that this QEMU has open, and that no other device here is; NULL if
// there is none.
static const struct host_device *find_open(const struct walk *walk, const struct host *host,
                                           const struct topology *topology,
                                           const struct device *device)
{
    const unsigned process = (unsigned)qmp_process(walk->client);
    const struct host_device *at = host->devices;
    while (at &&
           (at->hub || !selector_matches(&device->selector, at) || is_known(topology, at) ||
            !verify_may_be_open(at) || host_process_holds(walk->arena, process, at) != VERDICT_YES))
        at = at->next;
    return at;
}

// Tells equal devices of the host apart by what this QEMU has open.
static void find_ambiguous(const struct walk *walk, const struct host *host,
                           struct topology *topology)
{
    for (struct controller *at = topology->controllers; at && host; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (device->kind != DEVICE_HOSTDEV || device->state != DEVICE_UNKNOWN)
                continue;
            device->host = find_open(walk, host, topology, device);
            if (!device->host)
                continue;
            device->state = DEVICE_ATTACHED;
            device->speed = device->host->speed;
        }
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
        read_host_device(walk, host, found, device);
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
    find_ambiguous(way, session->host, &own);
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
