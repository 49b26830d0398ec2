// SPDX-License-Identifier: MIT
// Changes to xenstore, each in one transaction that is retried after a conflict. Used by the record
// and by the PVUSB backend, whose controllers are nodes in xenstore.
#ifndef XENUSB_RECORD_CHANGE_H
#define XENUSB_RECORD_CHANGE_H

#include "record.h"
#include "xen/xen.h"

#include <sys/types.h>

struct change;

// The labels of a controller (label.h), as they will be written before the commit.
struct change_labels {
    const struct controller *controller; // NULL: none were read
    struct text text;
    bool changed;
};

// What was read in the present attempt, so that it is not read again, and what is left to do before
// the commit.
struct change_known {
    bool alive;                          // the domain is still there
    const struct controller *controller; // whose type in libxl's record is known
    enum xen_result type_result;
    struct text type;
    bool uuid;                  // the domain's UUID is in its notes
    const char *const *keys[2]; // of its notes: controllers, devices
    size_t key_count[2];
    bool keys_listed[2];
    struct change_labels labels;
    enum xen_result (*flush)(struct change *change); // before `finish`
    enum xen_result (*finish)(struct change *change);
};

// A change, and what its body works on.
struct change {
    const struct session *session;
    struct xen *xen;
    struct xen_transaction *in;
    const struct record *record;         // for record_tidy()
    const struct topology *topology;     // for record_tidy()
    const struct controller *controller; // which is added or removed, or which has `device`
    const struct device *device;
    enum step_op op;   // of the step that change_attempt_all() runs the body for
    const char *value; // for a body that writes a single value
    bool again;      // after a lost connection, run the body again on a new one; always done while
                     // session->finishing, and for steps that remove something
    bool unsure;     // out: the connection was lost at the commit, so the change may have been
                     // made; while a body runs: by an earlier attempt
    const char *why; // why the body refused the change; NULL if an operation on xenstore failed
    enum status status;        // of that refusal
    struct change_known known; // private to record/
};
// The body of a transaction. It may run several times, and so must only change xenstore.
typedef enum xen_result change_body(struct change *change);

// Runs `body` in a transaction, and again after each conflict, up to 50 times. On failure nothing
// is changed, unless change->unsure, and *why is the reason, owned by the arena or constant.
enum status change_attempt(struct change *change, change_body *body, const char **why);

// One of the steps that are recorded together, and what became of it.
struct change_item {
    const struct step *step;
    enum status status; // STATUS_OK, or that of a refusal; an item that has one is skipped
    const char *why;    // why it was refused; owned by the arena or constant
};
// Runs `body` for each of the items, all in one transaction, as change_attempt() does; `change` has
// the controller, device and op of that item's step. An item whose body refuses is left out: its
// status and why are set, and the others are changed. So a body must not write anything before it
// refuses. If the transaction fails, all items that were not refused get its status and reason.
// Returns STATUS_OK if the transaction succeeded, whichever items were refused.
enum status change_attempt_all(struct change *change, struct change_item *items, size_t count,
                               change_body *body, const char **why);

// The functions below are for bodies, and work in the change's transaction.

// Refuses the change. Returns the result that the body must return.
enum xen_result change_refuse(struct change *change, enum status status, const char *why);
// Refuses it because xl has given the port of change->device to another host device meanwhile.
enum xen_result change_refuse_taken(struct change *change, struct text busid);
// Refuses the change if the domain is gone: the toolstack has already removed its records, so a new
// one would be left behind.
enum xen_result change_check_domain(struct change *change);
// Reads the type of change->controller in libxl's record; reads it once for several items.
enum xen_result change_read_type(struct change *change, struct text *type);
// Writes the node directory/name.
enum xen_result change_write(struct change *change, const char *directory, const char *name,
                             const char *value);
// Removes a node, and then each parent that is empty, as libxl__xs_path_cleanup (libxl_xshelp.c)
// does.
enum xen_result change_remove_up(struct change *change, const char *path);
// XEN_OK for XEN_ABSENT, any other result unchanged.
enum xen_result change_ignore_absent(enum xen_result result);

// Writes xenusb's note of change->controller, and removes it if there is one.
enum xen_result note_controller(struct change *change);
enum xen_result note_drop_controller(struct change *change);
// Writes what change->device is, for a port that is written in the same transaction; and removes it
// again. Nothing is written of a device of another host.
enum xen_result label_put(struct change *change);
enum xen_result label_drop(struct change *change);
// Notes that xenusb started the domain's QEMU, whose process id is change->value; and removes that
// note.
enum xen_result note_qemu(struct change *change);
enum xen_result note_drop_qemu(struct change *change);
// Whether there is a note that xenusb started that process for the domain. Needs no transaction.
bool note_has_qemu(const struct session *session, pid_t process);

#endif
