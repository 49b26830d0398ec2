// SPDX-License-Identifier: MIT
// The claims of all domains, for a process that lives long: each is read once, and again when a
// watch has reported a change. What is known is handed to a run with a connection whose own watches
// were set before that, so that at any time it is either known how things are, or known that they
// have changed and must be read.
#ifndef XENUSB_RECORD_KNOWN_H
#define XENUSB_RECORD_KNOWN_H

#include "base/session.h"
#include "base/status.h"

#include <stddef.h>

struct domain;
struct record_claim;

// malloc'd. A domain is known if its claims are, and if it has no journal.
struct record_known;

// The nodes of claims and journals, to be watched. At most 8.
extern const char *const record_known_paths[];
extern const size_t record_known_path_count;

struct record_known *record_known_new(void);
// NULL is a no-op.
void record_known_free(struct record_known *known);

// A node has changed: forgets what is known of its domain.
void record_known_changed(struct record_known *known, const char *path);
// Forgets all.
void record_known_forget(struct record_known *known);
// Reads the claims of those of the domains that are not known, and forgets all others; only ids and
// uuids are used, which are sorted by id. `except` is not read: a run reads the record of its own
// domain anyway, and changes it, so that its claims would have to be read for each run. The changes
// that were reported before the call must have been noted; those that are reported later forget
// what was read too early. Those that could not be read stay unknown. Needs session->xen.
void record_known_update(struct record_known *known, const struct session *session,
                         const struct domain *domains, size_t count, int except);

// Forgets what has changed, by the watches of session->xen, since they were set: from now on, what
// session->known has is how things are. To be called with the locks that must be held to rely on
// it. False if nothing is known.
bool record_known_refresh(const struct session *session);
// After that: whether that domain is known, and its claims, which are in an array of *count.
bool record_known_claims(const struct record_known *known, const struct domain *domain,
                         const struct record_claim **claims, size_t *count);

#endif
