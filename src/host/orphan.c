// SPDX-License-Identifier: MIT
// Finds devices that lost their drivers, and gives them new ones.
#include "base/arena.h"
#include "base/buffer.h"
#include "bind.h"
#include "host.h"
#include "modules.h"
#include "sysfs.h"

#include <errno.h>

#define USB_DEVICES "/sys/bus/usb/devices"
#define USB_PROBE   "/sys/bus/usb/drivers_probe"

static const char *modalias_of(struct arena *arena, const char *busid, const char *interface)
{
    return sysfs_value(arena, arena_printf(arena, USB_DEVICES "/%s/%s", busid, interface),
                       "modalias");
}

// Whether no interface of the device has a driver although the kernel has one for at least one of
// them, or may have.
static bool lost_its_drivers(struct arena *arena, const struct modules *modules,
                             struct host_orphan *orphan)
{
    bool available = modules_available(modules);
    struct buffer interfaces = buffer_in(arena);
    for (const struct host_interface *at = orphan->device->interfaces; at; at = at->next) {
        if (at->driver)
            return false;
        buffer_join(&interfaces, ", ", "%s", at->name);
        const char *modalias = modalias_of(arena, orphan->device->busid, at->name);
        if (orphan->driver_known || !available || !*modalias)
            continue;
        const char *module = modules_find(arena, modules, modalias);
        orphan->driver_known = module != NULL;
        if (module)
            orphan->evidence = arena_printf(arena, "kernel module %s matches %s", module, at->name);
    }
    if (!available)
        orphan->evidence = arena_printf(
            arena, "cannot tell whether the kernel has a driver for it: no module tables in %s",
            modules->directory);
    orphan->interfaces = buffer_string(&interfaces);
    return interfaces.size && (orphan->driver_known || !available);
}

// Whether a program or a driver has it.
static bool is_held(const struct host_device *device)
{
    return device->hold.holders || device->hold.driver;
}

struct host_orphan *host_orphans(struct arena *arena, const struct host *host)
{
    struct host_orphan *first = NULL, **last = &first;
    struct modules modules;
    modules_read(arena, &modules);
    for (const struct host_device *at = host->devices; at; at = at->next) {
        if (at->hub || at->held || *at->drivers)
            continue;
        struct host_orphan *orphan = arena_new_of(arena, struct host_orphan);
        orphan->device = at;
        if (!lost_its_drivers(arena, &modules, orphan) || is_held(at))
            continue;
        *last = orphan;
        last = &orphan->next;
    }
    return first;
}

bool host_probe(struct arena *arena, const char *busid, const char **why)
{
    *why = "the kernel has no driver for it";
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next)
        // Succeeds even if no driver claims the interface.
        if (!at->driver && !sysfs_write(USB_PROBE, at->name))
            *why = arena_printf(arena, "cannot write %s to " USB_PROBE ": %s", at->name,
                                strerror(errno));
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next)
        if (at->driver)
            return true;
    return false;
}
