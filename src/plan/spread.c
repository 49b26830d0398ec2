// SPDX-License-Identifier: MIT
#include "spread.h"

#include "base/arena.h"
#include "config/config.h"

// The devices of a group.
struct share {
    const struct host_device **devices;
    size_t count;
};

struct spreading {
    struct arena *arena;
    const struct topology *topology;
    const struct host *host;
    struct share *shares; // one for each device of the config, in its order
    const struct host_device **taken;
    size_t taken_count;
};

static bool is_spread(const struct config_device *device)
{
    const struct config_controller *controller = device->controller;
    return device->kind == DEVICE_HOSTDEV && !device->group && config_device_is_group(device) &&
           !(controller && GIVEN(controller->backend));
}

static bool is_taken(const struct spreading *spreading, const struct host_device *host)
{
    size_t i = 0;
    while (i < spreading->taken_count && spreading->taken[i] != host)
        i++;
    return i < spreading->taken_count;
}

// What a declaration of a single device selects.
static void take_single(struct spreading *spreading, const struct config_device *wanted)
{
    const struct host_device *found;
    if (wanted->kind == DEVICE_HOSTDEV && !config_device_is_group(wanted) &&
        host_select(spreading->host, &wanted->selector, &found) == 1 && !is_taken(spreading, found))
        spreading->taken[spreading->taken_count++] = found;
}

static bool guest_has(const struct spreading *spreading, const struct host_device *host)
{
    const struct topology *topology = spreading->topology;
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->kind == DEVICE_HOSTDEV && device_on_host(device) == host)
                return true;
    return false;
}

static bool is_free(const struct host_device *host)
{
    return !host->owner && !host->hold.holders && !host->hold.driver && !host->busy;
}

// In which turn a group takes a device.
enum turn { TURN_THERE, TURN_FREE, TURN_REST, TURNS };
static enum turn turn_of(const struct spreading *spreading, const struct host_device *host)
{
    return guest_has(spreading, host) ? TURN_THERE : is_free(host) ? TURN_FREE : TURN_REST;
}

static void take_group(struct spreading *spreading, const struct config_device *wanted,
                       struct share *share)
{
    const size_t most = wanted->all.value ? SIZE_MAX : wanted->count.value;
    const struct host *host = spreading->host;
    share->devices = arena_array_of(spreading->arena, const struct host_device *, host->count + 1);
    for (enum turn turn = TURN_THERE; turn < TURNS; turn++)
        for (const struct host_device *at = NULL;
             share->count < most && (at = host_next(host, &wanted->selector, at));) {
            if (at->hub || is_taken(spreading, at) || turn_of(spreading, at) != turn)
                continue;
            share->devices[share->count++] = at;
            spreading->taken[spreading->taken_count++] = at;
        }
}

// Appends a declaration of one device of the group; of `missing` ones if `host` is NULL.
static struct config_device **add(struct arena *arena, struct config_device **end,
                                  const struct config_device *group, const struct host_device *host,
                                  unsigned missing)
{
    struct config_device *device = arena_new_of(arena, struct config_device);
    *device = *group;
    device->next = NULL;
    device->group = group;
    device->missing = missing;
    if (host) {
        device->selector.criteria |= SELECT_BUS | SELECT_ADDRESS;
        device->selector.bus = host->bus;
        device->selector.address = host->address;
    }
    *end = device;
    return &device->next;
}

static struct config_device **add_group(struct arena *arena, struct config_device **end,
                                        const struct config_device *group,
                                        const struct share *share)
{
    const unsigned least = group->count.value ? group->count.value : 1;
    for (size_t i = 0; i < share->count; i++)
        end = add(arena, end, group, share->devices[i], 0);
    return share->count < least ? add(arena, end, group, NULL, least - (unsigned)share->count)
                                : end;
}

static const struct config *with_shares(const struct spreading *spreading,
                                        const struct config *config)
{
    struct config *spread = arena_new_of(spreading->arena, struct config);
    struct config_device **end = &spread->devices;
    const struct share *share = spreading->shares;
    *spread = *config;
    for (const struct config_device *at = config->devices; at; at = at->next, share++) {
        if (is_spread(at)) {
            end = add_group(spreading->arena, end, at, share);
            continue;
        }
        *end = arena_new_of(spreading->arena, struct config_device);
        **end = *at;
        if (!(*end)->group)
            (*end)->group = at;
        end = &(*end)->next;
    }
    *end = NULL;
    spread->device_count = 0;
    for (const struct config_device *at = spread->devices; at; at = at->next)
        spread->device_count++;
    return spread;
}

const struct config *plan_spread(struct arena *arena, const struct config *config,
                                 const struct topology *topology, const struct host *host)
{
    struct spreading spreading = { .arena = arena, .topology = topology, .host = host };
    const struct config_device *at = config->devices;
    while (at && !is_spread(at))
        at = at->next;
    if (!at || !host)
        return config;
    spreading.taken = arena_array_of(arena, const struct host_device *, (size_t)host->count + 1);
    spreading.shares = arena_array_of(arena, struct share, config->device_count);
    for (at = config->devices; at; at = at->next)
        take_single(&spreading, at);
    for (int all = 0; all <= 1; all++) {
        struct share *share = spreading.shares;
        for (at = config->devices; at; at = at->next, share++)
            if (is_spread(at) && at->all.value == (all == 1))
                take_group(&spreading, at, share);
    }
    return with_shares(&spreading, config);
}
