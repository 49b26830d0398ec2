// SPDX-License-Identifier: MIT
// What a policy may ask of a host device besides its identity: its release and its interfaces.
#ifndef XENUSB_HOST_TRAITS_H
#define XENUSB_HOST_TRAITS_H

#include "host.h"

// The class codes of an interface (USB 2.0, table 9-12).
struct interface_class {
    uint8_t class;
    uint8_t subclass;
    uint8_t protocol;
};

// Owned by the arena.
struct host_traits {
    const char *unread; // why not all of it is known: a clause for messages; NULL if it is
    bool has_release;
    uint16_t release;                         // bcdDevice
    const struct interface_class *interfaces; // those that could be read
    size_t count;
};

// Reads them from sysfs. A device without an active configuration has no interfaces to read.
struct host_traits host_read_traits(struct arena *arena, const struct host_device *device);

#endif
