// SPDX-License-Identifier: MIT
// Builds the QMP commands for a step, and interprets QEMU's answers. Pure: sends nothing. Types are
// exact (a number is never a string), as QEMU 9.2 and later require. All results are in the arena.
#ifndef XENUSB_BACKENDS_QMP_WIRE_H
#define XENUSB_BACKENDS_QMP_WIRE_H

#include "plan/topology.h"

// A command and its arguments, a JSON object; name NULL: no command.
struct wire_command {
    const char *name;
    struct text arguments;
};

// The commands that add a device, in order. All can be sent at once: QEMU runs them one after the
// other, and `add` fails if `back` failed.
struct wire_add {
    struct wire_command back;           // creates its block node or character device
    struct wire_command add;            // device_add
    struct wire_command delete_backing; // undoes `back`
};

// Adds the controller, whose id must be set, to that PCI bus; "": QEMU chooses.
struct wire_command wire_add_controller(struct arena *arena, const struct controller *controller,
                                        const char *pci_bus);

// Adds the device, whose id must be set, to its controller, whose bus must be set. `on_device`: a
// disk's file is a device node (qemu/image.h). Returns false and sets *why if that is not
// supported.
bool wire_add_device(struct arena *arena, const struct device *device, bool on_device,
                     struct wire_add *wire, const char **why);

// Adds a host device by a descriptor of its node: into a set of its own, from which device_add
// opens it as a file, and which is not needed afterwards.
struct wire_pass {
    struct wire_command fill;  // add-fd, with which the descriptor must be passed
    struct wire_command add;   // device_add
    struct wire_command empty; // remove-fd
};
// The device's id and address must be set.
struct wire_pass wire_pass_device(struct arena *arena, const struct device *device);

// Deletes the block node or character device of a device with that kind and id; name NULL if it has
// none.
struct wire_command wire_delete_backing(struct arena *arena, enum device_kind kind, const char *id);

// Removes the object with that id, or at that path if the id is "".
struct wire_command wire_remove(struct arena *arena, const char *id, const char *path);

// Reads a property of an object; lists an object's properties; lists the types that implement
// another one, without abstract ones; lists the properties of a driver; reads all properties of
// `count` objects.
struct wire_command wire_get(struct arena *arena, const char *path, const char *property);
struct wire_command wire_list(struct arena *arena, const char *path);
struct wire_command wire_types(struct arena *arena, const char *implemented);
struct wire_command wire_properties(struct arena *arena, const char *driver);
struct wire_command wire_list_get(struct arena *arena, const char *const *paths, size_t count);

// What an error of device_del means.
enum wire_removal {
    WIRE_REFUSED, // the object stays
    WIRE_ABSENT,  // there is no such object
    WIRE_ASKED,   // the guest was asked before, and has not released it yet
};
// Classifies an error of device_del by its class and text.
enum wire_removal wire_removal_error(const char *error_class, const char *words);

// Whether an error of device_add means that QEMU could not find or open the host device, which is
// so if it has not the rights.
bool wire_is_not_opened(const char *words);

// Whether an error of blockdev-del or chardev-remove means "not yet": QEMU has not finalized the
// device that uses it.
bool wire_is_in_use(const char *words);

#endif
