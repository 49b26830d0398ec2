// SPDX-License-Identifier: MIT
// The host's USB devices, as libusb and sysfs tell of them. host.c is the only file that knows
// either.
#ifndef XENUSB_HOST_H
#define XENUSB_HOST_H

#include "base/diag.h"
#include "usb/model.h"
#include "usb/selector.h"

// One device of this host. Strings are a stranger's: whatever the descriptors held, NUL-terminated,
// at most 256 bytes, not yet made safe for a terminal. Owned by the arena.
struct host_device {
    struct host_device *next;
    uint8_t bus;
    uint8_t address;
    char busid[BUSID_SIZE];
    uint16_t vendor;
    uint16_t product;
    enum speed speed;
    bool hub;                 // bDeviceClass 9
    bool isochronous;         // some endpoint of the active configuration is
    bool fits_high_speed;     // a SuperSpeed device whose endpoints also fit high speed, as QEMU's
                              // usb_host_speed_compat (hw/usb/host-libusb.c) judges it
    bool fits_full_speed;     // a SuperSpeed or high speed device whose endpoints also fit full
                              // speed, by the same judge
    const char *manufacturer; // "" where there is none
    const char *name;         // product string, ""
    const char *serial;       // ""
    const char *drivers;      // of its interfaces, comma-separated, each once; "" if none is bound
    bool held;                // some interface is bound to usbfs: a program (QEMU, say) has it
    const char *busy;         // why it must not be given away: "/dev/sda1 is mounted on /backup",
                              // "carries the default route"; NULL if nothing speaks against it
    const char *owner; // who has it as far as records of domains tell: "win10 (3), controller
                       // hci0 port 2"; NULL if no domain does
    int owner_domain;  // that domain's id
};

struct host {
    struct host_device *devices; // in the order of bus, then port path
    unsigned count;
};

// Looks at all devices, hubs included. A host without any USB bus gives an empty list, not an
// error; STATUS_FAILED after a complaint if libusb cannot be used at all.
enum status host_look(struct arena *arena, struct diags *diags, struct host *host);

// The device of that bus and address, or NULL.
const struct host_device *host_device_at(const struct host *host, unsigned bus, unsigned address);
const struct host_device *host_device_busid(const struct host *host, const char *busid);

// Whether everything that the selector gives matches; false for a selector that gives nothing.
bool selector_matches(const struct selector *selector, const struct host_device *device);

// How many devices match; the first of them in *found.
unsigned host_select(const struct host *host, const struct selector *selector,
                     const struct host_device **found);

// One line for a person: "Yubico YubiKey OTP (1-4, full speed)", made safe.
const char *host_device_show(struct arena *arena, const struct host_device *device);

// A device that lost its drivers and that nothing uses: what is left when a QEMU is killed while it
// holds a device, or exits with its domain at `xl reboot`.
struct host_orphan {
    struct host_orphan *next;
    const struct host_device *device;
    const char *interfaces; // "1-4:1.0, 1-4:1.1"
    bool driver_known;      // the kernel's module table names a driver for one of them; false if
                            // there is no table
    const char *evidence;   // where that was looked up
};

// The devices, hubs aside, that have a driver on none of their interfaces, although the kernel has
// one (or its table cannot be read), and that no process has open. Includes those that a domain
// owns: `owner` is up to the caller. Owned by the arena.
struct host_orphan *host_orphans(struct arena *arena, const struct host *host);

// Lets the kernel probe drivers for each interface of that device (/sys/bus/usb/drivers_probe,
// Documentation/ABI/testing/sysfs-bus in Linux). Returns whether one has a driver then; if not,
// *why says why.
bool host_probe(struct arena *arena, const char *busid, const char **why);

// Whether the kernel's PVUSB backend is there: /sys/bus/usb/drivers/usbback.
bool host_has_usbback(void);

#endif
