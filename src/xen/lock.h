// SPDX-License-Identifier: MIT
// Whose turn it is: locks between xenusb processes, and those that libxl takes.
#ifndef XENUSB_LOCK_H
#define XENUSB_LOCK_H

#include "base/diag.h"

struct session;

// A lock that is held: a file that was opened and flocked. Let go of when the scope ends, or with
// the process.
struct lock {
    int fd; // -1: not held
    const char *path;
};
#define LOCK_NONE ((struct lock){ -1, NULL })

// Unlinks the file first and closes it then: whoever waits for it finds that the name is another
// file by now, and starts again. Letting go of one that is not held is let pass.
void lock_release(struct lock *lock);
#define cleanup_lock __attribute__((cleanup(lock_release)))

enum { LOCK_SECONDS = 30 }; // how long a lock is waited for, times the session's patience

// Each takes one lock for the session. STATUS_TIMEOUT after a complaint that names the holder where
// /proc/locks tells it; STATUS_REFUSED without permission; STATUS_FAILED if the user interrupts the
// waiting, or for anything else.

// The lock of a file, which is made if need be; `what` is what a complaint calls it. `path` must
// live as long as the lock.
enum status lock_file(const struct session *session, const char *path, const char *what,
                      struct lock *lock);

// xenusb's own turn on this host: from looking who has a device until it is given away.
enum status lock_host(const struct session *session, struct lock *lock);
// xenusb's own turn on the session's domain: around everything that changes it. Taken before the
// host's.
enum status lock_domain(const struct session *session, struct lock *lock);

// libxl's locks for the session's domain, in the order in which libxl takes them
// (libxl_internal.h); with several, take them in this order too, and after xenusb's own.
enum libxl_lock {
    LOCK_LIBXL_DEVICES,  // adding and removing devices of a domain
    LOCK_LIBXL_QMP,      // talking to its QEMU: the socket serves one client at a time
    LOCK_LIBXL_USERDATA, // its saved configuration
};
// Also STATUS_REQUEST if the domain is gone by the time that the lock is held.
enum status lock_libxl(const struct session *session, enum libxl_lock which, struct lock *lock);

// The file of a libxl lock, as libxl__userdata_path (libxl_dom.c) makes it.
const char *lock_libxl_path(const struct session *session, enum libxl_lock which);

#endif
