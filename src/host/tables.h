// SPDX-License-Identifier: MIT
// The kernel's tables of what it does with disks and network devices.
#ifndef XENUSB_HOST_TABLES_H
#define XENUSB_HOST_TABLES_H

#include "base/part.h"
#include "base/text.h"
#include "guest_disks.h"
#include "processes.h"

// A block device of a btrfs that is mounted, wherever that is. The mount names only one of them.
struct btrfs_member {
    struct btrfs_member *next;
    const char *name; // "sda1"
    const char *uuid; // of the file system
};

// A loop device. The kernel keeps what it is on open, but not for any process.
struct loop_device {
    struct loop_device *next;
    const char *name; // "loop0"
    const char *file; // "/dev/sda1"
};

// All but the first two zeroed: none has been read. Each is read when it is needed first, once for
// all devices. Owned by the session's arena.
struct host_tables {
    const struct session *session;
    bool cautions;      // what only causes a warning is looked for too
    struct part walked; // whether `processes` was read
    struct processes processes;
    struct part disks;          // whether those for disks were read
    struct guest_disks guests;  // those that guests have, according to session->xen
    struct btrfs_member *btrfs; // of the btrfs file systems that are in use
    struct loop_device *loops;
    struct text mounts;   // /proc/self/mountinfo
    struct text swaps;    // /proc/swaps
    struct part networks; // whether those for network devices were read
    struct text routes;   // /proc/net/route
    struct text routes6;  // /proc/net/ipv6_route
};

// Read what all processes do, or the tables that a disk (processes included) or a network device is
// looked up in. Return whether all could be read; a table that is longer than PROC_TABLE_MAX could
// not.
const struct part *tables_of_processes(struct host_tables *tables);
const struct part *tables_of_disks(struct host_tables *tables);
const struct part *tables_of_networks(struct host_tables *tables);

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
// The file system that has the block device with that kernel name; NULL if none has.
const struct btrfs_member *btrfs_find(const struct btrfs_member *members, const char *name);
// The loop device that is on that block device; NULL if none is.
const struct loop_device *loops_find(const struct loop_device *loops,
                                     const struct block_device *block);
// Whether the block device is used as swap, according to /proc/swaps.
bool swaps_contain(struct text swaps, const struct block_device *block);
// Whether a usable default route uses that network device, according to /proc/net/route and
// /proc/net/ipv6_route (Linux: net/ipv4/fib_trie.c, net/ipv6/route.c).
bool routes_have_default(struct text routes, const char *device);
bool routes6_have_default(struct text routes6, const char *device);
// Whether any usable route does, to more than the link itself: every device that is up has IPv6
// routes to fe80::/64 and ff00::/8.
bool routes_have_any(struct text routes, const char *device);
bool routes6_have_any(struct text routes6, const char *device);

#endif
