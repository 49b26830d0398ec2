// SPDX-License-Identifier: MIT
// Opens the disks of host devices exclusively, before they are given away. This fails for a disk
// that the kernel uses without showing it (ZFS), and as long as it lasts nothing can mount the disk
// or one of its partitions. It does not see what opens disks without O_EXCL: blkback and QEMU.
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

// Opens the disks that host_find_use() found in these devices. Takes at most 10 s times
// session->timeout_scale. Sets reasons[i] to why device i cannot be given away, for messages; NULL
// if it can be.
void host_reserve(const struct session *session, const struct host_device *const *devices,
                  size_t count, const char **reasons, struct reservation *reservation);

// Closes the disks. RESERVATION_NONE is a no-op.
void host_release(struct reservation *reservation);
#define cleanup_reservation __attribute__((cleanup(host_release)))

#endif
