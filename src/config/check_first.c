// SPDX-License-Identifier: MIT
// Finds the first device with a given port or selector in a hash table; comparing all pairs of
// devices would be quadratic.
#include "base/arena.h"
#include "checking.h"

struct check_table {
    const struct config_device **slots;
    size_t capacity; // a power of two, more than twice as many as there are devices
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
}

static uint64_t mix_port(uint64_t hash, const struct port *port)
{
    for (unsigned i = 0; i < port->depth; i++)
        hash = mix(hash, port->number[i]);
    return hash;
}

static bool has_port(const struct config_device *device)
{
    return device->port.depth && device->controller;
}

static uint64_t hash_port(const struct config_device *device)
{
    return mix_port(mix(1, device->controller->index), &device->port);
}

static bool same_port(const struct config_device *a, const struct config_device *b)
{
    return a->controller == b->controller && port_same(a->port, b->port);
}

static bool has_pvusb_port(const struct config_device *device)
{
    return has_port(device) && device->controller->type == CONTROLLER_PV &&
           device->controller->pvusb != PVUSB_KERNEL;
}

static uint64_t hash_pvusb_port(const struct config_device *device)
{
    return mix_port(2, &device->port);
}

static bool same_pvusb_port(const struct config_device *a, const struct config_device *b)
{
    return port_same(a->port, b->port);
}

static bool is_selected(const struct config_device *device)
{
    return device->kind == DEVICE_HOSTDEV && device->selector.criteria;
}

// The criteria that tell which device it is. Only one has that address, whatever else it is said to
// be; what is plugged into a socket can be another one later.
static unsigned deciding(const struct selector *selector)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    return (selector->criteria & address) == address ? address : selector->criteria;
}

static uint64_t hash_selector(const struct config_device *device)
{
    const struct selector *at = &device->selector;
    const unsigned criteria = deciding(at);
    uint64_t hash = mix(3, criteria);
    if (criteria & SELECT_BUS)
        hash = mix(hash, at->bus);
    if (criteria & SELECT_ADDRESS)
        hash = mix(hash, at->address);
    if (criteria & SELECT_VENDOR)
        hash = mix(hash, at->vendor);
    if (criteria & SELECT_PRODUCT)
        hash = mix(hash, at->product);
    for (size_t i = 0; criteria & SELECT_BUSID && at->busid[i]; i++)
        hash = mix(hash, (unsigned char)at->busid[i]);
    for (size_t i = 0; criteria & SELECT_SERIAL && i < at->serial.size; i++)
        hash = mix(hash, (unsigned char)at->serial.at[i]);
    for (size_t i = 0; criteria & SELECT_PATH && i < at->path.size; i++)
        hash = mix(hash, (unsigned char)at->path.at[i]);
    for (size_t i = 0; criteria & SELECT_BEHIND && at->behind[i]; i++)
        hash = mix(hash, (unsigned char)at->behind[i]);
    return hash;
}

static bool same_selector(const struct config_device *one, const struct config_device *other)
{
    const struct selector *a = &one->selector, *b = &other->selector;
    return deciding(a) == deciding(b) && selector_agrees(a, b, deciding(a));
}

static const struct {
    bool (*has)(const struct config_device *device);
    uint64_t (*hash)(const struct config_device *device);
    bool (*same)(const struct config_device *a, const struct config_device *b);
} keys[CHECK_FIRST_COUNT] = {
    [CHECK_FIRST_AT_PORT] = { has_port, hash_port, same_port },
    [CHECK_FIRST_AT_PVUSB_PORT] = { has_pvusb_port, hash_pvusb_port, same_pvusb_port },
    [CHECK_FIRST_SELECTED] = { is_selected, hash_selector, same_selector },
};

// The slot for a device's key: empty, or the first device with that key.
static const struct config_device **slot_of(const struct check_table *table, enum check_first first,
                                            const struct config_device *device)
{
    size_t at = (size_t)keys[first].hash(device);
    while (table->slots[at &= table->capacity - 1] && !keys[first].same(table->slots[at], device))
        at++;
    return &table->slots[at];
}

static struct check_table *table_of(struct checking *checking, enum check_first first)
{
    if (checking->tables[first])
        return checking->tables[first];
    struct check_table *table = arena_new_of(checking->arena, struct check_table);
    table->capacity = 16;
    while (table->capacity <= (size_t)checking->config->device_count * 2)
        table->capacity *= 2;
    table->slots = arena_array_of(checking->arena, const struct config_device *, table->capacity);
    for (const struct config_device *at = checking->config->devices; at; at = at->next) {
        const struct config_device **slot = keys[first].has(at) ? slot_of(table, first, at) : NULL;
        if (slot && !*slot)
            *slot = at;
    }
    checking->tables[first] = table;
    return table;
}

const struct config_device *check_first(struct checking *checking, enum check_first first,
                                        const struct config_device *device)
{
    if (!keys[first].has(device))
        return device;
    return *slot_of(table_of(checking, first), first, device);
}
