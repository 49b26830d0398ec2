// SPDX-License-Identifier: MIT
// Changes of xenstore, each in one transaction that is tried again while others get in the way. For
// the record itself, and for the backend whose controllers are nodes in xenstore.
#ifndef XENUSB_RECORD_CHANGE_H
#define XENUSB_RECORD_CHANGE_H

#include "record.h"
#include "xen/xen.h"

#include <sys/types.h>

// One change, made in one transaction.
struct change {
    const struct session *session;
    struct xen *xen;
    struct xen_transaction *in;
    const struct record *record;         // record_tidy
    const struct topology *topology;     // record_tidy
    const struct controller *controller; // the one that is added or removed, or that has `device`
    const struct device *device;
    const char *value;  // what to write, for a body that writes one value
    const char *why;    // why a body refused; NULL: xen_why() says what failed
    enum status status; // the status of that refusal
};
typedef enum xen_result change_body(struct change *change);

// Runs `body` in a transaction, again while others change the same nodes, up to a limit. After a
// failure nothing was changed, and *why says what was wrong.
enum status change_attempt(struct change *change, change_body *body, const char **why);
// For a body that gives up for a reason of its own; returns what the body has to return.
enum xen_result change_refuse(struct change *change, enum status status, const char *why);
// Refuses if the domain is gone: the toolstack has cleared its records, and new ones would stay.
enum xen_result change_check_domain(struct change *change);
enum xen_result change_write(struct change *change, const char *directory, const char *name,
                             const char *value);
// Removes a node, and then those above it that hold nothing else, as libxl__xs_path_cleanup
// (libxl_xshelp.c) does.
enum xen_result change_remove_up(struct change *change, const char *path);
// XEN_OK for XEN_ABSENT, and any other result as it is.
enum xen_result change_absent_is_fine(enum xen_result result);

// Notes in the transaction that xenusb started the domain's QEMU, whose process is change->value;
// and that it has ended.
enum xen_result note_server(struct change *change);
enum xen_result note_drop_server(struct change *change);
// Whether xenusb started that process for the domain.
bool note_has_server(const struct session *session, pid_t process);

#endif
