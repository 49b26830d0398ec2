// SPDX-License-Identifier: MIT
#include "topology.h"

#include "base/arena.h"
#include "base/buffer.h"

enum { PLACE_NAME_MAX = 32 }; // of a controller, as the parser reads a place

const char *device_state_name(enum device_state state)
{
    static const char *const names[] = {
        [DEVICE_PLANNED] = "planned", [DEVICE_ATTACHED] = "attached",
        [DEVICE_PRESENT] = "present", [DEVICE_WAITING] = "waiting",
        [DEVICE_GONE] = "gone",       [DEVICE_MISFIT] = "speed mismatch",
        [DEVICE_HELD] = "held",       [DEVICE_UNAUTHORIZED] = "not authorized",
        [DEVICE_UNKNOWN] = "unknown",
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

// A controller by QEMU's id, or by the name of its bus, which has ".0" behind that; or NULL.
static struct controller *controller_of_id(const struct topology *topology, struct text word)
{
    if (word.size > 2 && text_is(text_part(word, word.size - 2, word.size), ".0"))
        word = text_part(word, 0, word.size - 2);
    for (struct controller *at = topology->controllers; at && word.size; at = at->next)
        if (at->id && text_is(word, at->id))
            return at;
    return NULL;
}

struct controller *topology_find_controller(const struct topology *topology, struct text word)
{
    uint64_t index = 0;
    struct controller *found = topology_controller_named(topology, word);
    if (!found && text_number(word, 10, 0, INT32_MAX, &index) == NUMBER_OK)
        found = topology_controller_index(topology, (int)index);
    return found ? found : controller_of_id(topology, word);
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

const struct host_device *device_on_host(const struct device *device)
{
    return device->host ? device->host : device->now;
}

const char *device_busid(const struct device *device)
{
    if (device->host)
        return device->host->busid;
    return device->selector.criteria & SELECT_BUSID ? device->selector.busid : "";
}

// The controller in "name=hci0" or "hci0,", which is none of a word; NULL if it is in neither.
static const struct controller *controller_in(const struct topology *topology, struct text word)
{
    size_t from = text_find(word, '=', 0);
    word = text_part(word, from < word.size ? from + 1 : 0, word.size);
    while (word.size && strchr(",;:", word.at[word.size - 1]))
        word.size--;
    return topology_controller_named(topology, word);
}

const char *topology_controllers_hint(struct arena *arena, const struct topology *topology,
                                      struct text wanted)
{
    const struct controller *meant = controller_in(topology, wanted);
    const size_t dot = text_find(wanted, '.', 0);
    const struct controller *there = topology_controller_named(topology, text_part(wanted, 0, dot));
    if (meant)
        return arena_printf(arena, "did you mean '%s'?", meant->name);
    if (there && dot + 1 < wanted.size)
        return arena_printf(arena, "that is a place: its controller is %s, its port %.*s",
                            there->name, (int)(wanted.size - dot - 1), wanted.at + dot + 1);
    struct buffer list = buffer_in(arena);
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (!at->stale)
            buffer_join(&list, ", ", "%s", at->name);
    return list.size ? arena_printf(arena, "it has: %s", buffer_string(&list)) : "it has none";
}

// Whether CONTROLLER.PORT cannot mean a busid, an address or anything else.
static bool is_place_name(const char *name)
{
    for (size_t i = 0; name[i]; i++) {
        char lower = text_lower(name[i]);
        bool letter = lower >= 'a' && lower <= 'z';
        bool other = (name[i] >= '0' && name[i] <= '9') || name[i] == '-' || name[i] == '_';
        if (i == PLACE_NAME_MAX || (!letter && (i == 0 || !other)))
            return false;
    }
    return *name != '\0';
}

// "bus=NAME", with the quotes of a spec. NULL if no spec can contain the name.
static const char *bus_word(struct arena *arena, const char *name)
{
    const char *quote = strpbrk(name, ", \t=") ? "\"" : "";
    return strchr(name, '"') ? NULL : arena_printf(arena, "bus=%s%s%s", quote, name, quote);
}

enum known_by { BY_PLACE, BY_BUSID, BY_ADDRESS, BY_KIND, KNOWN_BY };

static bool has_address(const struct device *device)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    return device->host || (device->selector.criteria & address) == address;
}

static void address_of(const struct device *device, unsigned *bus, unsigned *address)
{
    *bus = device->host ? device->host->bus : device->selector.bus;
    *address = device->host ? device->host->address : device->selector.address;
}

static bool is_known(const struct device *device, enum known_by by)
{
    switch (by) {
    case BY_PLACE: return device->port.depth > 0;
    case BY_BUSID: return device->kind == DEVICE_HOSTDEV && *device_busid(device);
    case BY_ADDRESS: return device->kind == DEVICE_HOSTDEV && has_address(device);
    default: return device->kind != DEVICE_HOSTDEV && device_model_of(device->kind);
    }
}

static bool is_same(const struct device *a, const struct device *b, enum known_by by)
{
    unsigned bus, address, other_bus, other_address;
    if (a->controller != b->controller || !is_known(b, by))
        return false;
    switch (by) {
    case BY_PLACE: return port_same(a->port, b->port);
    case BY_BUSID: return strcmp(device_busid(a), device_busid(b)) == 0;
    case BY_ADDRESS:
        address_of(a, &bus, &address);
        address_of(b, &other_bus, &other_address);
        return bus == other_bus && address == other_address;
    default: return a->kind == b->kind;
    }
}

// Whether that is enough to tell it from the other devices of its controller.
static bool is_unique(const struct device *device, enum known_by by)
{
    if (!is_known(device, by))
        return false;
    for (const struct device *at = device->controller->devices; at; at = at->next)
        if (at != device && is_same(device, at, by))
            return false;
    return true;
}

const char *device_word(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    unsigned bus = 0, address = 0;
    enum known_by by = BY_PLACE;
    const char *name = device->controller->name;
    const char *controller = bus_word(arena, name);
    while (by < KNOWN_BY && !is_unique(device, by))
        by++;
    if (by == KNOWN_BY || !controller)
        return NULL;
    switch (by) {
    case BY_PLACE:
        port_write(device->port, buf);
        return is_place_name(name) ? arena_printf(arena, "%s.%s", name, buf)
                                   : arena_printf(arena, "%s,port=%s", controller, buf);
    case BY_BUSID: return arena_printf(arena, "%s,busid=%s", controller, device_busid(device));
    case BY_ADDRESS:
        address_of(device, &bus, &address);
        return arena_printf(arena, "%s,hostaddr=%u.%u", controller, bus, address);
    default: return arena_printf(arena, "%s,type=%s", controller, device_kind_name(device));
    }
}

bool device_can_return(const struct device *device)
{
    return device->kind <= DEVICE_HUB; // the others have options, of which not all are known
}

const char *device_again(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    bool host = device->kind == DEVICE_HOSTDEV;
    const char *what = host ? device_busid(device) : device_kind_name(device);
    const char *controller = bus_word(arena, device->controller->name);
    if (!*what || !controller || !device->port.depth || !device_can_return(device))
        return NULL;
    return arena_printf(arena, "%s=%s,%s,port=%s", host ? "busid" : "type", what, controller,
                        port_write(device->port, buf));
}

const char *controller_word(struct arena *arena, const struct controller *controller)
{
    uint64_t index = 0;
    const char *name = controller->name;
    bool numbered = text_number(text_of(name), 10, 0, UINT16_MAX, &index) == NUMBER_OK;
    if (!controller->pvusb || !controller->model || (!numbered && !is_place_name(name)))
        return NULL;
    return arena_printf(arena, "%s%s,type=%s,usbversion=%u", numbered ? "" : "name=", name,
                        controller->pvusb == PVUSB_QEMU ? "qusb" : "vusb",
                        controller->model->version);
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

// Whether nothing tells what the device was: it is gone, and only its place in this host is known.
static bool is_nameless(const struct device *device)
{
    const unsigned place = SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID;
    return device->kind == DEVICE_HOSTDEV && device->state == DEVICE_GONE && !device->host &&
           !device->label && device->selector.criteria & SELECT_BUSID &&
           !(device->selector.criteria & ~place);
}

const char *device_label(struct arena *arena, const struct device *device)
{
    const struct host_device *host = device->host;
    if (device->kind == DEVICE_HOSTDEV && !host && device->label)
        return device->label;
    if (is_nameless(device))
        return "unknown device";
    if (device->kind != DEVICE_HOSTDEV || !host)
        return device_describe(arena, device);
    host_read_strings(host, HOST_NAME);
    return arena_printf(arena, "%04x:%04x%s%s", host->vendor, host->product, *host->name ? " " : "",
                        host->name);
}

const char *device_position(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    const char *port = port_write(device->port, buf);
    return arena_printf(arena, "%s.%s", device->controller->name, *port ? port : "?");
}
