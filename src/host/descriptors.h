// SPDX-License-Identifier: MIT
// What the descriptors of this host's USB devices tell about their endpoints. The only file that
// uses libusb.
#ifndef XENUSB_HOST_DESCRIPTORS_H
#define XENUSB_HOST_DESCRIPTORS_H

#include "fit.h"

struct arena;

// Of one device. Owned by the arena.
struct descriptors {
    const struct descriptors *next;
    uint8_t bus;
    uint8_t address;
    uint16_t vendor;
    uint16_t product;
    struct host_fit all;    // of all configurations
    struct host_fit active; // of the active one; without one any may become active: of all
};

// Those of all devices. On failure NULL, and *why is a message, owned by the arena.
const struct descriptors *descriptors_read(struct arena *arena, const char **why);

#endif
