// SPDX-License-Identifier: MIT
// What more about a device is read from, when it is needed. Private to the room.
#ifndef XENUSB_HOST_SOURCE_H
#define XENUSB_HOST_SOURCE_H

#include "host.h"

struct descriptors;

// Shared by all devices of a look. Owned by its arena.
struct host_source {
    struct arena *arena;
    struct host_device *devices; // the first of them
    bool asked;                  // libusb was asked for the descriptors of all devices
    const struct descriptors *descriptors;
    const char *failure; // why there are none
};

// The device itself, to set what is read later; NULL if there is nothing to read it from.
static inline struct host_device *source_device(const struct host_device *device)
{
    struct host_device *at = device->source ? device->source->devices : NULL;
    while (at && at != device)
        at = at->next;
    return at;
}

#endif
