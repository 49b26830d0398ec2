// SPDX-License-Identifier: MIT
// How a controller is closed before its nodes are removed. Private to this backend.
#ifndef XENUSB_BACKENDS_PVUSB_CLOSE_H
#define XENUSB_BACKENDS_PVUSB_CLOSE_H

#include "handle.h"
#include "record/change.h"

// For changes to the nodes of `controller`, which the result points to.
struct change pvusb_change_of(const struct pvusb_handle *handle,
                              const struct controller *controller);

// The directory of the backend of change->controller.
const char *pvusb_backend_of(const struct change *change);

// Whether a guest whose frontend is in this state cannot be using the controller, so that removing
// it does not need the guest.
bool pvusb_is_unused(enum xenbus_state frontend);

// Refuses the change if another program has put a device on its controller since the last look.
enum xen_result pvusb_check_empty(struct change *change);

// Asks both ends to close and waits for them. controller->frontend_state must have been read. First
// completes the requests that a dead QEMU left open. Returns STATUS_OK if the controller can be
// removed; otherwise *why says why, and the controller is as it was unless *left is set.
enum status pvusb_close(struct pvusb_handle *handle, struct controller *controller, bool *left,
                        const char **why);

// Takes back what pvusb_close() has asked for: the controller stays, so it is online again, and if
// it has not closed yet, it does not have to.
enum xen_result pvusb_reopen(struct change *change);

#endif
