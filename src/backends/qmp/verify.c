// SPDX-License-Identifier: MIT
#include "verify.h"

#include "base/arena.h"
#include "host/bind.h"

enum verdict verify_host_agrees(struct arena *arena, const struct host_device *now,
                                const struct host_nodes *nodes, const struct device *device,
                                const char **why)
{
    const struct host_device *planned = device->host;
    if (!now || now->bus != planned->bus || now->address != planned->address) {
        *why = arena_printf(arena,
                            "QEMU reports it as attached, but it is no longer plugged in at "
                            "%u.%u",
                            planned->bus, planned->address);
        return VERDICT_NO;
    }
    if (*now->drivers && !now->held) {
        *why = arena_printf(arena, "QEMU reports it as attached, but on this host it has driver %s",
                            now->drivers);
        return VERDICT_NO;
    }
    switch (host_nodes_have(nodes, now)) {
    case VERDICT_YES: break;
    case VERDICT_NO: *why = "QEMU reports it as attached, but does not have it open"; break;
    case VERDICT_UNKNOWN:
        *why = arena_printf(arena, "whether QEMU has it open is unknown: %s", nodes->part.why);
        break;
    }
    return host_nodes_have(nodes, now);
}

bool verify_guest_configured(struct arena *arena, const char *busid)
{
    const struct host_interface *at = host_interfaces(arena, busid);
    while (at && !(at->driver && strcmp(at->driver, DRIVER_USBFS) == 0))
        at = at->next;
    return at;
}
