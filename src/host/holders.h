// SPDX-License-Identifier: MIT
// Who has a host device: programs that have its node in /dev/bus/usb open, and drivers that give
// its interfaces away.
#ifndef XENUSB_HOST_HOLDERS_H
#define XENUSB_HOST_HOLDERS_H

#include "base/session.h"
#include "base/verdict.h"
#include "host.h"
#include "xen/lock.h"

// Finds out who has these devices: describes them, and sets their `hold`. Walks /proc once, and
// only if a device has an interface without a driver or with usbfs, or no interface: as long as the
// kernel's drivers have all of a device, no QEMU has it. With session->xen, a domain's QEMU is also
// recognized by the process id in xenstore.
void host_find_holders(const struct session *session, struct host_device *const *devices,
                       size_t count);

// A guest that a device is meant for. What its own QEMU holds is not held by another.
struct host_guest {
    int domain;       // -1 without Xen
    unsigned process; // its QEMU; 0 if that is not known
};

// Why the device cannot be given away, for a message: "win10 (3) has it: its QEMU, pid 811, has it
// open", "usbls (pid 12) has it open", "driver usbback has it", "who has it is unknown: ...";
// NULL if it can be. Ignores what `guest` holds itself, unless that is NULL. Safe to print; owned
// by the arena or constant.
const char *host_hold_show(struct arena *arena, const struct host_hold *hold,
                           const struct host_guest *guest);

// What to do about that, for a hint; NULL if there is nothing to add.
const char *host_hold_fix(const struct host_hold *hold);

// Whether that domain has the device: its QEMU has it open, or usbback has an interface. Unknown if
// not all processes could be checked.
enum verdict host_hold_is_of(const struct host_hold *hold, int domain);

// Whether the device is only open in programs other than QEMU, and no interface is claimed: it may
// be a probe (lsusb, fwupd, udev) that ends soon.
bool host_hold_may_pass(const struct host_hold *hold);

// Finds out again who has these devices, whose drivers are read again, and sets *holds, an array of
// `count`. Repeats that for at most 2 s times session->timeout_scale while one of the holds may
// pass; an interrupt ends the wait.
void host_await_holders(const struct session *session, const struct host_device *const *devices,
                        struct host_hold *holds, size_t count);

// Takes xenusb's lock for host devices, and under it finds out again who has these devices and sets
// *holds: what is free then stays free of other xenusb processes until the lock is released. While
// one of the holds may pass, releases the lock and tries again, for at most 2 s times
// session->timeout_scale. Statuses as from lock_host(); an interrupt ends the wait with
// STATUS_FAILED.
enum status host_lock_devices(const struct session *session,
                              const struct host_device *const *devices, struct host_hold *holds,
                              size_t count, struct lock *lock);
// Why that failed, for the step that needed the lock.
const char *host_why_not_locked(const struct session *session);

// The nodes of USB devices that a QEMU has open, as of one look.
struct host_nodes {
    const unsigned *minors; // their device numbers, `count` of them; owned by the arena
    size_t count;
    struct part part; // whether they were read
};
// Those of the session's domain's QEMU, which is this process according to its socket (0: not
// known). Not read unless xenstore, which is asked once, has the same process for the domain; or,
// if it has none, unless the process is named like a QEMU.
struct host_nodes host_nodes_of(const struct session *session, unsigned pid);

// The arguments of that QEMU (/proc/PID/cmdline), read under the same conditions.
struct host_arguments {
    struct text text; // each ends with a NUL; owned by the arena
    struct part part; // whether they were read
};
struct host_arguments host_arguments_of(const struct session *session, unsigned pid);

// Whether the device's node is one of them; VERDICT_UNKNOWN if they could not be read.
enum verdict host_nodes_have(const struct host_nodes *nodes, const struct host_device *device);

// The functions below only read their arguments.

// The domain in the arguments of a QEMU (/proc/PID/cmdline), "-xen-domid N"; -1 if there is none.
int holders_domain(struct text arguments);
// Whether that is the name of a QEMU (/proc/PID/comm).
bool holders_is_qemu(const char *program);

#endif
