// SPDX-License-Identifier: MIT
// Opens the disks of host devices exclusively, before they are given away. This fails for a disk
// that the kernel uses without showing it (ZFS), or of which something has a partition exclusively.
// As long as it lasts nothing can mount the disk or one of its partitions. It does not see what
// opens disks without O_EXCL: blkback and QEMU. It wakes a disk that sleeps, so it is only for
// verbs that change something, after everything else.
#ifndef XENUSB_HOST_RESERVE_H
#define XENUSB_HOST_RESERVE_H

#include "base/session.h"
#include "host.h"

// A process that has the disks open. It is killed if a disk does not answer, and ends with xenusb.
struct reservation {
    int control; // the process exits when this is closed; -1: there is none
    int process;
};
#define RESERVATION_NONE ((struct reservation){ -1, -1 })

// Why a device cannot be given away, for messages: "in use by this host: ..."; and what to do about
// it. Both NULL if it can be.
struct host_objection {
    const char *why, *fix;
};

// Opens the disks that host_find_use() found in these devices; one that a program has exclusively
// is tried again for 2 s, since that may be a probe. Takes at most 10 s; both times
// session->timeout_scale. Sets objections[i] for device i.
void host_reserve(const struct session *session, const struct host_device *const *devices,
                  size_t count, struct host_objection *objections, struct reservation *reservation);

// Closes the disks. RESERVATION_NONE is a no-op.
void host_release(struct reservation *reservation);
#define cleanup_reservation __attribute__((cleanup(host_release)))

#endif
