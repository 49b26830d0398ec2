// SPDX-License-Identifier: MIT
// Locks between xenusb processes, and libxl's locks.
#ifndef XENUSB_XEN_LOCK_H
#define XENUSB_XEN_LOCK_H

#include "base/diag.h"
#include "base/verdict.h"

struct session;

// A lock: a file that is open and flocked. Released at the end of the scope, or when the process
// exits.
struct lock {
    int fd;           // -1: not held
    const char *path; // not owned
};
#define LOCK_NONE ((struct lock){ -1, NULL })

// Unlinks the file, then closes it: a process that waits for the lock sees that the path no longer
// refers to its file, and tries again. A lock that is not held is a no-op.
void lock_release(struct lock *lock);
#define cleanup_lock __attribute__((cleanup(lock_release)))

enum { LOCK_SECONDS = 30 }; // how long to wait for a lock, before session->timeout_scale

// All lock_*() functions below wait for the lock and fill *lock. On failure, after reporting it:
// STATUS_TIMEOUT (with the holder, if /proc/locks lists it), STATUS_REFUSED without permission, or
// STATUS_FAILED if interrupted or for any other reason.

// Locks a file, creating it if it does not exist. `what` names the lock in messages; `path` must
// outlive the lock.
enum status lock_file(const struct session *session, const char *path, const char *what,
                      struct lock *lock);

// xenusb's own lock for host devices: held from the last check that a device is free until a record
// claims it, and while a device is given back to its drivers; never while a guest is waited for.
enum status lock_host(const struct session *session, struct lock *lock);
// xenusb's own lock for the session's domain: held while the domain is changed.
enum status lock_domain(const struct session *session, struct lock *lock);
// The same without waiting: STATUS_TIMEOUT, without reporting it, if another process holds it.
enum status lock_try_domain(const struct session *session, struct lock *lock);
// The lock of the watcher, without waiting: STATUS_REFUSED, after reporting which process it is, if
// one runs.
enum status lock_watcher(const struct session *session, struct lock *lock);
// Whether a watcher runs on this host, without disturbing it: *process is its id, 0 if that is not
// known. If it cannot be determined, *why is the reason.
enum verdict lock_watcher_runs(struct arena *arena, unsigned *process, const char **why);
// The path of the domain's lock. Owned by the arena.
const char *lock_domain_path(const struct session *session);

// libxl's locks for the session's domain, in the order in which libxl takes them
// (libxl_internal.h). All processes take the locks in the same order, so that they cannot deadlock:
// the domain's, that for the socket, the host's, that for the configuration. libxl has another one,
// for device changes; none of its USB commands takes it, and it comes before the one for the
// socket, so waiting for it while using the socket could block xl.
enum libxl_lock {
    LOCK_LIBXL_QMP,      // to use the QMP socket, which serves one client at a time
    LOCK_LIBXL_USERDATA, // to change the saved configuration
};
// Also STATUS_REQUEST, after reporting it, if the domain is gone once the lock is held.
enum status lock_libxl(const struct session *session, enum libxl_lock which, struct lock *lock);

// The path of a libxl lock, as from libxl__userdata_path (libxl_dom.c). Owned by the arena.
const char *lock_libxl_path(const struct session *session, enum libxl_lock which);

#endif
