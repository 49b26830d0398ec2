// SPDX-License-Identifier: MIT
// Binds a device's interfaces to the kernel's usbback, and back to their own drivers.
//
// The order matters. To attach: write the port's node, then bind the interfaces, because usbback
// finds the guest through the node. To release: unbind the interfaces from usbback, then clear the
// node, then bind the original drivers. Clearing the port of a bound device is fatal for usbback
// ("can't remove port, unbind first"), and while the node names a device, usbback may bind to it
// again at any moment.
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "nodes.h"
#include "xen/xen.h"

#include <errno.h>

static bool has(const struct host_interface *interface, const char *driver)
{
    return interface->driver && strcmp(interface->driver, driver) == 0;
}

// Sets *interfaces to those of the device: none if it is not plugged in. False, with the reason in
// *why, if they could not be read: some may still be bound to any driver.
static bool read_interfaces(struct arena *arena, const char *busid,
                            const struct host_interface **interfaces, const char **why)
{
    *interfaces = host_interfaces(arena, busid);
    if (!errno)
        return true;
    *why = arena_printf(arena, "its interfaces could not be read: %s", strerror(errno));
    return false;
}

bool pvusb_bind(struct arena *arena, const struct host_interface *interfaces, const char **why)
{
    for (const struct host_interface *at = interfaces; at; at = at->next) {
        if (has(at, DRIVER_USBBACK))
            continue;
        if (at->driver && !host_unbind(arena, at->driver, at->name, why))
            return false;
        if (!host_bind(arena, DRIVER_USBBACK, at->name, why))
            return false;
    }
    return true;
}

bool pvusb_unbind(const struct session *session, const char *busid, const char **why)
{
    struct arena *arena = session->arena;
    const struct host_interface *interfaces;
    if (!read_interfaces(arena, busid, &interfaces, why))
        return false;
    for (const struct host_interface *at = interfaces; at; at = at->next)
        if (has(at, DRIVER_USBBACK) && !host_unbind(arena, DRIVER_USBBACK, at->name, why))
            return false;
    return true;
}

bool pvusb_rebind(const struct session *session, const char *busid, const char **why)
{
    struct arena *arena = session->arena;
    struct xen *xen = session->xen;
    bool all = true;
    const struct host_interface *interfaces;
    if (!read_interfaces(arena, busid, &interfaces, why))
        return false;
    for (const struct host_interface *at = interfaces; at; at = at->next) {
        struct text path = TEXT_EMPTY;
        (void)xen_read(xen, NULL, nodes_driver(arena, busid, at->name), &path);
        const char *driver = path.at ? host_driver_of_path(path.at) : NULL;
        // The interfaces of a replugged device already have their drivers.
        if (driver && !at->driver && !host_bind(arena, driver, at->name, why))
            all = false;
    }
    return all;
}
