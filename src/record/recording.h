// SPDX-License-Identifier: MIT
// What the files that change the record share. Private to record/.
#ifndef XENUSB_RECORD_RECORDING_H
#define XENUSB_RECORD_RECORDING_H

#include "base/json.h"
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

// In write.c:

// Writes libxl's record of change->controller, whose ports are all free.
enum xen_result change_put_controller(struct change *change);

// In adopt.c:

// Adds the controllers of change->topology whose adoption is due, unless they are there by now.
enum xen_result adopt_controllers(struct change *change);

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
// Whether a command with --no-save has added something to the domain (record_note_unsaved()).
enum verdict note_is_unsaved(const struct session *session);
// Removes all notes under the domain's id if they belong to another domain that had that id. The
// names of one that was rebooted are moved to the id that it has now.
enum xen_result note_drop_foreign(struct change *change);
// The QEMU that was started with the controller, as it is noted; owned by the arena.
const char *note_started_with(struct arena *arena, const struct controller *controller);
// Whether the notes under `root` ("/xenusb/3") belong to a domain that exists, by their UUID.
enum xen_result note_is_owned(struct change *change, const char *root, bool *owned);

// In started.c:

// Whether a process with that id ("self": this one) runs: not one that has ended and is a zombie.
// If so, *start is when it was started, as the kernel counts it, owned by the arena; else "".
// VERDICT_UNKNOWN if /proc could not be read.
enum verdict note_process_start(struct arena *arena, const char *pid, const char **start);

// In read.c:

// The value of a port's node, or a note's busid: a busid; "" for a port that is free; NULL without
// a node; RECORD_GARBAGE for anything else.
const char *record_port_value(struct text value);
// The controller with that index; NULL if there is none.
const struct record_controller *record_controller_of(const struct record *record, int64_t index);
// The busid at that port; "" if there is none, no such port, or `controller` is NULL.
const char *record_busid_of(const struct record_controller *controller, int64_t port);
// Whether two records have the same controller with that index, or none, and the same busid at that
// port of it (0: none).
bool record_has_same(const struct record *one, const struct record *other, int64_t index,
                     int64_t port);

// In saved_edit.c:

// The entry of the controller with that index in a saved configuration; NULL if there is none.
const struct json *saved_controller(const struct json *config, int64_t index);

// In saved.c:

// Reads the file; *text is empty if it does not exist. Returns NULL, or why it cannot be read.
const char *saved_read(const struct session *session, struct text *text);
// Note what an earlier command should have added (`device` NULL: the controller; `what` names it in
// messages), or removed (`port` 0: the controller with that index). saved_write() drops it if the
// record has changed since session->record was read. False if it does not belong in the file, which
// is `config`.
bool saved_catch_up_missing(const struct session *session, const struct json *config,
                            const struct controller *controller, const struct device *device,
                            const char *what);
bool saved_catch_up_stale(const struct session *session, int64_t index, int64_t port);
// Drops what these two have noted.
void saved_catch_up_drop(const struct session *session);

// In merge.c:

// Whether the device is at a port that libxl knows, but libxl's record cannot express it. The node
// of such a port is removed, so that libxl does not use the port.
bool record_hides_port(const struct device *device);

#endif
