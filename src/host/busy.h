// SPDX-License-Identifier: MIT
// What the host itself uses of a USB device: mounted file systems, swap, the way to the network.
#ifndef XENUSB_HOST_BUSY_H
#define XENUSB_HOST_BUSY_H

#include "base/text.h"

// The kernel's own tables, read once for all devices.
struct host_tables {
    struct text mounts;  // /proc/self/mountinfo
    struct text swaps;   // /proc/swaps
    struct text routes;  // /proc/net/route
    struct text routes6; // /proc/net/ipv6_route
};
void host_tables_read(struct arena *arena, struct host_tables *tables);

// Why the interface at `directory` (below /sys/bus/usb/devices) must not be given away, or NULL:
// a block device below it, one of its partitions, or what is built of it (device-mapper, md, LVM)
// is mounted, is swap, or is held together by the host; a network device below it, or a bridge,
// bond or VLAN on top of it, has a default route.
const char *host_busy(struct arena *arena, const struct host_tables *tables, const char *directory);

// The pure parts. A block device goes by its number ("8:1"), by its name ("sda1"), and by the name
// that device-mapper gives it ("vg-data", or "").
struct block_device {
    const char *number;
    const char *name;
    const char *mapped;
};
// Where it is mounted, as it is written there; NULL if it is not. proc(5), /proc/pid/mountinfo.
const char *mounts_find(struct arena *arena, struct text mounts, const struct block_device *block);
bool swaps_find(struct text swaps, const struct block_device *block);
// Whether a default route goes out through that network device: /proc/net/route and ipv6_route, as
// net/ipv4/fib_trie.c and net/ipv6/route.c of Linux print them.
bool routes_default(struct text routes, const char *device);
bool routes6_default(struct text routes6, const char *device);

#endif
