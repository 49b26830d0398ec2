// SPDX-License-Identifier: MIT
#include "plug.h"

#include "base/scope.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <unistd.h>

struct host_plug {
    struct udev *udev;
    struct udev_monitor *monitor;
    bool lost; // PLUG_LOST is due
};

static void device_scope(struct udev_device **device)
{
    udev_device_unref(*device);
}

// The socket is systemd-udevd's and eudev's. Without them nothing is sent to the group "udev".
static const char *event_group(void)
{
    return access("/run/udev/control", F_OK) == 0 ? "udev" : "kernel";
}

// Returns 0 or a negative errno.
static int start(struct host_plug *plug)
{
    // An event takes 2 KiB at most in the kernel, and a device sends several.
    enum { RECEIVE_BUFFER = 1 << 20 };
    errno = ENOMEM;
    plug->udev = udev_new();
    plug->monitor = plug->udev ? udev_monitor_new_from_netlink(plug->udev, event_group()) : NULL;
    if (!plug->monitor)
        return -errno;
    int error = udev_monitor_filter_add_match_subsystem_devtype(plug->monitor, "usb", "usb_device");
    if (error < 0)
        return error;
    // Without CAP_NET_ADMIN it may be smaller; lost events are noticed.
    (void)udev_monitor_set_receive_buffer_size(plug->monitor, RECEIVE_BUFFER);
    return udev_monitor_enable_receiving(plug->monitor);
}

struct host_plug *host_plug_open(const char **why)
{
    struct host_plug *plug = calloc(1, sizeof *plug);
    int error = plug ? start(plug) : -ENOMEM;
    if (error >= 0)
        return plug;
    *why = strerror(-error);
    host_plug_close(plug);
    return NULL;
}

void host_plug_close(struct host_plug *plug)
{
    if (!plug)
        return;
    udev_monitor_unref(plug->monitor);
    udev_unref(plug->udev);
    free(plug);
}

int host_plug_fd(const struct host_plug *plug)
{
    return udev_monitor_get_fd(plug->monitor);
}

// ---- what an event says ----

static struct text property(struct udev_device *device, const char *name)
{
    return text_of(udev_device_get_property_value(device, name));
}

// A number from 1 to 255.
static bool read_number(struct udev_device *device, const char *name, uint8_t *number)
{
    uint64_t value;
    if (text_number(property(device, name), 10, 1, UINT8_MAX, &value) != NUMBER_OK)
        return false;
    *number = (uint8_t)value;
    return true;
}

// PRODUCT is "46d/c52b/1200": vendor, product and release.
static bool read_product(struct udev_device *device, struct host_plug_event *event)
{
    const struct text all = property(device, "PRODUCT");
    const size_t first = text_find(all, '/', 0);
    const size_t second = text_find(all, '/', first + 1);
    uint64_t vendor, product;
    if (second >= all.size ||
        text_number(text_part(all, 0, first), 16, 0, UINT16_MAX, &vendor) != NUMBER_OK ||
        text_number(text_part(all, first + 1, second), 16, 0, UINT16_MAX, &product) != NUMBER_OK)
        return false;
    event->vendor = (uint16_t)vendor;
    event->product = (uint16_t)product;
    return true;
}

// "add" is sent before the kernel has chosen a configuration, "bind" after it.
static enum plug_kind kind_of(struct udev_device *device)
{
    const struct text action = text_of(udev_device_get_action(device));
    if (text_is(action, "add") || text_is(action, "bind"))
        return PLUG_COMES;
    return text_is(action, "remove") ? PLUG_GOES : PLUG_CHANGES;
}

// TYPE is "9/0/1": class, subclass and protocol. A root hub is usb1.
static bool is_hub(struct udev_device *device)
{
    return text_starts(property(device, "TYPE"), "9/") ||
           text_starts(text_of(udev_device_get_sysname(device)), "usb");
}

static bool read_event(struct udev_device *device, struct host_plug_event *event)
{
    event->kind = kind_of(device);
    return busid_read(text_of(udev_device_get_sysname(device)), event->busid) &&
           read_number(device, "BUSNUM", &event->bus) &&
           read_number(device, "DEVNUM", &event->address) && read_product(device, event);
}

// Once it has dropped an event, the kernel drops all until its queue is empty, and says so only at
// the first: nothing that is looked at before that is sure to be up to date.
enum plug_result host_plug_take(struct host_plug *plug, struct host_plug_event *event)
{
    for (;;) {
        cleanup_with(device_scope) struct udev_device *device =
            udev_monitor_receive_device(plug->monitor);
        const int error = device ? 0 : errno;
        if (error && error != ENOBUFS) {
            const bool lost = plug->lost || error != EAGAIN;
            plug->lost = false;
            return lost ? PLUG_LOST : PLUG_NONE;
        }
        plug->lost |= error == ENOBUFS;
        if (!device || is_hub(device))
            continue;
        if (read_event(device, event))
            return PLUG_EVENT;
        plug->lost = true;
    }
}
