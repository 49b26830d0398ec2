// SPDX-License-Identifier: MIT
// The disks of this host that guests have through Xen's block backend in the kernel.
#ifndef XENUSB_HOST_GUEST_DISKS_H
#define XENUSB_HOST_GUEST_DISKS_H

#include "base/part.h"

#include <stddef.h>

struct arena;
struct session;

// A block device that blkback has opened for a guest: a disk, a partition, or a volume on them.
struct guest_disk {
    const char *number; // "8:17", as in sysfs and /proc/self/mountinfo
    int domain;
};
struct guest_disks {
    const struct guest_disk *at; // owned by the arena
    size_t count;
};

// Reads those of all domains from xenstore; none without session->xen. Returns whether all could be
// read.
struct part guest_disks_read(const struct session *session, struct guest_disks *disks);

// The disk with that number; NULL if no guest has it.
const struct guest_disk *guest_disks_find(const struct guest_disks *disks, const char *number);

// Converts the content of a node "physical-device": hexadecimal "8:1a" to "8:26", owned by the
// arena; NULL if it is not a device number.
const char *guest_disks_number(struct arena *arena, const char *value);

#endif
