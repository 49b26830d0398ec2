// SPDX-License-Identifier: MIT
#include "walk.h"

#include "base/arena.h"

#include <stdlib.h>

struct qmp_command *walk_ask(struct walk *walk, struct wire_command command)
{
    return qmp_submit(walk->client, command.name, command.arguments);
}

const char *walk_text(struct walk *walk, const struct qmp_command *command)
{
    struct text text = command ? json_text(command->value) : TEXT_EMPTY;
    return arena_copy(walk->arena, text.at, text.size);
}

int64_t walk_number(const struct qmp_command *command, int64_t otherwise)
{
    return command ? json_integer(command->value, otherwise) : otherwise;
}

bool walk_bool(const struct qmp_command *command)
{
    return command && json_is_true(command->value);
}

static const char *copy(struct walk *walk, struct text text)
{
    return arena_copy(walk->arena, text.at, text.size);
}

// The first property in the answer to qom-list.
static const struct json *first_property(const struct qmp_command *list)
{
    return json_elements(list->value);
}

// TYPE in "KIND<TYPE>", where `kind` is "child" or "link"; empty if the type is different.
static struct text type_within(const struct json *property, const char *kind)
{
    struct text type = json_member_text(property, "type");
    size_t size = strlen(kind);
    if (!text_starts(type, kind) || type.size < size + 2 || type.at[size] != '<' ||
        type.at[type.size - 1] != '>')
        return TEXT_EMPTY;
    return text_part(type, size + 1, type.size - 1);
}

static bool has_property(const struct qmp_command *list, const char *name)
{
    for (const struct json *at = first_property(list); at; at = at->next)
        if (text_is(json_member_text(at, "name"), name))
            return true;
    return false;
}

// One of a bus's child[N] properties, a link to a device.
struct child {
    uint64_t number;
    struct text name;
    struct text type;
};

static bool read_child(const struct json *property, struct child *child)
{
    child->name = json_member_text(property, "name");
    child->type = type_within(property, "link");
    if (!text_starts(child->name, "child[") || !child->type.size)
        return false;
    struct text number = text_part(child->name, strlen("child["), child->name.size - 1);
    return text_number(number, 10, 0, UINT32_MAX, &child->number) == NUMBER_OK &&
           child->name.at[child->name.size - 1] == ']';
}

static int compare_children(const void *a, const void *b)
{
    uint64_t left = ((const struct child *)a)->number, right = ((const struct child *)b)->number;
    return (left > right) - (left < right);
}

// The children of a bus in the order in which they were added; QEMU lists properties in no order.
static struct child *children_of(struct walk *walk, const struct qmp_command *list, size_t *count)
{
    struct child child;
    *count = 0;
    for (const struct json *at = first_property(list); at; at = at->next)
        *count += read_child(at, &child);
    walk->objects += (unsigned)*count;
    struct child *children = arena_array_of(walk->arena, struct child, *count);
    size_t i = 0;
    for (const struct json *at = first_property(list); at; at = at->next)
        if (read_child(at, &child))
            children[i++] = child;
    qsort(children, *count, sizeof *children, compare_children);
    return children;
}

static void found_bus(struct walk *walk, const char *path, const struct json *property, bool root)
{
    struct text type = type_within(property, "child");
    if (!text_is(type, "PCI") && !text_is(type, "PCIE"))
        return;
    struct walk_bus *bus = arena_new_of(walk->arena, struct walk_bus);
    bus->name = copy(walk, json_member_text(property, "name"));
    bus->path = arena_printf(walk->arena, "%s/%s", path, bus->name);
    bus->express = text_is(type, "PCIE");
    bus->root = root;
    *walk->last_bus = bus;
    walk->last_bus = &bus->next;
}

static void ask_bus(struct walk *walk, struct walk_bus *bus)
{
    bus->list = walk_ask(walk, wire_list(walk->arena, bus->path));
    bus->handler = walk_ask(walk, wire_get(walk->arena, bus->path, "hotplug-handler"));
}

