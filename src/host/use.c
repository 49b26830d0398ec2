// SPDX-License-Identifier: MIT
// How the host uses its USB devices: what is found in all interfaces of each.
#include "base/arena.h"
#include "base/session.h"
#include "busy.h"
#include "caution.h"
#include "source.h"
#include "sysfs.h"

#include <string.h>

// A disk is the more serious reason.
static void add_use(struct host_device *device, const struct host_use *use)
{
    if (use->why && (!device->busy || (use->disk && !device->busy_disk))) {
        device->busy = use->why;
        device->busy_fix = use->fix;
        device->busy_passes = use->passes;
        device->busy_disk = use->disk;
    }
    for (const struct host_disk *at = use->disks; at; at = at->next) {
        struct host_disk *disk = arena_new_of(device->source->arena, struct host_disk);
        *disk = *at;
        disk->next = device->disks;
        device->disks = disk;
    }
    if (!part_is_unreadable(&device->use))
        device->use = use->part;
}

// Adds the nodes and the like of an interface to those of the device.
static void add_parts(struct caution_parts *parts, const struct host_use *use)
{
    struct host_node *last = use->nodes;
    parts->input |= use->input;
    if (use->adapter)
        parts->adapter = use->adapter;
    while (last && last->next)
        last = last->next;
    if (last) {
        last->next = parts->nodes;
        parts->nodes = use->nodes;
    }
}

static void find_use(struct host_tables *tables, struct host_device *device,
                     struct caution_parts *parts)
{
    struct arena *arena = tables->session->arena;
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", device->busid);
    host_describe(device);
    device->busy = device->busy_fix = NULL;
    device->busy_disk = device->busy_passes = false;
    device->disks = NULL;
    device->use = part_read();
    if (device->interfaces_error)
        device->use = part_unreadable(arena_printf(arena, "cannot read %s: %s", directory,
                                                   strerror(device->interfaces_error)));
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        const struct host_use use =
            host_busy(tables, arena_printf(arena, "%s/%s", directory, at->name));
        add_use(device, &use);
        add_parts(parts, &use);
    }
}

void host_find_use(const struct session *session, struct host_device *const *devices, size_t count)
{
    struct host_tables tables = { .session = session };
    for (size_t i = 0; i < count; i++) {
        struct caution_parts none = { .nodes = NULL };
        find_use(&tables, devices[i], &none);
    }
}

void host_find_use_and_cautions(const struct session *session, struct host_device *const *devices,
                                size_t count)
{
    struct host_tables tables = { .session = session, .cautions = true };
    struct caution_parts *parts = arena_array_of(session->arena, struct caution_parts, count);
    for (size_t i = 0; i < count; i++) {
        find_use(&tables, devices[i], &parts[i]);
        devices[i]->cautions = NULL;
    }
    cautions_find(&tables, devices, parts, count);
}
