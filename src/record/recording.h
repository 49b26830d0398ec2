// SPDX-License-Identifier: MIT
// What the files that change the record share. Private to record/.
#ifndef XENUSB_RECORD_RECORDING_H
#define XENUSB_RECORD_RECORDING_H

#include "change.h"

// In change.c:

// Does what change_attempt() does, and reports an error on failure: "cannot record <what> of domain
// ...".
enum status change_make(struct change *change, const char *what, change_body *body);
// The path of libxl's record of change->controller, with `rest` appended. Owned by the arena.
const char *change_libxl_path(const struct change *change, const char *rest);
// The path of the node of one of its ports. Owned by the arena.
const char *change_port_path(const struct change *change, unsigned port);
// Reads the node of a port; *value is TEXT_EMPTY, with XEN_OK, if libxl's record has no such port.
enum xen_result change_read_port(struct change *change, unsigned port, struct text *value);
// Whether the session has a record: its domain is Xen's.
bool change_has_xen(const struct session *session);

// In note.c:

// The directory of the domain's notes. Owned by the arena.
const char *note_root(const struct change *change);
// What every change that writes a note begins with: writes the domain's UUID, unless it is there.
enum xen_result note_start(struct change *change);
// What every change that drops a note ends with (change_known.finish): removes what is empty then.
enum xen_result note_clean_up(struct change *change);
// Writes xenusb's note of change->device.
enum xen_result note_device(struct change *change);
// Removes the note with that key, if there is one; `kind` is "controller" or "device". With the
// last note, removes everything that xenusb keeps of the domain before the commit.
enum xen_result note_drop(struct change *change, const char *kind, const char *key);
// Removes all notes under the domain's id if they belong to another domain that had that id. The
// names of one that was rebooted are moved to the id that it has now.
enum xen_result note_drop_foreign(struct change *change);
// Whether the notes under `root` ("/xenusb/3") belong to a domain that exists, by their UUID.
enum xen_result note_is_owned(struct change *change, const char *root, bool *owned);

// In read.c:

// The value of a port's node, or a note's busid: a busid; "" for a port that is free; NULL without
// a node; RECORD_GARBAGE for anything else.
const char *record_port_value(struct text value);

// In merge.c:

// Whether the device is at a port that libxl knows, but libxl's record cannot express it. The node
// of such a port is removed, so that libxl does not use the port.
bool record_hides_port(const struct device *device);

#endif
