// SPDX-License-Identifier: MIT
// libxl's saved configuration of a running domain: a JSON file from which `xl reboot`, save and
// migrate start the domain again. xenusb adds what it attaches, as xl does, so that the domain
// keeps it. Everything else in the file stays the same byte for byte: some of its numbers are too
// large for a JSON library.
#ifndef XENUSB_RECORD_SAVED_H
#define XENUSB_RECORD_SAVED_H

#include "plan/backend.h"

// Adds or removes a controller or device in the saved configuration, under libxl's lock for it.
// Only for PVUSB and for what libxl's record can express (record.h). STATUS_OK without doing
// anything if the session has keep_saved, or if there is no such file, since then libxl does not
// use one. Nothing is added for a cold_only controller: libxl starts QEMU before it writes the
// controller's nodes, so a guest started from such a configuration would lose its QEMU and wait for
// a backend at boot. If the file cannot be changed, reports a warning with the consequence and
// returns STATUS_OK. A failure to take the lock is reported as an error; statuses as from
// lock_libxl().
enum status saved_controller_added(const struct session *session,
                                   const struct controller *controller);
enum status saved_controller_removed(const struct session *session,
                                     const struct controller *controller);
enum status saved_device_added(const struct session *session, const struct device *device);
enum status saved_device_removed(const struct session *session, const struct device *device);

// An element to add, replace or remove in an array of the configuration. It is identified by one or
// two of its members, which are numbers.
struct saved_element {
    const char *array;   // "usbctrls"
    const char *keys[2]; // the second may be NULL
    int64_t numbers[2];
    const char *json; // the new element; NULL to remove it
};
// Makes that change in the text of a configuration; *edited is the whole text, owned by the arena.
// False, with the reason in *why, if the text is not a JSON object or its member of that name is
// not an array.
bool saved_edit(struct arena *arena, struct text json, const struct saved_element *element,
                struct text *edited, const char **why);

#endif
