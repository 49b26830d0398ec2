// SPDX-License-Identifier: MIT
// Xen as the rest of the house sees it: xenstore and the list of domains. xen.c is the only file
// that knows libxenstore and libxenctrl; domains are found in xen_domain.c.
#ifndef XENUSB_XEN_H
#define XENUSB_XEN_H

#include "base/diag.h"
struct xen;

// Connects to xenstore (first without waiting for a daemon that does not answer: `seconds`) and, if
// it can, to the hypervisor. STATUS_FAILED after a complaint when there is no Xen here or no
// xenstored, STATUS_TIMEOUT when it does not answer, STATUS_REFUSED without permission.
enum status xen_open(struct arena *arena, struct diags *diags, double seconds, struct xen **xen);
void xen_close(struct xen *xen);
static inline void xen_scope(struct xen **xen)
{
    xen_close(*xen);
}
#define cleanup_xen __attribute__((cleanup(xen_scope)))
// The arena that everything read is in.
struct arena *xen_arena(const struct xen *xen);
// For a library of Xen that would say on standard error what our own complaints say.
struct xentoollog_logger *xen_silent_logger(void);

// A transaction is a thing held: open until committed or aborted. NULL means outside of one.
struct xen_transaction;

// What became of an operation on xenstore.
enum xen_result {
    XEN_OK,
    XEN_ABSENT, // ENOENT
    XEN_AGAIN,  // EAGAIN at commit: somebody else changed what was read; do it all again
    XEN_DENIED, // EACCES, EPERM
    XEN_FAILED, // anything else; xen_why() tells
};
// Why an answer was lost (no memory for it, a torn connection), or NULL if none was: what seems to
// be absent may then be there.
const char *xen_broken(const struct xen *xen);

// The last failure, in words, for a complaint.
const char *xen_why(const struct xen *xen);
// What a failed result means for the whole: XEN_DENIED is STATUS_REFUSED; STATUS_TIMEOUT if
// xenstored did not answer in time, after which nothing more can be asked; else STATUS_FAILED.
enum status xen_status(const struct xen *xen, enum xen_result result);

enum {
    XEN_VALUE_MAX = 4096,     // bytes; XENSTORE_PAYLOAD_MAX in xen/io/xs_wire.h
    XEN_CHILDREN_MAX = 10000, // of one node; more than any toolstack makes, and than a guest may
};

// Reads a node. *value is owned by the arena of `xen`; may hold any byte, NUL-terminated behind its
// size.
enum xen_result xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                         struct text *value);
// A number in a node: digits only, at most `max`; XEN_FAILED if it is something else.
enum xen_result xen_read_number(struct xen *xen, struct xen_transaction *in, const char *path,
                                uint64_t max, uint64_t *value);
// Names of the children, sorted (numbers by value, before names); *names is an array of *count in
// the arena.
enum xen_result xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                         const char *const **names, size_t *count);
enum xen_result xen_write(struct xen *xen, struct xen_transaction *in, const char *path,
                          struct text value);
enum xen_result xen_make_directory(struct xen *xen, struct xen_transaction *in, const char *path);
// Removes a node and all below it; an absent one is XEN_OK.
enum xen_result xen_remove(struct xen *xen, struct xen_transaction *in, const char *path);

// Permissions: the owner first (its letter is what everybody else may), then single domains.
struct xen_permission {
    unsigned domain;
    char letter; // n, r, w, b as xenstore-chmod has them
};
enum xen_result xen_set_permissions(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const struct xen_permission *permissions, size_t count);

enum xen_result xen_begin(struct xen *xen, struct xen_transaction **transaction);
// Both end it; aborting NULL is let pass.
enum xen_result xen_commit(struct xen *xen, struct xen_transaction *transaction);
void xen_abort(struct xen *xen, struct xen_transaction *transaction);

// What the hypervisor itself says of a domain.
enum { UUID_SIZE = 37 }; // 36 characters and a NUL
struct xen_running {
    unsigned id;
    bool hvm; // HVM or PVH
    bool paused;
    bool dying;
    char uuid[UUID_SIZE];
};
// Whether it can be asked: only by root in a privileged domain.
bool xen_has_hypervisor(const struct xen *xen);
// The domains with an id of at least `first`, by rising id, at most `room` of them. Returns how
// many were written, or -1 if the hypervisor refuses.
int xen_list_running(struct xen *xen, unsigned first, struct xen_running *domains, unsigned max);

#endif
