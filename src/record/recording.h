// SPDX-License-Identifier: MIT
// What the files of the record share while they change it. Private to them.
#ifndef XENUSB_RECORDING_H
#define XENUSB_RECORDING_H

#include "change.h"

// ---- change.c ----

// change_attempt() with a complaint; `what` is what it says could not be recorded.
enum status change_make(struct change *change, const char *what, change_body *body);
// The libxl record of change->controller, and what is in it.
const char *change_libxl_path(const struct change *change, const char *rest);
// The path of the node of one of its ports, and its value; at is NULL where libxl has no such port.
const char *change_port_path(const struct change *change, unsigned port);
enum xen_result change_read_port(struct change *change, unsigned port, struct text *value);
// Whether there is a record to be kept at all.
bool change_has_xen(const struct session *session);

// ---- note.c: our own notes ----

enum xen_result note_controller(struct change *change);
enum xen_result note_device(struct change *change);
// Removes a note of kind "controller" or "device", and with the last one all that is kept of the
// domain.
enum xen_result note_drop(struct change *change, const char *kind, const char *key);
// Removes all notes if they are of another domain that had this id.
enum xen_result note_drop_foreign(struct change *change);

// ---- merge.c ----

// Whether a device that libxl's record cannot express sits at a port that libxl knows.
bool record_hides_port(const struct device *device);

#endif
