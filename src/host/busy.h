// SPDX-License-Identifier: MIT
// How the host itself uses a USB device: mounted file systems, swap, the default route.
#ifndef XENUSB_HOST_BUSY_H
#define XENUSB_HOST_BUSY_H

#include "base/text.h"

// Tables of the kernel, read once for all devices. Owned by the arena; empty if unreadable.
struct host_tables {
    struct text mounts;  // /proc/self/mountinfo
    struct text swaps;   // /proc/swaps
    struct text routes;  // /proc/net/route
    struct text routes6; // /proc/net/ipv6_route
};
// Reads all tables.
void host_tables_read(struct arena *arena, struct host_tables *tables);

// Why the interface at `directory` (below /sys/bus/usb/devices) must not be given to a guest, or
// NULL: a block device of the interface, one of its partitions, or a volume built on them
// (device-mapper, md, LVM) is mounted or used as swap, or is part of such a volume; or a default
// route uses a network device of the interface, or a bridge, bond or VLAN on top of it.
//
// Sets *disk if it is a disk, of which not even --force takes anything: its data would be lost.
const char *host_busy(struct arena *arena, const struct host_tables *tables, const char *directory,
                      bool *disk);

// The functions below only read their arguments.

// A block device under each of its names: number ("8:1"), kernel name ("sda1"), and device-mapper
// name ("vg-data", or "").
struct block_device {
    const char *number;
    const char *name;
    const char *mapped;
};
// The mount point of the block device, unescaped; NULL if it is not mounted. `mounts` is
// /proc/self/mountinfo (proc(5)).
const char *mounts_find(struct arena *arena, struct text mounts, const struct block_device *block);
// Whether the block device is used as swap, according to /proc/swaps.
bool swaps_contain(struct text swaps, const struct block_device *block);
// Whether a usable default route uses that network device, according to /proc/net/route and
// /proc/net/ipv6_route (Linux: net/ipv4/fib_trie.c, net/ipv6/route.c).
bool routes_have_default(struct text routes, const char *device);
bool routes6_have_default(struct text routes6, const char *device);

#endif
