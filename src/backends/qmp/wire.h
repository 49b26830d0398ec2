// SPDX-License-Identifier: MIT
// A step as QMP commands, and what QEMU's answers to them mean. Pure: nothing here is sent. Numbers
// are JSON numbers and strings are strings, since QEMU 9.2 and later take nothing else.
#ifndef XENUSB_BACKENDS_QMP_WIRE_H
#define XENUSB_BACKENDS_QMP_WIRE_H

#include "plan/topology.h"

// A command and its arguments, a JSON object; name NULL: there is none.
struct wire_command {
    const char *name;
    struct text arguments;
};

// The commands that add a device, in their order. All can be sent at once: QEMU carries them out
// one after the other, and `add` fails if `back` failed.
struct wire_add {
    struct wire_command back;           // makes the block node or character device behind it
    struct wire_command add;            // device_add
    struct wire_command verify;         // host devices: asks whether QEMU has it open; true if so
    struct wire_command delete_backing; // takes back what `back` made
};

// Adds the controller, whose id is set, to that PCI bus; "": wherever QEMU puts it.
struct wire_command wire_add_controller(struct arena *arena, const struct controller *controller,
                                        const char *pci_bus);

// Adds the device, whose id is set, to its controller, whose bus is set. `on_device`: a disk's
// file is a device node (qemu/image.h). False if QEMU cannot be told of it; *why says why not.
bool wire_add_device(struct arena *arena, const struct device *device, bool on_device,
                     struct wire_add *wire, const char **why);

// Takes back what stands behind a device of that kind and id; name NULL if nothing does.
struct wire_command wire_delete_backing(struct arena *arena, enum device_kind kind, const char *id);

// Removes the object with that id, or without one ("") the object at that path.
struct wire_command wire_remove(struct arena *arena, const char *id, const char *path);

// Reads a property of an object; lists an object's properties.
struct wire_command wire_get(struct arena *arena, const char *path, const char *property);
struct wire_command wire_list(struct arena *arena, const char *path);

// What an error that answers device_del means.
enum wire_removal {
    WIRE_REFUSED, // it stays
    WIRE_ABSENT,  // there is no such object (any more)
    WIRE_ASKED,   // the guest has been asked already, and has not let go of it yet
};
enum wire_removal wire_removal_error(const char *error_class, const char *words);

// Whether an error that answers blockdev-del or chardev-remove means "not yet": the device that
// uses it is still being cleared away.
bool wire_is_in_use(const char *words);

#endif
