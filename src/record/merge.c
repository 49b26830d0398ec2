// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "recording.h"

// Reads the numbers in an id of libxl's: xenusb-<index> or xenusb-<bus>-<address>. Returns how many
// there are; 0 for any other id.
static unsigned read_libxl_id(const char *id, uint64_t numbers[2])
{
    static const char prefix[] = "xenusb-";
    struct text rest = text_of(id);
    if (!text_starts(rest, prefix))
        return 0;
    rest = text_part(rest, sizeof prefix - 1, rest.size);
    size_t dash = text_find(rest, '-', 0);
    if (text_number(text_part(rest, 0, dash), 10, 0, INT32_MAX, &numbers[0]) != NUMBER_OK)
        return 0;
    if (dash == rest.size)
        return 1;
    rest = text_part(rest, dash + 1, rest.size);
    return text_number(rest, 10, 0, UINT8_MAX, &numbers[1]) == NUMBER_OK ? 2 : 0;
}

bool record_expresses_controller(const struct controller *controller)
{
    uint64_t numbers[2];
    bool libxls = controller->stale || (controller->model && controller->model->libxl_version);
    return controller->index >= 0 && libxls && read_libxl_id(controller->id, numbers) == 1 &&
           numbers[0] == (uint64_t)controller->index;
}

bool record_expresses_device(const struct device *device)
{
    uint64_t numbers[2];
    if (device->kind != DEVICE_HOSTDEV || device->port.depth != 1 ||
        !record_expresses_controller(device->controller))
        return false;
    if (!*device->id)
        return device->state == DEVICE_GONE;
    if (read_libxl_id(device->id, numbers) != 2)
        return false;
    // A device that is gone, or was replugged, keeps the id with which it was attached.
    return !device->host ||
           (numbers[0] == device->host->bus && numbers[1] == device->host->address);
}

bool record_hides_port(const struct device *device)
{
    return device->port.depth == 1 && record_expresses_controller(device->controller) &&
           !record_expresses_device(device);
}

static struct controller *controller_with_id(const struct topology *topology, const char *id)
{
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (*id && strcmp(at->id, id) == 0)
            return at;
    return NULL;
}

static struct device *new_device(struct arena *arena, unsigned port, const char *busid)
{
    struct device *device = arena_new_of(arena, struct device);
    device->port = (struct port){ 1, { (uint8_t)port } };
    device->kind = DEVICE_HOSTDEV;
    device->driver = "usb-host";
    device->id = device->path = "";
    device->state = DEVICE_GONE;
    device->report.configured = VERDICT_UNKNOWN;
    if (busid_read(text_of(busid), device->selector.busid))
        device->selector.criteria = SELECT_BUSID;
    return device;
}

// Adds the busid that is recorded for a port to QEMU's device there.
static void merge_port(struct arena *arena, struct controller *controller, unsigned port,
                       const char *busid)
{
    struct device *device = controller_device_at(controller, (struct port){ 1, { (uint8_t)port } });
    if (!device) {
        // Either xl is about to attach it, or a QEMU that died has left it behind.
        controller_add_device(controller, new_device(arena, port, busid));
        return;
    }
    if (device->kind == DEVICE_HOSTDEV && busid_read(text_of(busid), device->selector.busid))
        device->selector.criteria |= SELECT_BUSID;
}

// Adds a controller that is recorded but not in QEMU: either xl is about to add it, or QEMU removed
// it after the command that asked for that had timed out.
static struct controller *add_stale(struct arena *arena, const struct record_controller *record,
                                    const char *id, struct topology *topology)
{
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->model = controller_model_for(record->version);
    controller->driver = controller->model ? controller->model->driver : "unknown";
    controller->name = arena_printf(arena, "%u", record->index);
    controller->id = id;
    controller->path = controller->bus = "";
    controller->index = (int)record->index;
    controller->ports = record->ports;
    controller->stale = true;
    topology_add_controller(topology, controller);
    return controller;
}

// Adds a controller that only xenusb's notes name.
static struct controller *add_noted(struct arena *arena, const struct record *record,
                                    const char *id, struct topology *topology)
{
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->driver = "unknown";
    controller->name = controller->id = id;
    controller->path = controller->bus = "";
    controller->index = -1;
    controller->stale = true;
    for (const struct record_note *at = record->notes; at; at = at->next)
        if (!at->of_device && *at->name && strcmp(at->id, id) == 0)
            controller->name = at->name;
    topology_add_controller(topology, controller);
    return controller;
}

// Adds a device that only its note has, since QEMU has exited.
static void merge_noted(struct arena *arena, const struct record *record,
                        const struct record_note *note, struct topology *topology)
{
    struct controller *controller = controller_with_id(topology, note->controller);
    struct port port = PORT_ANY;
    if (!*note->busid || !*note->id)
        return;
    if (!controller)
        controller = add_noted(arena, record, note->controller, topology);
    (void)port_read(text_of(note->port), &port);
    struct device *device = new_device(arena, 0, note->busid);
    device->id = note->id;
    device->port = port;
    controller_add_device(controller, device);
}

static void merge_emulated(struct arena *arena, const struct record_controller *record,
                           struct topology *topology)
{
    const char *id = arena_printf(arena, "xenusb-%u", record->index);
    struct controller *controller = controller_with_id(topology, id);
    if (!controller)
        controller = add_stale(arena, record, id, topology);
    controller->index = (int)record->index;
    for (unsigned port = 1; port <= record->ports; port++)
        if (record->port[port] && *record->port[port])
            merge_port(arena, controller, port, record->port[port]);
}

static void merge_controller(struct arena *arena, const struct record_note *note,
                             struct controller *controller)
{
    if (*note->name)
        controller->name = note->name;
    controller->as_needed = note->as_needed;
    controller->leaving =
        *note->leaving && strcmp(note->leaving, note_started_with(arena, controller)) == 0;
}

void record_merge(const struct session *session, const struct record *record,
                  struct topology *topology)
{
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        if (at->kind == RECORD_EMULATED)
            merge_emulated(session->arena, at, topology);
    for (const struct record_note *note = record->notes; note; note = note->next) {
        struct controller *controller =
            note->of_device ? NULL : controller_with_id(topology, note->id);
        if (controller)
            merge_controller(session->arena, note, controller);
        else if (note->of_device && topology->qemu_ended)
            merge_noted(session->arena, record, note, topology);
    }
}
