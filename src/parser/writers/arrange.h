// SPDX-License-Identifier: MIT
// Finds a controller and a port for each device of a translation, where the target names them: the
// same that `apply` would choose (plan/layout.h). With --resolve, finds the host device, too.
#ifndef XENUSB_PARSER_WRITERS_ARRANGE_H
#define XENUSB_PARSER_WRITERS_ARRANGE_H

#include "parser/translate.h"

// A controller of the translation.
struct arranged_controller {
    struct arranged_controller *next;
    const struct config_controller *wanted; // NULL: added for devices that name none
    const struct controller_model *model;   // NULL if it depends on the guest's type, unknown here
    enum controller_type type;
    bool kernel;      // PVUSB by the kernel's usbback
    unsigned index;   // libxl's number; none if it is left to xl (write.h)
    unsigned version; // 0 if it is not known
    unsigned ports;   // 0: the default of the toolstack
    const char *name;
    struct span why;        // the place in the source that asked for it
    unsigned libvirt_index; // of its libvirt element; set by write_libvirt.c
    const char *qemu_id;    // QEMU is started with it (cold.h), with this id; else NULL
};

// A device of the translation.
struct arranged_device {
    const struct config_device *wanted;
    struct arranged_controller *controller; // NULL: do not name one
    struct port port;                       // PORT_ANY: do not name one
    const struct host_device *found;        // NULL: not looked up, or not plugged in
    bool left_out;                          // skip it: not plugged in, and not required
};

// Lives in the arena of the translation.
struct arrangement {
    struct arranged_controller *controllers; // those of the config, then those that were added
    struct arranged_device *devices;         // in the order of the config
    size_t count;
};

// What is to be arranged.
enum arrange {
    ARRANGE_XEN,   // devices that are attached to a Xen guest
    ARRANGE_PVUSB, // the same, by PVUSB only
    ARRANGE_QEMU, // all devices of a QEMU without Xen; it chooses the ports of those it starts with
    ARRANGE_PORTS, // the same, with a port for every device
};

// Fills *arrangement. Reports an error if no port is free, or if a selector that is looked up does
// not match exactly one device; a warning if the device is not plugged in and not required.
void arrange(struct writing *writing, enum arrange what, struct arrangement *arrangement);

#endif
