// SPDX-License-Identifier: MIT
// The host's USB devices, as libusb and sysfs report them. host.c is the only file that uses
// libusb.
#ifndef XENUSB_HOST_HOST_H
#define XENUSB_HOST_HOST_H

#include "base/diag.h"
#include "base/part.h"
#include "usb/model.h"
#include "usb/selector.h"

// A process that has a device's node open. Owned by the arena.
struct host_holder {
    const struct host_holder *next;
    unsigned pid;
    const char *program; // its name, which it chose itself: not safe to print without text_show()
    bool qemu;           // by its name or its domain
    int domain;          // the one that it serves as QEMU; -1 if there is none, or no Xen
    const char *guest;   // that domain's name; NULL without a domain or if it is not known
};

// Who has a device, as of one look (holders.h). Zeroed: nobody.
struct host_hold {
    const struct host_holder *holders;
    const char *driver;    // usbfs, usbback or usbip-host has the device or an interface of it
    struct part processes; // that may have it open; not needed if the kernel's drivers have it
};

// A device of this host. Owned by the arena. The manufacturer, name and serial are untrusted bytes
// from its descriptors: NUL-terminated, at most 256 bytes, not safe to print without text_show().
struct host_device {
    struct host_device *next;
    uint8_t bus;
    uint8_t address;
    char busid[BUSID_SIZE];
    uint16_t vendor;
    uint16_t product;
    enum speed speed;
    bool hub;                 // bDeviceClass 9
    bool isochronous;         // the active configuration has an isochronous endpoint
    bool fits_high_speed;     // a SuperSpeed device that can also work at high speed, by QEMU's
                              // usb_host_speed_compat (hw/usb/host-libusb.c)
    bool fits_full_speed;     // a high speed or SuperSpeed device that can also work at full speed,
                              // by the same function
    const char *manufacturer; // "" if it has none
    const char *name;         // product string; ""
    const char *serial;       // ""
    const char *drivers;      // of its interfaces, comma-separated, each once; "" if none is bound
    bool held;                // an interface is bound to usbfs: a program (QEMU, say) holds it
    const char *busy;         // why it must not be given to a guest: "/dev/sda1 is mounted on
                              // /backup", "carries the default route"; NULL if it may be
    const char *owner;        // the domain it is attached to, according to the records: "win10 (3),
                              // controller hci0 port 2"; NULL if there is none
    int owner_domain;         // that domain's id; undefined without an owner
    struct host_hold hold;    // set by host_find_holders(), else empty
};

// All devices of this host. Owned by the arena.
struct host {
    struct host_device *devices; // sorted by bus, then port path
    unsigned count;
    struct part claims; // the records of all domains; not needed without Xen
};

// Lists all devices, including hubs. A host without a USB bus has an empty list and is not an
// error. STATUS_FAILED, after reporting it, if libusb cannot be used. `owner` is left NULL.
enum status host_look(struct arena *arena, struct diags *diags, struct host *host);

// The device with that bus and address, or with that busid; NULL if there is none.
const struct host_device *host_device_at(const struct host *host, unsigned bus, unsigned address);
const struct host_device *host_device_busid(const struct host *host, const char *busid);

// Whether the device meets all criteria of the selector; false for a selector without criteria.
bool selector_matches(const struct selector *selector, const struct host_device *device);

// Returns how many devices match; *found is the first of them, or NULL.
unsigned host_select(const struct host *host, const struct selector *selector,
                     const struct host_device **found);

// A description for messages: "Yubico YubiKey OTP (1-4, full speed)". Safe to print; owned by the
// arena.
const char *host_device_show(struct arena *arena, const struct host_device *device);

// A device that lost its drivers and that nothing uses. A QEMU leaves one behind if it is killed
// while it holds a device, or if it exits with its domain at `xl reboot`.
struct host_orphan {
    struct host_orphan *next;
    const struct host_device *device;
    const char *interfaces; // "1-4:1.0, 1-4:1.1"
    bool driver_known;      // the kernel's module tables have a driver for one of its interfaces;
                            // false if there are no tables
    const char *evidence;   // how that is known, for messages
};

// The devices, except hubs, that no process has open and that have no driver on any interface,
// although the kernel has one (or its module tables cannot be read). Includes devices with an
// `owner`; the caller decides about those. To be called after host_find_holders(). Owned by the
// arena.
struct host_orphan *host_orphans(struct arena *arena, const struct host *host);

// Makes the kernel probe for a driver for each interface of the device that has none
// (/sys/bus/usb/drivers_probe; Linux: Documentation/ABI/testing/sysfs-bus). Returns whether any
// interface has a driver afterwards; if not, *why is the reason, owned by the arena or constant.
bool host_probe(struct arena *arena, const char *busid, const char **why);

// Whether the kernel's PVUSB backend is loaded: /sys/bus/usb/drivers/usbback exists.
bool host_has_usbback(void);

#endif
