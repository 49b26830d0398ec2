// SPDX-License-Identifier: MIT
// Looks for problems in the domains, in xenstore and on this host; changes nothing. Private to
// doctor/.
#ifndef XENUSB_DOCTOR_EXAMINE_H
#define XENUSB_DOCTOR_EXAMINE_H

#include "doctor.h"
#include "world/survey.h"

// What is examined.
struct examination {
    const struct doctor_options *options;
    struct xen *xen;              // NULL: no Xen on this host, or xenstore cannot be read
    struct part store;            // xenstore and the list of domains; not needed without Xen
    const struct domain *domains; // the one asked for, or all but domain 0 and those that are dying
    size_t count;
    const struct toolstack *toolstack; // what is installed; NULL: which controllers can be added
                                       // does not matter
    const struct domain *all; // every domain, if they were listed to find these: for one look
    size_t all_count;
    struct part asked; // unreadable after examination_not_asked()
};

// Connects to xenstore and finds the domains. To be closed in any case. On failure, after an error
// in options->diags, returns what xen_open() or xen_find_domain() returns, and there are no domains
// but still this host. STATUS_OK without Xen unless a domain was asked for.
enum status examination_open(struct examination *examination, const struct doctor_options *options);

// Disconnects; a no-op if it was never opened.
void examination_close(struct examination *examination);
#define cleanup_examination __attribute__((cleanup(examination_close)))

// A session for that domain, which must outlive it; NULL: for none.
struct session examination_session(const struct examination *examination, struct domain *domain);

// Notes that the domain could not be asked. A QEMU that has exited has no device, and does not
// matter.
void examination_not_asked(struct examination *examination, const struct domain *domain);

// One look: what all that is examined in it has in common, read once and only if it is needed.
struct look {
    struct examination *examination;
    struct host host;
    struct part devices;      // whether `host` was read
    const struct domain *all; // every domain of this host
    size_t count;
    struct part listed;            // whether they were
    const struct record **records; // of each of examination->domains; NULL: not read
    struct survey survey;          // of the same
};

// Begins a look, without reading anything. *look must stay where it is.
void look_begin(struct look *look, struct examination *examination);

// One domain as it is now.
struct examined {
    struct world world;
    struct record record;
    bool forget;   // as in the options
    bool complete; // the look succeeded; otherwise `record` and the topology say nothing
};
#define EXAMINED_NONE                                                                              \
    (struct examined)                                                                              \
    {                                                                                              \
        .world = WORLD_NONE                                                                        \
    }

// Looks at one of examination->domains and appends its problems. `examined` is to be closed in any
// case. Errors go to `diags`. Returns what world_open_domain() returns, or STATUS_FAILED if this
// host's devices could not be read.
enum status examine_domain(struct look *look, size_t number, struct diags *diags,
                           struct examined *examined, struct problems *problems);

void examined_close(struct examined *examined);
#define cleanup_examined __attribute__((cleanup(examined_close)))

// Appends the problems in xenstore; none without Xen. Returns what xen_domains() or record_read()
// returns, after an error in options->diags.
enum status examine_xenstore(struct look *look, struct problems *problems);

// Finds the owners of this host's devices and appends the problems. The domains come first, because
// their problems tell which owners will give a device up. Returns the worst status of what could
// not be read and matters here, with STATUS_REFUSED for processes; errors are in options->diags.
enum status examine_host(struct look *look, struct problems *problems);

#endif
