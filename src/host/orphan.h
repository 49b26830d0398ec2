// SPDX-License-Identifier: MIT
// Host devices that lost their drivers and that nobody has: what a QEMU leaves that is killed while
// it holds a device, or that ends with its domain at `xl reboot`. And giving the drivers back:
// /sys/bus/usb/drivers_probe (Linux: Documentation/ABI/testing/sysfs-bus).
#ifndef XENUSB_HOST_ORPHAN_H
#define XENUSB_HOST_ORPHAN_H

#include "host.h"

#include <sys/types.h>

struct host_orphan {
    struct host_orphan *next;
    const struct host_device *device;
    const char *interfaces; // "1-4:1.0, 1-4:1.1"
    bool driver_known;      // the kernel's table of modules names a driver for it, by `evidence`;
                            // if not, there is no table
    const char *evidence;   // what was looked up
};

// The devices, hubs aside, none of whose interfaces has a driver, though the kernel has one for
// them (or cannot be asked), and that no program has open. Whether a domain has one (`owner`) is
// the caller's to heed. Owned by the arena.
struct host_orphan *host_orphans(struct arena *arena, const struct host *host);

// Lets the kernel look for a driver for each interface of that device. True if one has a driver
// then; if not, *why tells.
bool host_probe(struct arena *arena, const char *busid, const char **why);

// Whether some process has the character device of that number open, by /proc/<pid>/fd: *pid is
// that process, 0 if there is none. False if not all processes could be looked at.
bool host_opened(struct arena *arena, dev_t number, unsigned *pid);

// The pure part: whether a line of the kernel's module tables fits an interface's modalias:
// "alias PATTERN MODULE" of modules.alias, "MODULE.alias=PATTERN" of modules.builtin.modinfo
// (depmod(8)). *module is its module.
bool orphan_alias_fits(struct arena *arena, struct text line, const char *modalias,
                       const char **module);

#endif
