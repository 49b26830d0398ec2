// SPDX-License-Identifier: MIT
// Which kernel driver has an interface of a USB device, and changing that: the files `unbind` and
// `bind` of /sys/bus/usb/drivers/<driver> (Linux: Documentation/ABI/testing/sysfs-bus-usb and
// drivers/base/bus.c).
#ifndef XENUSB_HOST_BIND_H
#define XENUSB_HOST_BIND_H

#include <stdbool.h>

struct arena;

// The driver of Xen's PVUSB in the kernel, and that of programs which hold a device.
#define DRIVER_USBBACK "usbback"
#define DRIVER_USBFS   "usbfs"

// An interface of a device, as it is now.
struct host_interface {
    struct host_interface *next;
    const char *name;   // "1-4:1.0"
    const char *driver; // "usbhid"; NULL: none has it
};

// The interfaces of the device with that bus id, by their names; NULL if it is not plugged in.
struct host_interface *host_interfaces(struct arena *arena, const char *busid);

// The address of the device with that bus id; 0 if it is not plugged in.
unsigned host_address(struct arena *arena, const char *busid);

// Takes an interface from its driver, or gives it to one. False if the kernel refuses; then *why
// says so in its words.
bool host_unbind(struct arena *arena, const char *driver, const char *interface, const char **why);
bool host_bind(struct arena *arena, const char *driver, const char *interface, const char **why);

// A driver's directory, as libxl remembers it: "/sys/bus/usb/drivers/usbhid"; and back: NULL if
// that is no such path.
const char *host_driver_path(struct arena *arena, const char *driver);
const char *host_driver_of_path(const char *path);

#endif