// A bus supports hotplugging if it has a hotplug handler. In QEMU 10 the root bus of PCI Express
// has one too, but refuses devices unless it also has the number by which ACPI selects the bus
// (hw/acpi/pcihp.c).
static bool supports_hotplug(struct walk *walk, const struct walk_bus *bus)
{
    bool is_root_complex = bus->root && bus->express;
    return *walk_text(walk, bus->handler) &&
           (!is_root_complex || has_property(bus->list, "acpi-pcihp-bsel"));
}

static void ask_functions(struct walk *walk, struct walk_bus *bus)
{
    size_t count;
    struct child *children = children_of(walk, bus->list, &count);
    bus->hotplug = supports_hotplug(walk, bus);
    for (size_t i = 0; i < count && walk->objects <= WALK_OBJECTS_MAX; i++) {
        struct walk_function *function = arena_new_of(walk->arena, struct walk_function);
        const char *name = copy(walk, children[i].name);
        // QOM paths can go through links as well as children.
        const char *path = arena_printf(walk->arena, "%s/%s", bus->path, name);
        function->bus = bus;
        function->type = copy(walk, children[i].type);
        function->path = walk_ask(walk, wire_get(walk->arena, bus->path, name));
        function->list = walk_ask(walk, wire_list(walk->arena, path));
        function->address = walk_ask(walk, wire_get(walk->arena, path, "addr"));
        *walk->last_function = function;
        walk->last_function = &function->next;
    }
}

// Counts the used slots of each bus; several functions can share one. An address is slot * 8 +
// function (PCI Local Bus 3.0, 3.2.2.3.4).
static void count_slots(struct walk *walk)
{
    for (struct walk_function *at = walk->new_functions; at; at = at->next) {
        bool counted = false;
        for (struct walk_function *before = walk->new_functions; before != at;
             before = before->next)
            counted |= before->bus == at->bus &&
                       walk_number(before->address, -8) / 8 == walk_number(at->address, -16) / 8;
        at->bus->used += !counted;
    }
}

