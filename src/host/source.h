// SPDX-License-Identifier: MIT
// What more about a device is read from. Private to the room.
#ifndef XENUSB_HOST_SOURCE_H
#define XENUSB_HOST_SOURCE_H

#include <stdbool.h>

struct arena;
struct descriptors;

// Shared by all devices of a look. Owned by its arena.
struct host_source {
    struct arena *arena;
    bool asked; // libusb was asked for the descriptors of all devices
    const struct descriptors *descriptors;
    const char *failure; // why there are none
};

#endif
