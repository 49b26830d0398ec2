// SPDX-License-Identifier: MIT
// Which emulated controllers can be added to or removed from this QEMU: the models that it has, and
// its PCI buses.
#include "base/arena.h"
#include "handle.h"
#include "walk_pci.h"

// A controller of the topology, and the path of its PCI bus.
struct on_bus {
    struct controller *controller;
    struct qmp_command *parent;
};

static unsigned long hotpluggable_models(const struct qmp_command *types)
{
    unsigned long models = 0;
    for (size_t i = 0; controller_models[i].name; i++) {
        const char *driver = controller_models[i].driver;
        // If QEMU did not answer, none is ruled out.
        bool exists = driver && (!types->value || walk_has(types, text_of(driver)));
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

static void note_slots(struct qmp_handle *handle, const struct walk_pci *pci,
                       struct plugging *plugging)
{
    struct arena *arena = pci->walk->arena;
    struct pci_bus_slots **last = &handle->slots;
    const char *fixed = NULL;
    handle->slots = NULL;
    for (const struct walk_bus *bus = pci->buses; bus; bus = bus->next) {
        if (!bus->hotplug) {
            fixed = fixed ? fixed : bus->name;
            continue;
        }
        struct pci_bus_slots *slots = arena_new_of(arena, struct pci_bus_slots);
        slots->bus = bus->name;
        slots->free = free_slots(bus);
        plugging->slots += slots->free;
        *last = slots;
        last = &slots->next;
    }
    if (plugging->slots == 0 && handle->slots)
        plugging->why_not = "all its PCI buses that support hotplugging are full";
    else if (plugging->slots == 0 && fixed)
        plugging->why_not = arena_printf(arena, "its bus '%s' does not support hotplugging", fixed);
    else if (plugging->slots == 0)
        plugging->why_not = "it has no PCI bus";
}

// Notes which bus a controller is on. One on a bus without hotplugging cannot be removed while QEMU
// runs.
static void note_controller(struct qmp_handle *handle, const struct walk_pci *pci,
                            const struct on_bus *at)
{
    const char *path = walk_text(pci->walk, at->parent);
    const struct walk_bus *bus = pci->buses;
    struct pci_bus_slots *slots = handle->slots;
    for (; bus && strcmp(bus->path, path) != 0; bus = bus->next)
        if (bus->hotplug)
            slots = slots->next;
    if (bus && bus->hotplug) {
        struct pci_slot *pci_slot = arena_new_of(pci->walk->arena, struct pci_slot);
        *pci_slot = (struct pci_slot){ handle->pci_slots, at->controller->path, slots };
        handle->pci_slots = pci_slot;
    } else if (bus) {
        at->controller->fixed_on = bus->name;
    }
}

// Asks for the buses of the controllers that QEMU has.
static struct on_bus *ask_controllers(struct walk *walk, const struct topology *topology,
                                      size_t *count)
{
    size_t most = 0;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        most++;
    struct on_bus *on_bus = arena_array_of(walk->arena, struct on_bus, most);
    *count = 0;
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (!at->pvusb && *at->path)
            on_bus[(*count)++] = (struct on_bus){ at, walk_get(walk, at->path, "parent_bus") };
    return on_bus;
}

enum status qmp_supply(void *at, struct topology *topology)
{
    struct qmp_handle *handle = at;
    topology->plugging = (struct plugging){ .asked = true };
    if (handle->ended)
        return STATUS_OK;
    struct walk walk = walk_with(handle->session->arena, handle->client);
    struct walk_pci pci = { .walk = &walk };
    size_t count;
    const struct qmp_command *machine = walk_list(&walk, "/machine"),
                             *bridges = walk_types(&walk, WALK_BRIDGE),
                             *models = walk_types(&walk, "pci-device");
    const struct on_bus *controllers = ask_controllers(&walk, topology, &count);
    if (!walk_await(&walk) || !walk_pci(&pci, machine, bridges))
        return handle_complain(handle, &walk, "xenusb was reading its PCI buses");
    topology->plugging = (struct plugging){ .asked = true, .known = true };
    topology->plugging.models = hotpluggable_models(models);
    handle->pci_slots = NULL;
    note_slots(handle, &pci, &topology->plugging);
    for (size_t i = 0; i < count; i++)
        note_controller(handle, &pci, &controllers[i]);
    return STATUS_OK;
}
