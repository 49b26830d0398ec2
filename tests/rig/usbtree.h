// SPDX-License-Identifier: MIT
//
// The mocked USB hardware: the table of devices, and their state in a umockdev testbed.

#ifndef USBTREE_H
#define USBTREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct _UMockdevTestbed UMockdevTestbed;

// An endpoint descriptor (USB 2.0, 9.6.6). The size is wMaxPacketSize.
struct usb_endpoint {
    uint8_t address, attributes;
    uint16_t size;
    uint8_t interval;
};

// An interface descriptor (USB 2.0, 9.6.5). An interface's driver is in its alternate setting 0,
// NULL for none.
struct usb_altsetting {
    uint8_t number, alternate;
    uint8_t class, subclass, protocol;
    const char *driver;
    struct usb_endpoint endpoints[3]; // ends at the first with address 0
};

// A configuration: its altsettings in order. A NULL pointer ends configs[] of the device.
struct usb_config {
    const struct usb_altsetting *altsettings;
    size_t count;
};

// A device. Its strings are bytes as the device sends them; NULL means it has none.
struct usb_device {
    const char *name;  // busid: usb1, 1-1.2
    unsigned devnum;   // at first; plugged in again, a device gets the next free one
    const char *speed; // Mb/s, as in sysfs
    uint16_t version;  // bcdUSB
    uint16_t vendor, product;
    uint8_t class, subclass, protocol;
    const char *manufacturer, *product_name, *serial;
    struct usb_config configs[2]; // the first is the active one
};

// The table of devices. A hub precedes the devices that are plugged into it (usbdevices.c).
extern struct usb_device usb_devices[];
extern size_t usb_device_count;

// The size of usb_devices[], and how many sticks may be added.
enum { USB_DEVICES_MAX = 64, USB_MORE_MAX = 48 };

// Add bus 3 with a root hub of so many ports, and a stick in each: 3-1, 3-2, ... with addresses
// from 2 on. Call it before usbtree_build().
void usb_more_devices(unsigned count);

// Write the descriptors attribute of a device: the device descriptor and all configurations.
// Returns the number of bytes (usbdevices.c).
size_t usb_descriptors(const struct usb_device *device, uint8_t out[1024]);

// Write what a device in this configuration answers to a control request (USB 2.0, 9.3). Supported
// are the standard requests that only read, and a stick's number of units (which a BIOS reads).
// Returns the number of bytes, or -1 for a stall, the answer to all others (usbdevices.c).
int usb_answer(const struct usb_device *device, unsigned config, const uint8_t setup[8],
               uint8_t out[1024]);

// Create the tree with its drivers and every device plugged in, without any event. With usbback,
// the kernel has that driver too. The caller keeps ownership of the testbed.
void usbtree_build(UMockdevTestbed *testbed, bool usbback);

// Plug in or unplug the device of this name, and with a hub all devices below it, with the events
// that the kernel sends. Returns NULL, or an error message.
const char *usbtree_plug(const char *name);
const char *usbtree_unplug(const char *name);

// Plug the device in again as one with the next product id, as a stick or a modem does that changes
// its mode. Returns NULL, or an error message.
const char *usbtree_switch(const char *name);

// Authorize the device of this name or not: the kernel does not configure one that is not
// (Documentation/usb/authorization.rst). Returns NULL, or an error message.
const char *usbtree_authorize(const char *name, bool authorized);
bool usbtree_is_authorized(const struct usb_device *device);

// Find a device or an interface by its name on the USB bus. Returns its directory as
// /sys/devices/..., valid until the next call into this file, and in *own the driver in its row
// (NULL for none). Returns NULL if it does not exist.
const char *usbtree_find(const char *name, const char **own);

// Returns the device that is plugged in with this address, or NULL.
const struct usb_device *usbtree_at(unsigned bus, unsigned devnum);

// Returns the directory and driver of an interface of a device that is plugged in, as
// usbtree_find() does; NULL if it has no interface with this number.
const char *usbtree_interface(const struct usb_device *device, unsigned number, const char **own);

// Returns the active configuration of a device that is plugged in, or NULL if it has none; and its
// value (USB 2.0, 9.6.3), 0 for none.
const struct usb_config *usbtree_config(const struct usb_device *device);
unsigned usbtree_config_value(const struct usb_device *device);

// Activate the configuration with this value, 0 for none: removes the interfaces of the old one and
// adds those of the new one, with events. No interface may have a driver. Returns false if the
// device has no such configuration.
bool usbtree_configure(const struct usb_device *device, unsigned value);

// Record in sysfs that an interface of the device is in this alternate setting.
void usbtree_set_alternate(const struct usb_device *device, unsigned number, unsigned alternate);

// Create the drivers of the mocked kernel below root, the root of the tree (usbdrivers.c, as all
// that follows).
void usbdrivers_build(const char *root, bool usbback);

// Bind the device or interface at dir (/sys/devices/...), which has no driver, without an event.
void usbdrivers_link(const char *dir, const char *driver);

// The same with its event; or unbind it from its driver, if it has one, with the event.
void usbdrivers_bind(const char *dir, const char *driver);
void usbdrivers_unbind(const char *dir);

// Get the name of the driver of the device or interface at dir: "" for none.
void usbdrivers_of(const char *dir, char driver[NAME_MAX + 1]);

// Do what the kernel does when bytes are written to a file of a driver, such as "usbhid/unbind", or
// to "drivers_probe". Returns 0 or the errno of the write.
int usbdrivers_write(const char *file, const char *value);

// The properties of a device or interface, for its events (usbevent.c, as all that follows).
struct usb_event {
    char path[PATH_MAX];
    char lines[1024];
};

// Enter a network namespace, in which this process and its children have the tree's events.
void usbevent_begin(void);

// Read the properties of what is at dir, in the tree with this root.
void usbevent_read(const char *root, const char *dir, struct usb_event *properties);

// Send an event as the kernel does, and as udevd does after it. The driver is NULL unless one is
// bound.
void usbevent_send(const struct usb_event *properties, const char *action, const char *driver);

#endif
