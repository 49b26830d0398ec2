// SPDX-License-Identifier: MIT
#include "path.h"

#include "base/arena.h"
#include "sysfs.h"
#include "usb/selector.h"

// The subsystems whose devices udev puts into a path (systemd: udev-builtin-path_id.c). Of devices
// of one of them below each other only the innermost is named.
static const char *const subsystems[] = { "pci", "platform", "amba", "acpi", "xen" };

// The one of a directory of /sys/devices; NULL if it is none of these.
static const char *subsystem_of(struct arena *arena, const char *directory)
{
    const char *name = sysfs_link(arena, directory, "subsystem");
    for (size_t i = 0; name && i < sizeof subsystems / sizeof *subsystems; i++)
        if (strcmp(name, subsystems[i]) == 0)
            return subsystems[i];
    return NULL;
}

// The directory above; "" at the top.
static const char *above(struct arena *arena, const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return arena_copy(arena, directory, slash ? (size_t)(slash - directory) : 0);
}

const char *host_controller_path(struct arena *arena, unsigned bus)
{
    static const char devices[] = "devices/";
    const char *target = sysfs_target(arena, USB_DEVICES, arena_printf(arena, "usb%u", bus));
    const char *within = target ? strstr(target, devices) : NULL;
    const char *path = NULL, *inner = NULL;
    if (!within)
        return NULL;
    for (const char *at = above(arena, within); strchr(at, '/'); at = above(arena, at)) {
        const char *subsystem = subsystem_of(arena, arena_printf(arena, "/sys/%s", at));
        if (subsystem && subsystem != inner)
            path = arena_printf(arena, "%s-%s%s%s", subsystem, strrchr(at, '/') + 1,
                                path ? "-" : "", path ? path : "");
        inner = subsystem;
    }
    return path;
}

const char *host_socket_path(struct arena *arena, const char *controller, const char *busid)
{
    const char *ports = strchr(busid, '-');
    return controller && ports ? arena_printf(arena, "%s-usb-0:%s", controller, ports + 1) : NULL;
}

bool host_socket_is(struct arena *arena, const char *busid, struct text path)
{
    uint64_t bus = 0;
    struct text number = text_part(text_of(busid), 0, text_find(text_of(busid), '-', 0));
    if (!path_has_ports(path, busid) || text_number(number, 10, 1, UINT8_MAX, &bus) != NUMBER_OK)
        return false;
    const char *controller = host_controller_path(arena, (unsigned)bus);
    const char *socket = host_socket_path(arena, controller, busid);
    return socket && text_is(path, socket);
}
