// SPDX-License-Identifier: MIT
//
// The mocked USB hardware: which devices there are, and their life in a umockdev testbed.

#ifndef USBTREE_H
#define USBTREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct _UMockdevTestbed UMockdevTestbed;

// An endpoint descriptor (USB 2.0, 9.6.6). The size is wMaxPacketSize as it stands there.
struct usb_endpoint {
    uint8_t address, attributes;
    uint16_t size;
    uint8_t interval;
};

// An interface descriptor (USB 2.0, 9.6.5). An interface's driver stands in its alternate setting
// 0, NULL for none.
struct usb_altsetting {
    uint8_t number, alternate;
    uint8_t class, subclass, protocol;
    const char *driver;
    struct usb_endpoint endpoints[3]; // up to one with address 0
};

// A configuration: its altsettings in order, up to one with a NULL pointer in configs[] of the
// device.
struct usb_config {
    const struct usb_altsetting *altsettings;
    size_t count;
};

// A device as sysfs names it. Texts are bytes as the device sends them; NULL means it has none.
struct usb_device {
    const char *name;  // busid: usb1, 1-1.2
    unsigned devnum;   // at the start; every later plug counts up
    const char *speed; // Mb/s, as in sysfs
    uint16_t version;  // bcdUSB
    uint16_t vendor, product;
    uint8_t class, subclass, protocol;
    const char *manufacturer, *product_name, *serial;
    struct usb_config configs[2]; // the first is the active one
};

// The table, ordered so that a hub stands before what is plugged into it (usbdevices.c).
extern const struct usb_device usb_devices[];
extern const size_t usb_device_count;

// The descriptors attribute of a device: the device descriptor and each configuration with all that
// belongs to it. Returns how many bytes of out[] they take (usbdevices.c).
size_t usb_descriptors(const struct usb_device *device, uint8_t out[1024]);

// What a device in this configuration answers to a control request (USB 2.0, 9.3): the standard
// ones that only ask, and a stick's number of units (which a BIOS asks for). Returns how many bytes
// of out[] it takes; -1 for a stall, which is the answer to all others (usbdevices.c).
int usb_answer(const struct usb_device *device, unsigned config, const uint8_t setup[8],
               uint8_t out[1024]);

// Make the tree with its drivers and every device plugged in, without any event. With usbback the
// kernel has that driver too. The testbed stays the caller's.
void usbtree_build(UMockdevTestbed *testbed, bool usbback);

// Plug in or pull out the device of this name, and with a hub all below it, with the events that
// the kernel sends. Returns NULL, or what is wrong.
const char *usbtree_plug(const char *name);
const char *usbtree_unplug(const char *name);

// Find what is called name on the USB bus: a device, or an interface. Returns its directory as
// /sys/devices/..., good until the next call of this file, and in *own its row's driver (NULL for
// none); or NULL if there is no such thing.
const char *usbtree_find(const char *name, const char **own);

// The device that is plugged in with this address, or NULL.
const struct usb_device *usbtree_at(unsigned bus, unsigned devnum);

// The directory of an interface of a device that is plugged in, and its driver, as usbtree_find()
// gives them; NULL if it has no interface of this number.
const char *usbtree_interface(const struct usb_device *device, unsigned number, const char **own);

// The active configuration of a device that is plugged in, or NULL while it has none; and its value
// (USB 2.0, 9.6.3), 0 for none.
const struct usb_config *usbtree_config(const struct usb_device *device);
unsigned usbtree_config_value(const struct usb_device *device);

// Make the configuration of this value the active one, 0 for none: the interfaces of the old one go
// and those of the new one come, with events. Every interface must be without a driver. Returns
// false if the device has no such configuration.
bool usbtree_configure(const struct usb_device *device, unsigned value);

// Show that an interface, which the device has, is in this alternate setting.
void usbtree_set_alternate(const struct usb_device *device, unsigned number, unsigned alternate);

// Make the drivers of the mocked kernel below root, the tree's (usbdrivers.c, as all that follows).
void usbdrivers_build(const char *root, bool usbback);

// Bind the device or interface at dir (/sys/devices/...), which has no driver; or unbind it from
// the one that it has, if any.
void usbdrivers_link(const char *dir, const char *driver);
void usbdrivers_unlink(const char *dir);

// Write the name of the driver of the device or interface at dir to driver: empty for none.
void usbdrivers_of(const char *dir, char driver[NAME_MAX + 1]);

// What the kernel does when bytes are written to a file of a driver, such as "usbhid/unbind", or to
// "drivers_probe". Returns 0 or the errno of the write.
int usbdrivers_write(const char *file, const char *value);

#endif
