// SPDX-License-Identifier: MIT
// What the rooms of the record, and the backend that works in xenstore, share while they change it.
// Private to them.
#ifndef XENUSB_RECORDING_H
#define XENUSB_RECORDING_H

#include "record.h"
#include "xen/xen.h"

#include <sys/types.h>

// One change of the record, made in one transaction.
struct change {
    const struct session *session;
    struct xen *xen;
    struct xen_transaction *in;
    const struct record *record;         // record_tidy
    const struct topology *topology;     // record_tidy
    const struct controller *controller; // the one that came or went, or that has `device`
    const struct device *device;
    const char *value;  // what is to be written, for a body of one value
    const char *why;    // a failure that xen_why() does not tell
    enum status status; // what that one means
};
typedef enum xen_result change_body(struct change *change);

// record_change.c: transactions.
// Runs `body` in a transaction, again and again while others change the same nodes, up to a limit.
// After a failure *why tells what was wrong.
enum status change_attempt(struct change *change, change_body *body, const char **why);
// The same, with a complaint; `what` is what it says could not be recorded.
enum status change_make(struct change *change, const char *what, change_body *body);
// For a body that gives up for a reason of its own.
enum xen_result change_refuse(struct change *change, enum status status, const char *why);
// Refuses if the domain is gone: the toolstack has cleared its records, and new ones would stay.
enum xen_result change_check_domain(struct change *change);
enum xen_result change_write(struct change *change, const char *directory, const char *name,
                             const char *value);
// Removes a node, and then those above it that hold nothing else, as libxl__xs_path_cleanup
// (libxl_xshelp.c) does.
enum xen_result change_remove_up(struct change *change, const char *path);
// The libxl record of change->controller, and what is in it.
const char *change_libxl_path(const struct change *change, const char *rest);
// The path of the node of one of its ports, and its value; at is NULL where libxl has no such port.
const char *change_port_path(const struct change *change, unsigned port);
enum xen_result change_read_port(struct change *change, unsigned port, struct text *value);
// XEN_OK for a node that is absent, which is what many a change wants.
enum xen_result change_absent_is_fine(enum xen_result result);
// Whether there is a record to be kept at all.
bool change_has_xen(const struct session *session);

// record_note.c: our own notes.
enum xen_result note_controller(struct change *change);
enum xen_result note_device(struct change *change);
// Removes a note of kind "controller" or "device", and with the last one all that is kept of the
// domain.
enum xen_result note_drop(struct change *change, const char *kind, const char *key);
// That xenusb started the domain's QEMU: the process in change->value; and that it is no more.
enum xen_result note_server(struct change *change);
enum xen_result note_drop_server(struct change *change);
// Whether that process is the one.
bool note_has_server(const struct session *session, pid_t process);
// Removes them all if they are of another domain that had this id.
enum xen_result note_drop_foreign(struct change *change);

// record_merge.c
// Whether a device that libxl's record cannot tell of sits at a port that libxl knows.
bool record_hides_port(const struct device *device);

#endif
