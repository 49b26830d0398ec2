// SPDX-License-Identifier: MIT
#include "verify.h"

#include "base/arena.h"
#include "host/bind.h"

bool verify_may_be_open(const struct host_device *device)
{
    return device->held || !*device->drivers;
}

bool verify_host_agrees(struct arena *arena, const struct host_device *now,
                        const struct device *device, const char **why)
{
    const struct host_device *planned = device->host;
    if (!now || now->bus != planned->bus || now->address != planned->address) {
        *why = arena_printf(arena,
                            "QEMU reports it as attached, but it is no longer plugged in at "
                            "%u.%u",
                            planned->bus, planned->address);
        return false;
    }
    if (!verify_may_be_open(now)) {
        *why = arena_printf(arena, "QEMU reports it as attached, but on this host it has driver %s",
                            now->drivers);
        return false;
    }
    return true;
}

bool verify_guest_configured(struct arena *arena, const char *busid)
{
    const struct host_interface *at = host_interfaces(arena, busid);
    while (at && !(at->driver && strcmp(at->driver, DRIVER_USBFS) == 0))
        at = at->next;
    return at;
}
