// SPDX-License-Identifier: MIT
#include "walk_pci.h"

#include "base/arena.h"

#include <stdlib.h>

// One of a bus's child[N] properties, a link to a device.
struct child {
    uint64_t number;
    struct text name;
    struct text type;
};

static bool read_child(const struct json *property, struct child *child)
{
    child->name = walk_name(property);
    child->type = walk_type_within(property, "link");
    return child->type.size && walk_numbered(child->name, "child", &child->number);
}

static int compare_children(const void *a, const void *b)
{
    uint64_t left = ((const struct child *)a)->number, right = ((const struct child *)b)->number;
    return (left > right) - (left < right);
}

// The children of a bus in the order in which they were added; QEMU lists properties in no order.
// NULL if they are too many.
static struct child *children_of(struct walk *walk, const struct qmp_command *list, size_t *count)
{
    struct child child;
    size_t most = 0;
    for (const struct json *at = walk_first(list); at; at = at->next)
        most += read_child(at, &child);
    if (!walk_count(walk, most))
        return NULL;
    struct child *children = arena_array_of(walk->arena, struct child, most + 1);
    *count = 0;
    for (const struct json *at = walk_first(list); at; at = at->next)
        if (read_child(at, &child))
            children[(*count)++] = child;
    qsort(children, *count, sizeof *children, compare_children);
    return children;
}

static void found_bus(struct walk_pci *pci, const char *path, const struct json *property,
                      bool root)
{
    struct text type = walk_type_within(property, "child");
    if (!text_is(type, "PCI") && !text_is(type, "PCIE"))
        return;
    struct walk_bus *bus = arena_new_of(pci->walk->arena, struct walk_bus);
    bus->name = walk_copy(pci->walk, walk_name(property));
    bus->path = arena_printf(pci->walk->arena, "%s/%s", path, bus->name);
    bus->express = text_is(type, "PCIE");
    bus->root = root;
    *pci->last_bus = bus;
    pci->last_bus = &bus->next;
}

static void ask_bus(const struct walk_pci *pci, struct walk_bus *bus)
{
    bus->list = walk_list(pci->walk, bus->path);
    bus->handler = walk_get(pci->walk, bus->path, "hotplug-handler");
}

// A bus supports hotplugging if it has a hotplug handler. In QEMU 10 the root bus of PCI Express
// has one too, but refuses devices unless it also has the number by which ACPI selects the bus
// (hw/acpi/pcihp.c).
static bool supports_hotplug(const struct walk_pci *pci, const struct walk_bus *bus)
{
    bool is_root_complex = bus->root && bus->express;
    return *walk_text(pci->walk, bus->handler) &&
           (!is_root_complex || walk_has(bus->list, text_of("acpi-pcihp-bsel")));
}

// If QEMU did not say which types are bridges, any may be one.
static bool may_be_bridge(const struct walk_pci *pci, struct text type)
{
    return !pci->bridges->value || walk_has(pci->bridges, type);
}

static bool ask_functions(struct walk_pci *pci, struct walk_bus *bus)
{
    struct walk *walk = pci->walk;
    size_t count;
    const struct child *children = children_of(walk, bus->list, &count);
    bus->hotplug = supports_hotplug(pci, bus);
    for (size_t i = 0; children && i < count; i++) {
        struct walk_function *function = arena_new_of(walk->arena, struct walk_function);
        const char *name = walk_copy(walk, children[i].name);
        // QOM paths can go through links as well as children.
        const char *path = arena_printf(walk->arena, "%s/%s", bus->path, name);
        function->bus = bus;
        function->address = walk_get(walk, path, "addr");
        if (may_be_bridge(pci, children[i].type)) {
            function->path = walk_get(walk, bus->path, name);
            function->list = walk_list(walk, path);
        }
        *pci->last_function = function;
        pci->last_function = &function->next;
    }
    return children;
}

// Counts the used slots of each bus; several functions can share one. An address is slot * 8 +
// function (PCI Local Bus 3.0, 3.2.2.3.4).
static void count_slots(const struct walk_pci *pci)
{
    for (struct walk_function *at = pci->new_functions; at; at = at->next) {
        bool counted = false;
        for (struct walk_function *before = pci->new_functions; before != at; before = before->next)
            counted |= before->bus == at->bus &&
                       walk_number(before->address, -8) / 8 == walk_number(at->address, -16) / 8;
        at->bus->used += !counted;
    }
}

static void find_bridged(struct walk_pci *pci)
{
    for (const struct walk_function *at = pci->new_functions; at; at = at->next) {
        const char *path = walk_text(pci->walk, at->path);
        for (const struct json *child = *path == '/' ? walk_first(at->list) : NULL; child;
             child = child->next)
            found_bus(pci, path, child, false);
    }
}

// Queries the buses that were found last, then what is on them: two round trips.
static bool walk_level(struct walk_pci *pci)
{
    struct walk_bus **buses = pci->new_buses;
    for (struct walk_bus *at = *buses; at; at = at->next)
        ask_bus(pci, at);
    if (!walk_await(pci->walk))
        return false;
    pci->new_functions = NULL;
    pci->last_function = &pci->new_functions;
    for (struct walk_bus *at = *buses; at; at = at->next)
        if (!ask_functions(pci, at))
            return false;
    if (!walk_await(pci->walk))
        return false;
    pci->new_buses = pci->last_bus;
    count_slots(pci);
    find_bridged(pci);
    return true;
}

// The root buses of the machine's host bridges. (Those of pxb have no path from /machine; no Xen
// toolstack uses pxb.)
static bool find_root_buses(struct walk_pci *pci, const struct qmp_command *machine)
{
    struct walk *walk = pci->walk;
    struct bridge {
        struct bridge *next;
        const char *path;
        struct qmp_command *list;
    } *bridges = NULL;
    for (const struct json *at = walk_first(machine); at; at = at->next) {
        struct text type = walk_type_within(at, "child");
        static const char suffix[] = "pcihost";
        if (type.size < sizeof suffix - 1 ||
            !text_is(text_part(type, type.size - (sizeof suffix - 1), type.size), suffix))
            continue;
        if (!walk_count(walk, 1))
            return false;
        struct bridge *bridge = arena_new_of(walk->arena, struct bridge);
        bridge->path = arena_printf(walk->arena, "/machine/%s", walk_copy(walk, walk_name(at)));
        bridge->list = walk_list(walk, bridge->path);
        bridge->next = bridges;
        bridges = bridge;
    }
    if (!walk_await(walk))
        return false;
    for (; bridges; bridges = bridges->next)
        for (const struct json *at = walk_first(bridges->list); at; at = at->next)
            found_bus(pci, bridges->path, at, true);
    return true;
}

bool walk_pci(struct walk_pci *pci, const struct qmp_command *machine,
              const struct qmp_command *bridges)
{
    pci->last_bus = pci->new_buses = &pci->buses;
    pci->bridges = bridges;
    if (!find_root_buses(pci, machine))
        return false;
    for (unsigned i = 0; *pci->new_buses; i++) {
        if (i == WALK_BRIDGES_MAX) {
            pci->walk->why = "reports PCI bridges that are nested too deeply";
            return false;
        }
        if (!walk_level(pci))
            return false;
    }
    return true;
}
