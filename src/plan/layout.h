// SPDX-License-Identifier: MIT
// Computes where everything in a config would be, by running the planner on a guest that has only
// what it is created with. For translations, which must agree with `apply`.
#ifndef XENUSB_PLAN_LAYOUT_H
#define XENUSB_PLAN_LAYOUT_H

#include "place.h"

// One device of the config. The caller sets the first three members.
struct layout_device {
    const struct config_device *wanted;
    const struct host_device *host; // hostdev; NULL: unknown, so it gets a port for every speed
    bool skip;                      // it gets no port
    struct controller *controller;  // NULL: none
    struct port port;               // PORT_ANY: none
    enum place_verdict verdict;     // not PLACE_FITS: why it has no port
};

// The input and the result of layout_make(), all in its arena.
struct layout {
    struct domain domain;              // the guest; id -1: without Xen
    struct topology topology;          // its controllers, wanted and added
    bool without_hubs;                 // see layout_make()
    struct layout_device *devices;     // in the order of the config, `count` of them
    size_t count;                      // the config's device_count
    unsigned controller_count;         // of the topology
    struct controller **of_controller; // by the index of the wanted controller; NULL: a companion
};

// Values of domain.id: under Xen (no real domain has this id), and without.
enum { LAYOUT_XEN = INT32_MAX, LAYOUT_NO_XEN = -1 };

// Initializes a layout for `config`. Then the caller fills in its devices.
void layout_init(struct arena *arena, struct layout *layout, const struct config *config);

// Sets the controller and port of each device. Reports nothing: if a device has no port, its
// verdict is the reason. A device that is created with the guest is put where QEMU puts it; if its
// controller is full, QEMU adds a hub, so it has no port here. With `without_hubs` it is placed
// like the others.
void layout_make(struct arena *arena, struct layout *layout, const struct config *config);

#endif