static void found_controller(struct walk *walk, const struct walk_function *function,
                             const char *path, const char *bus)
{
    struct walk_controller *controller = arena_new_of(walk->arena, struct walk_controller);
    controller->type = function->type;
    controller->path = path;
    controller->pci = function->bus;
    controller->bus = bus;
    controller->last_device = &controller->devices;
    const struct {
        const char *name;
        struct qmp_command **command;
    } wanted[] = {
        { "p2", &controller->ports_usb2 },        { "p3", &controller->ports_usb3 },
        { "num-ports", &controller->ports },      { "masterbus", &controller->master },
        { "firstport", &controller->first_port },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (has_property(function->list, wanted[i].name))
            *wanted[i].command = walk_ask(walk, wire_get(walk->arena, path, wanted[i].name));
    if (bus)
        controller->list =
            walk_ask(walk, wire_list(walk->arena, arena_printf(walk->arena, "%s/%s", path, bus)));
    *walk->last_controller = controller;
    walk->last_controller = &controller->next;
}

// Finds out what a function is: a controller has a USB bus as a child, a bridge a PCI bus, and a
// companion has a master.
static void sort_function(struct walk *walk, const struct walk_function *function)
{
    const char *path = walk_text(walk, function->path), *usb = NULL;
    if (*path != '/')
        return;
    for (const struct json *at = first_property(function->list); at; at = at->next) {
        if (text_is(type_within(at, "child"), "usb-bus"))
            usb = copy(walk, json_member_text(at, "name"));
        found_bus(walk, path, at, false);
    }
    if (usb || has_property(function->list, "masterbus"))
        found_controller(walk, function, path, usb);
}

static void ask_devices(struct walk *walk, struct walk_controller *controller)
{
    static const char *const names[WALK_PROPERTIES] = {
        [WALK_PORT] = "port",         [WALK_ATTACHED] = "attached",
        [WALK_HOSTBUS] = "hostbus",   [WALK_HOSTADDR] = "hostaddr",
        [WALK_HOSTPORT] = "hostport", [WALK_HOSTDEVICE] = "hostdevice",
        [WALK_VENDORID] = "vendorid", [WALK_PRODUCTID] = "productid",
    };
    size_t count;
    struct child *children = children_of(walk, controller->list, &count);
    const char *bus = arena_printf(walk->arena, "%s/%s", controller->path, controller->bus);
    for (size_t i = 0; i < count && walk->objects <= WALK_OBJECTS_MAX; i++) {
        struct walk_device *device = arena_new_of(walk->arena, struct walk_device);
        const char *name = copy(walk, children[i].name);
        const char *path = arena_printf(walk->arena, "%s/%s", bus, name);
        bool is_host = text_is(children[i].type, "usb-host");
        device->type = copy(walk, children[i].type);
        device->path = walk_ask(walk, wire_get(walk->arena, bus, name));
        for (int property = 0; property < (is_host ? WALK_PROPERTIES : WALK_HOSTBUS); property++)
            device->properties[property] =
                walk_ask(walk, wire_get(walk->arena, path, names[property]));
        *controller->last_device = device;
        controller->last_device = &device->next;
    }
}

// Queries the buses of both kinds that were found last, then the objects on them: two round trips.
static bool walk_level(struct walk *walk)
{
    struct walk_bus **buses = walk->new_buses;
    struct walk_controller **controllers = walk->new_controllers;
    for (struct walk_bus *at = *buses; at; at = at->next)
        ask_bus(walk, at);
    if (!qmp_await(walk->client))
        return false;
    walk->new_functions = NULL;
    walk->last_function = &walk->new_functions;
    for (struct walk_bus *at = *buses; at; at = at->next)
        ask_functions(walk, at);
    for (struct walk_controller *at = *controllers; at; at = at->next)
        if (at->list)
            ask_devices(walk, at);
    if (walk->objects > WALK_OBJECTS_MAX) {
        walk->why = arena_printf(walk->arena, "reports more than %d objects", WALK_OBJECTS_MAX);
        return false;
    }
    if (!qmp_await(walk->client))
        return false;
    walk->new_buses = walk->last_bus;
    walk->new_controllers = walk->last_controller;
    count_slots(walk);
    for (const struct walk_function *at = walk->new_functions; at; at = at->next)
        sort_function(walk, at);
    return true;
}

// The root buses of the machine's host bridges. (Those of pxb have no path from /machine; no Xen
// toolstack uses pxb.)
static bool find_root_buses(struct walk *walk, const struct qmp_command *machine)
{
    struct bridge {
        struct bridge *next;
        const char *path;
        struct qmp_command *list;
    } *bridges = NULL;
    for (const struct json *at = first_property(machine); at; at = at->next) {
        struct text type = type_within(at, "child");
        static const char suffix[] = "pcihost";
        if (type.size < sizeof suffix - 1 ||
            !text_is(text_part(type, type.size - (sizeof suffix - 1), type.size), suffix))
            continue;
        struct bridge *bridge = arena_new_of(walk->arena, struct bridge);
        bridge->path =
            arena_printf(walk->arena, "/machine/%s", copy(walk, json_member_text(at, "name")));
        bridge->list = walk_ask(walk, wire_list(walk->arena, bridge->path));
        bridge->next = bridges;
        bridges = bridge;
    }
    if (!qmp_await(walk->client))
        return false;
    for (; bridges; bridges = bridges->next)
        for (const struct json *at = first_property(bridges->list); at; at = at->next)
            found_bus(walk, bridges->path, at, true);
    return true;
}

bool walk(struct walk *walk, const struct qmp_command *machine)
{
    walk->last_bus = walk->new_buses = &walk->buses;
    walk->last_controller = walk->new_controllers = &walk->controllers;
    if (!find_root_buses(walk, machine))
        return false;
    for (unsigned i = 0; *walk->new_buses || *walk->new_controllers; i++) {
        if (i == WALK_BRIDGES_MAX) {
            walk->why = "reports PCI bridges that are nested too deeply";
            return false;
        }
        if (!walk_level(walk))
            return false;
    }
    return true;
}
