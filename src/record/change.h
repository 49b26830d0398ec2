// SPDX-License-Identifier: MIT
// Changes to xenstore, each in one transaction that is retried after a conflict. Used by the record
// and by the PVUSB backend, whose controllers are nodes in xenstore.
#ifndef XENUSB_RECORD_CHANGE_H
#define XENUSB_RECORD_CHANGE_H

#include "record.h"
#include "xen/xen.h"

#include <sys/types.h>

// A change, and what its body works on.
struct change {
    const struct session *session;
    struct xen *xen;
    struct xen_transaction *in;
    const struct record *record;         // for record_tidy()
    const struct topology *topology;     // for record_tidy()
    const struct controller *controller; // which is added or removed, or which has `device`
    const struct device *device;
    const char *value;  // for a body that writes a single value
    const char *why;    // why the body refused the change; NULL if an operation on xenstore failed
    enum status status; // of that refusal
};
// The body of a transaction. It may run several times, and so must only change xenstore.
typedef enum xen_result change_body(struct change *change);

// Runs `body` in a transaction, and again after each conflict, up to 50 times. On failure nothing
// is changed, and *why is the reason, owned by the arena or constant.
enum status change_attempt(struct change *change, change_body *body, const char **why);

// The functions below are for bodies, and work in the change's transaction.

// Refuses the change. Returns the result that the body must return.
enum xen_result change_refuse(struct change *change, enum status status, const char *why);
// Refuses it because xl has given the port of change->device to another host device meanwhile.
enum xen_result change_refuse_taken(struct change *change, struct text busid);
// Refuses the change if the domain is gone: the toolstack has already removed its records, so a new
// one would be left behind.
enum xen_result change_check_domain(struct change *change);
// Writes the node directory/name.
enum xen_result change_write(struct change *change, const char *directory, const char *name,
                             const char *value);
// Removes a node, and then each parent that is empty, as libxl__xs_path_cleanup (libxl_xshelp.c)
// does.
enum xen_result change_remove_up(struct change *change, const char *path);
// XEN_OK for XEN_ABSENT, any other result unchanged.
enum xen_result change_ignore_absent(enum xen_result result);

// Notes that xenusb started the domain's QEMU, whose process id is change->value; and removes that
// note.
enum xen_result note_qemu(struct change *change);
enum xen_result note_drop_qemu(struct change *change);
// Whether there is a note that xenusb started that process for the domain. Needs no transaction.
bool note_has_qemu(const struct session *session, pid_t process);

#endif
