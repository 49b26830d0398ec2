// SPDX-License-Identifier: MIT
// What was parked: taken from a domain so that it can be saved and restored, to be attached again
// later. A config file for each domain, named after its UUID: xenstore is empty after a reboot of
// the host, and a restored domain has another id. All writing is done under the lock of the domain.
#ifndef XENUSB_WATCH_PARKED_H
#define XENUSB_WATCH_PARKED_H

#include "base/session.h"
#include "config/config.h"

struct plan;

// The directory of these files.
extern const char parked_directory[];

// A change of what is parked of the session's domain. Lives in the session's arena.
struct parked_change {
    const char *path;
    struct text before; // what the file has had; empty: there was none
    bool done;
};

// What is parked of that domain; *config is NULL if nothing is. STATUS_FAILED after reporting that
// its file cannot be read.
enum status parked_read(struct arena *arena, struct diags *diags, const struct domain *domain,
                        const struct config **config);

// Remembers what the plan removes from the session's domain, besides what is parked already, so
// that it survives a crash of the host: before any of it is removed. What is unplugged is not
// remembered, which is said. STATUS_REFUSED after reporting what could not be attached again, or
// that there is no place to remember it; STATUS_FAILED.
enum status parked_write(const struct session *session, const struct plan *plan,
                         struct parked_change *change);
// Undoes that.
enum status parked_cancel(const struct session *session, const struct parked_change *change);

// Whether something was parked in this instance of the session's domain, which was not restored
// since: a watcher must not bring it back before the domain is saved.
bool parked_holds(const struct session *session);
// From now on it is not, although some of it stays parked. Statuses as above.
enum status parked_release(const struct session *session);

// Removes the file. Statuses as above.
enum status parked_forget(const struct session *session);

#endif
