// SPDX-License-Identifier: MIT
// The kernel drivers that the interfaces of a USB device are bound to, and how to bind and unbind
// them: the files `bind` and `unbind` in /sys/bus/usb/drivers/<driver> (Linux:
// Documentation/ABI/testing/sysfs-bus-usb and drivers/base/bus.c).
#ifndef XENUSB_HOST_BIND_H
#define XENUSB_HOST_BIND_H

#include <stdbool.h>

struct arena;

// The kernel's PVUSB backend, and the driver of devices that a program has open.
#define DRIVER_USBBACK "usbback"
#define DRIVER_USBFS   "usbfs"
// What gives a device to another machine.
#define DRIVER_USBIP "usbip-host"

// An interface of a device when it was read. Owned by the arena.
struct host_interface {
    struct host_interface *next;
    const char *name;   // "1-4:1.0"
    const char *driver; // "usbhid"; NULL if it has none
};

// The interfaces of the device with that busid ("usb1" for a root hub), sorted by name; NULL if it
// is not plugged in or has no active configuration. errno is 0, or why they could not be read: some
// or all are missing then.
struct host_interface *host_interfaces(struct arena *arena, const char *busid);

// The address (1 to 127) of the device with that busid; 0 if it is not plugged in.
unsigned host_address(struct arena *arena, const char *busid);

// Whether the kernel may configure the device with that busid: false if "authorized" in its sysfs
// directory is 0, as usbguard sets it, for example (Linux: Documentation/usb/authorization.rst). It
// has no interfaces then.
bool host_is_authorized(struct arena *arena, const char *busid);

// Unbinds an interface ("1-4:1.0") from a driver, or binds it to one. Returns false if the kernel
// refuses; *why then is a message with the kernel's reason, owned by the arena.
bool host_unbind(struct arena *arena, const char *driver, const char *interface, const char **why);
bool host_bind(struct arena *arena, const char *driver, const char *interface, const char **why);

// The directory of a driver, which is how libxl records it: "/sys/bus/usb/drivers/usbhid". Owned by
// the arena.
const char *host_driver_path(struct arena *arena, const char *driver);
// The inverse: the driver's name, as a part of `path`; NULL if it is not such a path.
const char *host_driver_of_path(const char *path);

#endif
