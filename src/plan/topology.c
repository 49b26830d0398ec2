// SPDX-License-Identifier: MIT
#include "topology.h"

#include "base/arena.h"
#include "base/buffer.h"

const char *device_state_name(enum device_state state)
{
    static const char *const names[] = {
        [DEVICE_PLANNED] = "planned", [DEVICE_ATTACHED] = "attached", [DEVICE_PRESENT] = "present",
        [DEVICE_WAITING] = "waiting", [DEVICE_GONE] = "gone",         [DEVICE_UNKNOWN] = "unknown",
    };
    return names[state];
}

struct device *controller_device_at(const struct controller *controller, struct port port)
{
    for (struct device *device = controller->devices; device; device = device->next)
        if (port_same(device->port, port))
            return device;
    return NULL;
}

struct host_guest topology_guest(const struct topology *topology)
{
    return (struct host_guest){ topology->domain->id, topology->qemu_process };
}

struct controller *topology_controller_named(const struct topology *topology, struct text name)
{
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (text_is(name, at->name))
            return at;
    return NULL;
}

struct controller *topology_controller_index(const struct topology *topology, int index)
{
    const struct controller *last = topology->last;
    if (last && last->index >= 0 && last->index < index)
        return NULL;
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (index >= 0 && at->index == index)
            return at;
    return NULL;
}

struct controller *topology_find_controller(const struct topology *topology, struct text word)
{
    uint64_t index = 0;
    struct controller *found = topology_controller_named(topology, word);
    if (!found && text_number(word, 10, 0, INT32_MAX, &index) == NUMBER_OK)
        found = topology_controller_index(topology, (int)index);
    return found;
}

bool controller_uses_pvusb_qemu(const struct controller *controller)
{
    return controller->pvusb == PVUSB_QEMU && !controller->backend_domain;
}

speed_mask controller_port_speeds(const struct controller *controller, struct port port)
{
    if (port.depth == 0 || !controller->model || port.number[0] > controller->ports)
        return 0;
    unsigned root = port.number[0];
    speed_mask speeds = controller->model->speeds;
    if (controller->model->version == 3)
        speeds = (root <= controller->ports_usb2 ? SPEEDS_USB2 : 0u) |
                 (root <= controller->ports_usb3 ? SPEEDS(SPEED_SUPER) : 0u);
    if (root <= 32 && controller->companion_ports >> (root - 1) & 1)
        speeds |= SPEEDS_USB1;
    // QEMU's usb-hub is a USB 1.1 hub (hw/usb/dev-hub.c).
    return port.depth > 1 ? speeds & SPEEDS_USB1 : speeds;
}

// Controllers that libxl knows come first, by index; the others follow in the order of addition.
static bool comes_before(const struct controller *a, const struct controller *b)
{
    if (a->index < 0 || b->index < 0)
        return a->index >= 0 && b->index < 0;
    return a->index < b->index;
}

void topology_add_controller(struct topology *topology, struct controller *controller)
{
    struct controller **at = &topology->controllers;
    if (topology->last && !comes_before(controller, topology->last))
        at = &topology->last->next;
    while (*at && !comes_before(controller, *at))
        at = &(*at)->next;
    controller->topology = topology;
    controller->next = *at;
    *at = controller;
    if (!controller->next)
        topology->last = controller;
}

void topology_drop_controller(struct topology *topology, struct controller *controller)
{
    struct controller *before = NULL;
    for (struct controller *at = topology->controllers; at != controller; at = at->next)
        before = at;
    *(before ? &before->next : &topology->controllers) = controller->next;
    if (!controller->next)
        topology->last = before;
}

void controller_add_device(struct controller *controller, struct device *device)
{
    struct device **at = &controller->devices;
    while (*at && memcmp((*at)->port.number, device->port.number, PORT_DEPTH_MAX) <= 0)
        at = &(*at)->next;
    device->controller = controller;
    device->next = *at;
    *at = device;
    controller->root_devices += device->port.depth == 1;
}

void controller_sort_devices(struct controller *controller)
{
    struct device *device = controller->devices, *next;
    controller->devices = NULL;
    controller->root_devices = 0;
    for (; device; device = next) {
        next = device->next;
        controller_add_device(controller, device);
    }
}

void controller_drop_device(struct device *device)
{
    struct device **at = &device->controller->devices;
    while (*at && *at != device)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = device->next;
    device->controller->root_devices -= device->port.depth == 1;
}

const char *device_busid(const struct device *device)
{
    if (device->host)
        return device->host->busid;
    return device->selector.criteria & SELECT_BUSID ? device->selector.busid : "";
}

const char *topology_controllers_hint(struct arena *arena, const struct topology *topology)
{
    struct buffer list = buffer_in(arena);
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (!at->stale)
            buffer_join(&list, ", ", "%s", at->name);
    return list.size ? arena_printf(arena, "it has: %s", buffer_string(&list)) : "it has none";
}

const char *device_place(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    uint64_t number = 0;
    const char *name = device->controller->name;
    bool is_number = text_number(text_of(name), 10, 0, UINT64_MAX, &number) == NUMBER_OK;
    return arena_printf(arena, is_number ? "bus=%s,port=%s" : "%s.%s", name,
                        port_write(device->port, buf));
}

const char *device_kind_name(const struct device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    return model ? model->name : device->driver;
}

const char *device_describe(struct arena *arena, const struct device *device)
{
    if (device->kind != DEVICE_HOSTDEV)
        return device_kind_name(device);
    if (device->host)
        return host_device_show(arena, device->host);
    return selector_show(arena, &device->selector);
}

const char *device_label(struct arena *arena, const struct device *device)
{
    const struct host_device *host = device->host;
    if (device->kind != DEVICE_HOSTDEV || !host)
        return device_describe(arena, device);
    return arena_printf(arena, "%04x:%04x%s%s", host->vendor, host->product, *host->name ? " " : "",
                        host->name);
}

const char *device_position(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    const char *port = port_write(device->port, buf);
    return arena_printf(arena, "%s port %s", device->controller->name, *port ? port : "?");
}
