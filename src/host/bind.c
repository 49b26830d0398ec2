// SPDX-License-Identifier: MIT
#include "bind.h"

#include "base/arena.h"
#include "sysfs.h"

#include <errno.h>

#define USB_DRIVERS "/sys/bus/usb/drivers/"

struct host_interface *host_interfaces(struct arena *arena, const char *busid)
{
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", busid);
    struct name_list names = sysfs_names(arena, directory);
    struct host_interface *first = NULL, **last = &first;
    for (size_t i = 0; i < names.count; i++) {
        // A hub's directory also contains the devices behind it: "1-4.2", not "1-4:1.0".
        if (!strchr(names.name[i], ':'))
            continue;
        struct host_interface *interface = arena_new_of(arena, struct host_interface);
        interface->name = names.name[i];
        interface->driver =
            sysfs_link(arena, arena_printf(arena, "%s/%s", directory, interface->name), "driver");
        *last = interface;
        last = &interface->next;
    }
    errno = names.error == ENOENT ? 0 : names.error;
    return first;
}

unsigned host_address(struct arena *arena, const char *busid)
{
    return sysfs_number(arena, arena_printf(arena, USB_DEVICES "/%s", busid), "devnum", UINT8_MAX);
}

bool host_is_authorized(struct arena *arena, const char *busid)
{
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", busid);
    return strcmp(sysfs_value(arena, directory, "authorized"), "0") != 0;
}

bool host_unbind(struct arena *arena, const char *driver, const char *interface, const char **why)
{
    if (sysfs_write(arena_printf(arena, USB_DRIVERS "%s/unbind", driver), interface))
        return true;
    *why = arena_printf(arena, "cannot unbind %s from driver %s: %s", interface, driver,
                        strerror(errno));
    return false;
}

bool host_bind(struct arena *arena, const char *driver, const char *interface, const char **why)
{
    if (sysfs_write(arena_printf(arena, USB_DRIVERS "%s/bind", driver), interface))
        return true;
    *why =
        arena_printf(arena, "cannot bind %s to driver %s: %s", interface, driver, strerror(errno));
    return false;
}

const char *host_driver_path(struct arena *arena, const char *driver)
{
    return arena_printf(arena, USB_DRIVERS "%s", driver);
}

const char *host_driver_of_path(const char *path)
{
    size_t length = sizeof USB_DRIVERS - 1;
    if (strncmp(path, USB_DRIVERS, length) != 0)
        return NULL;
    const char *driver = path + length;
    bool is_name = *driver && *driver != '.' && !strchr(driver, '/');
    return is_name ? driver : NULL;
}
