// SPDX-License-Identifier: MIT
// What the host loses with a device that may be given away: programs lose a node that they have
// open, a session loses its last keyboard or pointer, Bluetooth its adapter. Private to the room.
#ifndef XENUSB_HOST_CAUTION_H
#define XENUSB_HOST_CAUTION_H

#include "busy.h"

// What was found in the interfaces of a device (struct host_use). Zeroed: nothing.
struct caution_parts {
    struct host_node *nodes;
    bool input;
    const char *adapter;
};

// Adds to the cautions of each of the devices, which are given away together. What could not be
// found out is one too.
void cautions_find(struct host_tables *tables, struct host_device *const *devices,
                   const struct caution_parts *parts, size_t count);

#endif
