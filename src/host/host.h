// SPDX-License-Identifier: MIT
// The host's USB devices, as sysfs reports them. A look reads the identity of all, one small file
// each; what else there is to know about a device is read when it is needed, once.
#ifndef XENUSB_HOST_HOST_H
#define XENUSB_HOST_HOST_H

#include "base/diag.h"
#include "base/part.h"
#include "bind.h"
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
    bool unauthorized;     // the kernel may not configure it (host_is_authorized())
};

// A disk of a device, without its partitions. Owned by the arena.
struct host_disk {
    const struct host_disk *next;
    const char *path; // "/dev/sda"
    unsigned major, minor;
};

// What the host loses with a device, which may be given away all the same. Owned by the arena.
struct host_caution {
    const struct host_caution *next;
    const char *what; // "/dev/input/event5 is open in Xorg (pid 811)"; safe to print
    const char *hint; // "they lose it"
};

struct host_endpoints;
struct session;
struct host_source;

// A device of this host. Owned by the arena. The manufacturer, name and serial are untrusted bytes
// from its descriptors: NUL-terminated, at most 256 bytes, not safe to print without text_show().
struct host_device {
    struct host_device *next;
    // Its identity.
    uint8_t bus;
    uint8_t address;
    char busid[BUSID_SIZE];
    uint16_t vendor;
    uint16_t product;
    bool hub;           // bDeviceClass 9
    const char *driver; // of the device as a whole: "usb", as a rule; NULL without one
    // Its description: set by host_describe().
    enum speed speed;
    const char *drivers; // of its interfaces, comma-separated, each once; "" if none is bound
    bool held;           // an interface is bound to usbfs: a program (QEMU, say) holds it
    const struct host_interface *interfaces;
    int interfaces_error; // an errno if some of them could not be read; else 0
    // Its strings: set by host_read_strings().
    const char *manufacturer; // "" if it has none
    const char *name;         // product string; ""
    const char *serial;       // ""
    int serial_error;         // an errno if the serial could not be read; else 0
    // The rest is set by who needs it.
    const char *busy;     // host_find_use(): why it must not be given to a guest: "/dev/sda1 is
                          // mounted on /backup", "carries the default route"; NULL if it may be
    const char *busy_fix; // what to do about that: "unmount it first"
    bool busy_passes;     // that may be a probe (udev, blkid) that ends soon
    bool busy_disk;       // that is a disk in use, which not even --force takes
    const struct host_disk *disks;
    struct part use; // whether all was read that decides that. If not, and `busy` is NULL,
                     // the host may be using the device: not even --force takes it
    const struct host_caution *cautions; // host_find_use_and_cautions()
    const char *owner; // the domain it is attached to, according to the records: "win10 (3),
                       // controller hci0 port 2"; NULL if there is none
    int owner_domain;  // that domain's id; undefined without an owner
    const char *owner_changes; // the command that attaches it there, or detaches it, right now:
                               // ""attach web 1-4" (process 123)"; NULL if none does
    struct host_hold hold;     // set by host_find_holders(), else empty
    // Private to the room.
    bool described;
    unsigned strings;       // those that were read
    bool classified, plain; // plain: its interfaces are of classes without isochronous endpoints
    struct host_source *source;             // from which more is read; NULL: nothing more
    const struct host_endpoints *endpoints; // without a source, its endpoints; or NULL
};

// All devices of this host. Owned by the arena.
struct host {
    struct host_device *devices; // sorted by bus, then port path
    unsigned count;
    struct part claims; // the records of all domains; not needed without Xen
};

// Lists all devices, including hubs, and sets their identity. A host without a USB bus has an empty
// list and is not an error. STATUS_FAILED, after reporting it, if sysfs cannot be read; the list is
// then empty.
enum status host_look(struct arena *arena, struct diags *diags, struct host *host);

// Sets what describes the device, unless that was done before.
void host_describe(struct host_device *device);

enum host_string {
    HOST_MANUFACTURER = 1 << 0,
    HOST_NAME = 1 << 1,
    HOST_SERIAL = 1 << 2,
};
// Sets these strings of the device (enum host_string, or'ed), unless that was done before.
void host_read_strings(const struct host_device *device, unsigned strings);

// Sets how the host itself uses each of these devices, and describes them. What guests have as
// disks is only found with session->xen.
void host_find_use(const struct session *session, struct host_device *const *devices, size_t count);
// The same, and sets device->cautions, as if all of them were given away.
void host_find_use_and_cautions(const struct session *session, struct host_device *const *devices,
                                size_t count);

// Reads the device's identity and drivers again: *now is a copy of `device` with those. False if
// nothing is plugged in at its busid.
bool host_look_again(struct arena *arena, const struct host_device *device,
                     struct host_device *now);

// The device with that bus and address, or with that busid, described; NULL if there is none.
const struct host_device *host_device_at(const struct host *host, unsigned bus, unsigned address);
const struct host_device *host_device_busid(const struct host *host, const char *busid);

// Whether the device meets all criteria of the selector; false for a selector without criteria.
bool selector_matches(const struct selector *selector, const struct host_device *device);

// Sets *devices to all devices except hubs; returns how many there are.
size_t host_all(struct arena *arena, const struct host *host, struct host_device ***devices);

// The next device after `after` (the first if that is NULL) that matches, described; or NULL.
struct host_device *host_next(const struct host *host, const struct selector *selector,
                              const struct host_device *after);

// Returns how many devices match; *found is the first of them, or NULL. All are described.
unsigned host_select(const struct host *host, const struct selector *selector,
                     const struct host_device **found);

// A described device for messages: "Yubico YubiKey OTP (1-4, full speed)". Safe to print; owned by
// the arena.
const char *host_device_show(struct arena *arena, const struct host_device *device);

// What a device is, wherever it is plugged in: "1050:0407 YubiKey OTP". Safe to print, of at most
// 80 bytes; owned by the arena.
const char *host_device_label(struct arena *arena, const struct host_device *device);
// Reads the ids at the start of such a label; false if it is not one.
bool host_label_read(struct text label, uint16_t *vendor, uint16_t *product);

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

// The devices, except hubs, that no process is known to have open and that have no driver on any
// interface, although the kernel has one (or its module tables cannot be read). Includes devices
// with an `owner` and those for which not all processes could be looked at; the caller decides
// about them. To be called after host_find_holders(). Owned by the arena.
struct host_orphan *host_orphans(struct arena *arena, const struct host *host);

// Makes the kernel probe for a driver for each interface of the device that has none
// (/sys/bus/usb/drivers_probe; Linux: Documentation/ABI/testing/sysfs-bus). Returns whether any
// interface has a driver afterwards; if not, *why is the reason, owned by the arena or constant.
bool host_probe(struct arena *arena, const char *busid, const char **why);

// Whether the kernel's PVUSB backend is loaded: /sys/bus/usb/drivers/usbback exists.
bool host_has_usbback(void);

#endif
