// SPDX-License-Identifier: MIT
#include "arena.h"
#include "recording.h"

bool record_expresses_controller(const struct controller *controller)
{
    char id[32];
    if (controller->index < 0 || !controller->model || !controller->model->libxl_version)
        return false;
    snprintf(id, sizeof id, "xenusb-%d", controller->index);
    return strcmp(controller->id, id) == 0;
}

// Whether an id is of the form xenusb-<bus>-<address>.
static bool is_libxl_id(struct text id)
{
    static const char prefix[] = "xenusb-";
    uint64_t number;
    size_t dash = text_find(id, '-', sizeof prefix - 1);
    return text_starts(id, prefix) && dash < id.size &&
           text_number(text_part(id, sizeof prefix - 1, dash), 10, 1, UINT8_MAX, &number) ==
               NUMBER_OK &&
           text_number(text_part(id, dash + 1, id.size), 10, 1, UINT8_MAX, &number) == NUMBER_OK;
}

bool record_expresses_device(const struct device *device)
{
    char id[32];
    if (device->kind != DEVICE_HOSTDEV || device->port.depth != 1 ||
        !record_expresses_controller(device->controller))
        return false;
    if (!*device->id)
        return device->state == DEVICE_GONE;
    if (!device->host)
        return is_libxl_id(text_of(device->id));
    snprintf(id, sizeof id, "xenusb-%u-%u", device->host->bus, device->host->address);
    return strcmp(device->id, id) == 0;
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
    if (busid_read(text_of(busid), device->selector.busid))
        device->selector.marks = SELECT_BUSID;
    return device;
}

// ---- emulated controllers ----

// What the record says of the device at a port, against what QEMU says.
static void merge_port(struct arena *arena, struct controller *controller, unsigned port,
                       const char *busid, const struct host *host)
{
    struct device *there = controller_device_at(controller, (struct port){ 1, { (uint8_t)port } });
    if (!there) {
        // xl may be about to attach it; if not, it is what a QEMU that died has left.
        controller_add_device(controller, new_device(arena, port, busid));
        return;
    }
    if (there->kind != DEVICE_HOSTDEV || !busid_read(text_of(busid), there->selector.busid))
        return;
    there->selector.marks |= SELECT_BUSID;
    if (!host || (there->host && strcmp(there->host->busid, busid) == 0))
        return;
    // QEMU's own "attached" stays true when the device is pulled out, and even when another one is
    // at its address by now.
    there->host = NULL;
    there->state = DEVICE_GONE;
}

static void merge_emulated(struct arena *arena, const struct record_controller *record,
                           const struct host *host, struct topology *topology)
{
    struct controller *controller =
        controller_with_id(topology, arena_printf(arena, "xenusb-%u", record->index));
    if (!controller)
        return;
    controller->index = (int)record->index;
    for (unsigned port = 1; port <= record->ports; port++)
        if (record->port[port] && *record->port[port])
            merge_port(arena, controller, port, record->port[port], host);
}

// ---- PVUSB ----

static void merge_pvusb(struct arena *arena, const struct record_controller *record,
                        const struct host *host, struct topology *topology)
{
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->model = controller_model_pvusb(record->version);
    controller->driver = "pvusb";
    controller->name = arena_printf(arena, "%u", record->index);
    controller->id = controller->path = controller->bus = "";
    controller->index = (int)record->index;
    controller->ports = record->ports;
    controller->present = true;
    topology_add_controller(topology, controller);
    for (unsigned port = 1; port <= record->ports; port++) {
        if (!record->port[port] || !*record->port[port])
            continue;
        struct device *device = new_device(arena, port, record->port[port]);
        device->host =
            host && device->selector.marks ? host_device_busid(host, device->selector.busid) : NULL;
        device->speed = device->host ? device->host->speed : SPEED_UNKNOWN;
        device->state = host && !device->host ? DEVICE_GONE : DEVICE_UNKNOWN;
        controller_add_device(controller, device);
    }
}

void record_merge(const struct session *session, const struct record *record,
                  const struct host *host, struct topology *topology)
{
    for (const struct record_controller *at = record->controllers; at; at = at->next) {
        if (at->kind == RECORD_EMULATED)
            merge_emulated(session->arena, at, host, topology);
        else if (at->kind != RECORD_STRANGE)
            merge_pvusb(session->arena, at, host, topology);
    }
    for (const struct record_note *note = record->notes; note; note = note->next) {
        struct controller *controller =
            note->of_device ? NULL : controller_with_id(topology, note->id);
        if (controller && *note->name)
            controller->name = note->name;
    }
}
