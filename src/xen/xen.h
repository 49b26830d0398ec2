// SPDX-License-Identifier: MIT
// Access to xenstore and to the hypervisor's list of domains.
#ifndef XENUSB_XEN_XEN_H
#define XENUSB_XEN_XEN_H

#include "base/diag.h"
#include "probe.h"

// A connection to xenstore and, if possible, to the hypervisor. The struct is owned by the arena;
// the connections last until xen_close().
struct xen;

// The usual time limit, before session's timeout_scale is applied.
enum { XENSTORE_SECONDS = 5 };

// Whether this program was built with Xen's libraries (WITH_XEN in the Makefile). If not, no
// connection can be opened, and only a QEMU that is named by its socket can be used.
extern const bool xen_supported;

// Connects to xenstore and, if possible, to the hypervisor. `seconds` is the time limit for the
// connection and for each reply. On failure, after reporting it: STATUS_FAILED without Xen or
// xenstored, STATUS_TIMEOUT if xenstored does not answer, STATUS_REFUSED without permission.
enum status xen_open(struct arena *arena, struct diags *diags, double seconds, struct xen **xen);
// Reports why xen_open() fails after that probe of xenstored (for PROBE_FAILED, with the reason in
// errno), and returns the status.
enum status xen_complain_probe(struct diags *diags, const char *path, enum xen_probe probe,
                               double seconds);
// Closes the connections. NULL is a no-op.
void xen_close(struct xen *xen);
static inline void xen_scope(struct xen **xen)
{
    xen_close(*xen);
}
#define cleanup_xen __attribute__((cleanup(xen_scope)))
// The only descriptor that is open, with which the connections can be used in a child as well; -1
// if it is lost, or there are others by now: nothing may have been written, and the hypervisor not
// been asked.
int xen_fd(const struct xen *xen);
// The arena that owns everything read through this connection.
struct arena *xen_arena(const struct xen *xen);
// The time limit for each reply.
double xen_seconds(const struct xen *xen);
// A logger that discards everything, for Xen's libraries: xenusb reports their failures itself.
struct xentoollog_logger *xen_silent_logger(void);

// From now on, for a run that changes something and must be able to undo it: a connection that is
// lost is replaced by a new one, up to 8 times, and waiting for xenstored takes up to `seconds` in
// total. An operation outside transactions is then repeated; whatever failed inside one still
// fails, and the transaction is void. A watch ends, as if everything had changed.
void xen_persist(struct xen *xen, double seconds);
// Whether the connection is lost and the next operation will try to replace it.
bool xen_will_reconnect(const struct xen *xen);

// A transaction, open until it is committed or aborted. NULL where one is expected means none.
struct xen_transaction;

// The result of an operation on xenstore.
enum xen_result {
    XEN_OK,
    XEN_ABSENT, // ENOENT
    XEN_AGAIN,  // what the transaction has read has changed, or the connection was replaced
                // meanwhile: retry the whole transaction
    XEN_DENIED, // EACCES, EPERM
    XEN_FAILED, // anything else; see xen_why()
};
// Why a reply was lost (out of memory, connection lost); NULL if none was, or the connection was
// replaced. After a lost reply, something that seems to be absent may exist.
const char *xen_broken(const struct xen *xen);

// The reason for the last failure, for messages. Owned by the arena or constant; never NULL.
const char *xen_why(const struct xen *xen);
// The status for a result: XEN_OK is STATUS_OK; STATUS_TIMEOUT if xenstored did not reply in time,
// after which the connection is lost; XEN_DENIED is STATUS_REFUSED; else STATUS_FAILED.
enum status xen_status(const struct xen *xen, enum xen_result result);

enum {
    XEN_VALUE_MAX = 4096,     // bytes of a value; XENSTORE_PAYLOAD_MAX in xen/io/xs_wire.h
    XEN_CHILDREN_MAX = 10000, // of a node; more than a toolstack creates or a guest is allowed to
};

// Reads a node. *value is owned by the arena, may contain any byte, and has a NUL after its last
// one; TEXT_EMPTY on failure.
enum xen_result xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                         struct text *value);
// Reads a node that contains a decimal number, at most `max`; XEN_FAILED if it contains anything
// else.
enum xen_result xen_read_number(struct xen *xen, struct xen_transaction *in, const char *path,
                                uint64_t max, uint64_t *value);
// Lists the children of a node, sorted: numbers first, by value, then names. *names is an array of
// *count in the arena; NULL and 0 on failure.
enum xen_result xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                         const char *const **names, size_t *count);
// One of many nodes to read: its value, or the list of its children.
struct xen_query {
    const char *path;
    bool list;
    enum xen_result result;   // out, as from xen_read() or xen_list()
    const char *why;          // out, unless result is XEN_OK or XEN_ABSENT
    struct text value;        // out, unless `list`
    const char *const *names; // out, if `list`
    size_t count;
};
// Reads all of them, without waiting for each answer. Outside transactions only.
// Returns XEN_OK if none of the results is worse than XEN_ABSENT; else one that is.
enum xen_result xen_ask(struct xen *xen, struct xen_query *queries, size_t count);
// Writes a node, of at most XEN_VALUE_MAX bytes.
enum xen_result xen_write(struct xen *xen, struct xen_transaction *in, const char *path,
                          struct text value);
// Creates an empty node unless it exists.
enum xen_result xen_make_directory(struct xen *xen, struct xen_transaction *in, const char *path);
// Removes a node and its children; XEN_OK if it does not exist.
enum xen_result xen_remove(struct xen *xen, struct xen_transaction *in, const char *path);

// A permission of a node, as in xenstore-chmod.
struct xen_permission {
    unsigned domain;
    char letter; // n (none), r (read), w (write), b (both)
};
enum { XEN_PERMISSIONS_MAX = 8 };
// Sets 1 to 8 permissions: the first domain is the owner, and its letter applies to all domains not
// listed.
enum xen_result xen_set_permissions(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const struct xen_permission *permissions, size_t count);

// Begins a transaction; *transaction is NULL on failure.
enum xen_result xen_begin(struct xen *xen, struct xen_transaction **transaction);
// Commits or aborts a transaction; it is over in either case, even if the commit fails. Aborting
// NULL is a no-op.
enum xen_result xen_commit(struct xen *xen, struct xen_transaction *transaction);
void xen_abort(struct xen *xen, struct xen_transaction *transaction);

// Watches for changes to any node below the paths, which need not exist, and those of earlier
// calls.
enum xen_result xen_watch(struct xen *xen, const char *const *paths, size_t count);
// The nodes that were written, created or removed since xen_watch(), also by this process, in that
// order; a node may be listed several times, and removing a node lists only the node itself. Each
// call lists those of earlier calls again. The paths that are watched are listed once. *paths is an
// array of *count in the arena. XEN_FAILED if nothing is watched or the connection was lost:
// anything may have changed.
enum xen_result xen_changes(struct xen *xen, const char *const **paths, size_t *count);

enum { UUID_SIZE = 37 }; // 36 characters and a NUL

// A domain as the hypervisor reports it.
struct xen_running {
    unsigned id;
    bool hvm; // HVM or PVH
    bool paused;
    bool dying;
    char uuid[UUID_SIZE];
};
// Whether there is a connection to the hypervisor; only root in a privileged domain gets one.
bool xen_has_hypervisor(struct xen *xen);
// Writes the domains with an id of at least `first` to `domains`, sorted by id, at most `max` and
// at most 64. Returns how many were written, or -1 if the hypervisor cannot be asked.
int xen_list_running(struct xen *xen, unsigned first, struct xen_running *domains, unsigned max);

#endif
