// SPDX-License-Identifier: MIT
// Where everything that a config asks for would be: the planner, run on a guest that has nothing
// but what it is created with. For translations, which must agree with `apply`.
#ifndef XENUSB_PLAN_LAYOUT_H
#define XENUSB_PLAN_LAYOUT_H

#include "place.h"

// One device of the config. The first three members are the caller's.
struct layout_device {
    const struct config_device *wanted;
    const struct host_device *host; // hostdev: NULL: not looked up, so a port for every speed
    bool skip;                      // it takes no port
    struct controller *controller;  // where it is; NULL: nowhere
    struct port port;               // PORT_ANY: none
    enum place_verdict verdict;     // not PLACE_FITS: why it has no port
};

struct layout {
    struct domain domain;              // the guest; an id of -1: without Xen
    struct topology topology;          // its controllers: all that are wanted, and those made
    bool without_hubs;                 // see layout_make()
    struct layout_device *devices;     // in the order of the config, `count` of them
    size_t count;                      // the config's device_count
    struct controller **of_controller; // by the index of the wanted controller; NULL: a companion
};

// An id for the guest where Xen is: no real domain has it.
enum { LAYOUT_XEN = INT32_MAX, LAYOUT_NO_XEN = -1 };

// Starts a layout for `config`. The caller then fills in what it knows of the devices.
void layout_init(struct arena *arena, struct layout *layout, const struct config *config);

// Gives each device its controller and port. Nothing is refused because a guest runs, and nothing
// is reported: each device's verdict tells. What a guest is created with is where QEMU puts it.
// What finds no port of the controller itself then is left to QEMU, which adds a hub;
// `without_hubs`, it is placed like the others.
void layout_make(struct arena *arena, struct layout *layout, const struct config *config);

#endif
