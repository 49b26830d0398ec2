// SPDX-License-Identifier: MIT
// A controller and a port for each device, where the dialect to be written wants them named: those
// that `apply` would choose (plan/layout.h). And the host's device behind each selector, where it
// is looked up.
#ifndef XENUSB_PARSER_ARRANGE_H
#define XENUSB_PARSER_ARRANGE_H

#include "parser/translate.h"

struct arranged_controller {
    struct arranged_controller *next;
    const struct config_controller *wanted; // NULL: made for devices that name none
    const struct controller_model *model;   // NULL while only the guest's type could tell
    enum controller_type type;
    bool kernel;      // PVUSB by the kernel's usbback
    unsigned index;   // among those that are not there at creation; those have none
    unsigned version; // 0 while it is not known
    unsigned ports;   // 0: the default of whoever makes it
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
    struct arranged_controller *controllers; // those of the config, then those that were made
    struct arranged_device *devices;         // in the order of the config
    size_t count;
};

// What is to be arranged.
enum arrange {
    ARRANGE_XEN,   // what is plugged into a guest of Xen
    ARRANGE_PVUSB, // the same by PVUSB alone
    ARRANGE_QEMU,  // all that a QEMU without Xen has; it chooses ports for what it starts with
    ARRANGE_PORTS, // the same, with a port for what it starts with
};

// Complains where there is no room, and where a device that is looked up is not there, or is not
// the only one that is meant.
void arrange(struct writing *writing, enum arrange what, struct arrangement *arrangement);

#endif
