// SPDX-License-Identifier: MIT
// How the host itself uses a USB device: as a disk, a network device or a sound card.
#ifndef XENUSB_HOST_BUSY_H
#define XENUSB_HOST_BUSY_H

#include "host.h"
#include "tables.h"

// A character device of an interface. Owned by the arena.
struct host_node {
    struct host_node *next;
    const char *path;   // "/dev/input/event5"
    const char *number; // "13:69"
};

// How the host uses a part of a device. Owned by the arena.
struct host_use {
    const char *why;  // why it must not be given to a guest; NULL if nothing says so
    const char *fix;  // what to do about that: "unmount it first"; NULL with `why` NULL
    bool passes;      // a process has just opened it: that may be a probe that ends soon
    bool disk;        // that is a disk in use, of which not even --force takes anything: its data
                      // would be lost
    struct part part; // whether all was read that decides that
    const struct host_disk *disks; // those of the interface that were found
    // Only with tables->cautions:
    struct host_node *nodes; // those of which a program may have one open
    bool input;              // it has input devices
    const char *adapter;     // its Bluetooth adapter: "hci0"; NULL
};

// How the host uses the interface at `directory` (below /sys/bus/usb/devices): a block device of
// the interface, one of its partitions, or a volume built on them (device-mapper, md, LVM, a loop
// device) is mounted (also where only other processes see it), used as swap, a guest's disk, part
// of such a volume or of a btrfs, or open in a process; a network device of the interface is up, or
// a port of a bridge or bond, or in another network namespace; a sound card plays or records.
struct host_use host_busy(struct host_tables *tables, const char *directory);

#endif
