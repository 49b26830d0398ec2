// SPDX-License-Identifier: MIT
// What the kernel's usbback needs of the host: a device's interfaces bound to it.
//
// The order is the safety here. Going in, the port's node names the device before its interfaces
// are bound, since usbback learns from the node for whom it takes one. Coming back, the interfaces
// leave usbback first, then the port's node is cleared, and only then their former drivers get
// them: usbback treats the clearing of a port whose device it still has as fatal ("can't remove
// port, unbind first"), and while the node names a device, usbback may take it again at any moment.
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "nodes.h"
#include "xen/xen.h"

static bool has(const struct host_interface *interface, const char *driver)
{
    return interface->driver && strcmp(interface->driver, driver) == 0;
}

// Remembers a driver before it loses the interface, so that nothing is forgotten if we die.
static bool save_driver(const struct pvusb_handle *handle, const char *busid,
                        const struct host_interface *interface, const char **why)
{
    struct arena *arena = handle->session->arena;
    struct xen *xen = handle->session->xen;
    enum xen_result result = xen_write(xen, NULL, nodes_driver(arena, busid, interface->name),
                                       text_of(host_driver_path(arena, interface->driver)));
    if (result == XEN_OK)
        return true;
    *why = arena_printf(arena, "the driver of %s cannot be remembered: %s", interface->name,
                        xen_why(xen));
    return false;
}

bool pvusb_bind(const struct pvusb_handle *handle, const char *busid, const char **why)
{
    struct arena *arena = handle->session->arena;
    struct host_interface *interfaces = host_interfaces(arena, busid);
    *why = "it has no interface: it has been unplugged, or has no configuration";
    if (!interfaces)
        return false;
    for (const struct host_interface *at = interfaces; at; at = at->next) {
        if (has(at, DRIVER_USBBACK))
            continue;
        if (at->driver && (!save_driver(handle, busid, at, why) ||
                           !host_unbind(arena, at->driver, at->name, why)))
            return false;
        if (!host_bind(arena, DRIVER_USBBACK, at->name, why))
            return false;
    }
    return true;
}

bool pvusb_unbind(const struct pvusb_handle *handle, const char *busid, const char **why)
{
    struct arena *arena = handle->session->arena;
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next)
        if (has(at, DRIVER_USBBACK) && !host_unbind(arena, DRIVER_USBBACK, at->name, why))
            return false;
    return true;
}

bool pvusb_rebind(const struct pvusb_handle *handle, const char *busid, const char **why)
{
    struct arena *arena = handle->session->arena;
    struct xen *xen = handle->session->xen;
    bool all = true;
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next) {
        struct text path = TEXT_EMPTY;
        (void)xen_read(xen, NULL, nodes_driver(arena, busid, at->name), &path);
        const char *driver = path.at ? host_driver_of_path(path.at) : NULL;
        // One that was plugged in anew has its driver already.
        if (driver && !at->driver && !host_bind(arena, driver, at->name, why))
            all = false;
    }
    // Libxl forgets them even where that failed, and has no second try; here they stay.
    if (!all || xen_remove(xen, NULL, nodes_drivers(arena, busid)) == XEN_OK)
        return all;
    *why = arena_printf(arena, "the drivers that it had cannot be forgotten: %s", xen_why(xen));
    return false;
}
