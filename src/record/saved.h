// SPDX-License-Identifier: MIT
// libxl's saved configuration of a running domain: JSON in a file, from which `xl reboot`, save and
// migrate start the next one. What xenusb attaches is in it as what xl attaches is, so that it is
// not forgotten there. Everything else in the file stays as it is, to the byte: some of its numbers
// are larger than a JSON library may bear.
#ifndef XENUSB_SAVED_H
#define XENUSB_SAVED_H

#include "plan/backend.h"

// A controller or a device that libxl's record can tell of (record.h) came or went. With the
// session's keep_saved nothing is done, nor for what comes to a cold_only controller: libxl starts
// QEMU before it writes a controller's nodes, so the guest that is started from such a
// configuration loses its QEMU and waits at boot for a backend. Takes libxl's lock for the file.
// Where the file is absent nothing is done, for then no xl will look for it; where it cannot be
// changed a warning says what that means, and the step stays done. STATUS_TIMEOUT after a complaint
// only if the lock was not to be had.
enum status saved_controller_added(const struct session *session,
                                   const struct controller *controller);
enum status saved_controller_removed(const struct session *session,
                                     const struct controller *controller);
enum status saved_device_added(const struct session *session, const struct device *device);
enum status saved_device_removed(const struct session *session, const struct device *device);

// The pure part: the element of one of the configuration's arrays that is to be replaced or removed
// goes by one or two of its numbers.
struct saved_element {
    const char *array; // "usbctrls"
    const char *keys[2];
    int64_t numbers[2];
    const char *json; // what it is to be; NULL: it is to go
};
// The whole text with that change. False if the text is no JSON object, or has something else under
// the array's name; then *why tells.
bool saved_edit(struct arena *arena, struct text json, const struct saved_element *element,
                struct text *edited, const char **why);

#endif
