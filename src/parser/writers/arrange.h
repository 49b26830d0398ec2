// SPDX-License-Identifier: MIT
// A controller and a port for each device, where the dialect to be written wants them named, and
// the host's device behind each selector, where it is looked up.
#ifndef XENUSB_PARSER_ARRANGE_H
#define XENUSB_PARSER_ARRANGE_H

#include "parser/translate.h"

struct arranged_controller {
    struct arranged_controller *next;
    const struct config_controller *wanted; // NULL: made for devices that have none
    const struct controller_model *model;   // NULL while only the guest's type could tell
    enum controller_type type;
    bool kernel;      // PVUSB by the kernel's usbback
    unsigned index;   // among those that are not there at creation; those have none
    unsigned version; // 0 while it is not known
    unsigned ports;   // that it has; of one that was made, as many as it needs
    unsigned ports_max;
    uint32_t used; // a bit for each root port
    const char *name;
    struct span why;        // what asked for it
    unsigned libvirt_index; // among the elements of libvirt
};

struct arranged_device {
    const struct config_device *wanted;
    struct arranged_controller *controller; // NULL: none is named
    struct port port;                       // PORT_ANY: none is named
    const struct host_device *found;        // NULL: it was not looked up, or is not plugged in
    bool left_out;                          // not plugged in, and not required
};

struct arrangement {
    struct arranged_controller *controllers;
    struct arranged_controller *end;
    struct arranged_device *devices; // in the order of the config
    size_t count;
    struct arranged_controller **of_wanted; // by the index of the wish in the config
    unsigned next_index;                    // of a controller that is made
    unsigned made;                          // how many were
    uint32_t pv_used; // ports of QEMU's PVUSB: no two devices of a guest may have the same
};

// What is to be arranged.
enum arrange {
    ARRANGE_PLUGGED, // what is plugged into a guest that is there
    ARRANGE_ALL,     // that, and what the guest is created with
    ARRANGE_PVUSB,   // what is plugged; controllers that are made are PVUSB
    ARRANGE_LIBVIRT, // what is plugged; and the guest is created with devices at ports, where there
                     // are any left: libvirt adds a hub for the others
};

// Complains where there is no room, and where a device that is looked up is not there, or is not
// the only one that is meant.
void arrange(struct writing *writing, enum arrange what, struct arrangement *arrangement);

#endif
