// SPDX-License-Identifier: MIT
// Looks for problems in the domains, in xenstore and on this host; changes nothing. Private to
// doctor/.
#ifndef XENUSB_DOCTOR_EXAMINE_H
#define XENUSB_DOCTOR_EXAMINE_H

#include "doctor.h"
#include "world/world.h"

// What is examined.
struct examination {
    const struct doctor_options *options;
    struct xen *xen;              // NULL: no Xen on this host
    const struct domain *domains; // the one asked for, or all but domain 0 and those that are dying
    size_t count;
    const struct toolstack *toolstack; // what is installed; NULL: which controllers can be added
                                       // does not matter
};

// Connects to xenstore and finds the domains. To be closed in any case. Without Xen, STATUS_OK and
// no domains unless `need_xen`. Otherwise returns what xen_open() or xen_find_domain() returns,
// after an error in options->diags.
enum status examination_open(struct examination *examination, const struct doctor_options *options,
                             bool need_xen);

// Disconnects; a no-op if it was never opened.
void examination_close(struct examination *examination);
#define cleanup_examination __attribute__((cleanup(examination_close)))

// A session for that domain, which must outlive it; NULL: for none.
struct session examination_session(const struct examination *examination, struct domain *domain);

// One domain as it is now.
struct examined {
    struct world world;
    struct record record;
    bool complete; // the look succeeded; otherwise `record` and the topology say nothing
};
#define EXAMINED_NONE                                                                              \
    (struct examined)                                                                              \
    {                                                                                              \
        .world = WORLD_NONE                                                                        \
    }

// Looks at one domain and appends its problems. `host` is what host_look() found, and must outlive
// `examined`, which is to be closed in any case. Errors go to `diags`. Returns what
// world_open_domain() returns.
enum status examine_domain(const struct examination *examination, const struct host *host,
                           const struct domain *domain, struct diags *diags,
                           struct examined *examined, struct problems *problems);

void examined_close(struct examined *examined);
#define cleanup_examined __attribute__((cleanup(examined_close)))

// Appends the problems in xenstore. Requires Xen. Returns what record_read() returns.
enum status examine_xenstore(const struct examination *examination, struct problems *problems);

// Looks at this host's devices, finds their owners and appends the problems. The domains come
// first, because their problems tell which owners will give a device up. Returns what host_look()
// or record_claims() returns.
enum status examine_host(const struct examination *examination, struct problems *problems);

#endif
