// SPDX-License-Identifier: MIT
#include "traits.h"

#include "base/arena.h"
#include "sysfs.h"

static bool read_hex(struct arena *arena, const char *directory, const char *name, uint64_t max,
                     uint64_t *value)
{
    return text_number(text_of(sysfs_value(arena, directory, name)), 16, 0, max, value) ==
           NUMBER_OK;
}

static bool read_class(struct arena *arena, const char *directory, struct interface_class *codes)
{
    uint64_t class, subclass, protocol;
    if (!read_hex(arena, directory, "bInterfaceClass", UINT8_MAX, &class) ||
        !read_hex(arena, directory, "bInterfaceSubClass", UINT8_MAX, &subclass) ||
        !read_hex(arena, directory, "bInterfaceProtocol", UINT8_MAX, &protocol))
        return false;
    *codes = (struct interface_class){ (uint8_t) class, (uint8_t)subclass, (uint8_t)protocol };
    return true;
}

static size_t count_interfaces(const struct host_interface *interfaces)
{
    size_t count = 0;
    for (; interfaces; interfaces = interfaces->next)
        count++;
    return count;
}

struct host_traits host_read_traits(struct arena *arena, const struct host_device *device)
{
    struct host_traits traits = { .unread = NULL };
    uint64_t release;
    const char *directory = arena_printf(arena, "/sys/bus/usb/devices/%s", device->busid);
    traits.has_release = read_hex(arena, directory, "bcdDevice", UINT16_MAX, &release);
    if (traits.has_release)
        traits.release = (uint16_t)release;
    else
        traits.unread = "its release cannot be read";
    if (device->interfaces_error)
        traits.unread = "not all of its interfaces can be read";
    else if (!device->interfaces)
        traits.unread = "it is not configured, so its interfaces are not known";
    struct interface_class *classes =
        arena_array_of(arena, struct interface_class, count_interfaces(device->interfaces));
    traits.interfaces = classes;
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        const char *own = arena_printf(arena, "%s/%s", directory, at->name);
        if (read_class(arena, own, &classes[traits.count]))
            traits.count++;
        else
            traits.unread = "not all of its interfaces can be read";
    }
    return traits;
}
