// SPDX-License-Identifier: MIT
// Everything that a verb works on: a domain (or the guest of a QEMU whose socket the user named),
// its lock, its backends, its controllers and devices, and the host's devices.
#ifndef XENUSB_WORLD_WORLD_H
#define XENUSB_WORLD_WORLD_H

#include "backends/backends.h"
#include "xen/lock.h"

// What a process that lives long has found out before, so that it need not be asked again.
struct world_known {
    struct xen *xen; // a connection on which xen_watch() was called for record_known_paths
    struct record_known *claims; // of other domains (record/known.h); as of then, or later
    const struct domain *named;  // domains whose ids, uuids and names are known, sorted by id
    size_t count;
};

// What the caller decides about a world. All pointers must outlive it.
struct world_options {
    struct arena *arena;
    struct diags *diags;
    const struct world_known *known; // NULL: nothing; for world_find() and what follows it
    const char *qmp_socket;     // use the QEMU with this socket instead of a Xen domain; or NULL
    const char *verb, *command; // what the user asked for, for the journal; or NULL
    double timeout_scale;       // factor for every time limit; 1.0 by default
    double undo_scale;          // the same while something is undone; 0: timeout_scale
    bool keep_saved;            // do not change libxl's saved configuration
    bool accept_ended;  // a domain whose QEMU has exited can be opened: nothing is added there
    bool require_guest; // detach a device again if the guest does not use it
    bool find_owners;   // find out who has the host's devices (world_find() and world_open())
    bool find_supply;   // find out which controllers can be added; find_owners includes it
    bool find_details;  // find out with what options QEMU has its devices
};

// Closed with world_close().
struct world {
    struct session session;
    struct host host;
    struct topology topology;
    struct lock domain_lock; // held while something may change
    struct backend
        backends[BACKEND_KINDS + 1]; // those that are open; the first without ops ends them
    bool find_owners;                // as in the options
    bool owns_xen;                   // world_close() closes the connection to xenstore
};
#define WORLD_NONE                                                                                 \
    (struct world)                                                                                 \
    {                                                                                              \
        .domain_lock = LOCK_NONE                                                                   \
    }

// xen_open() for a verb that takes --qmp, which a note mentions if there seems to be no Xen.
enum status world_open_xen(const struct world_options *options, struct xen **xen);

// Finds the domain by name or id, or takes the QMP socket in the options if there is one (`name` is
// then ignored). Sets session.domain and topology.domains, and leaves the host and the rest empty.
// Any status other than STATUS_OK means that an error was reported. The caller must close the world
// in either case.
enum status world_find(struct world *world, const struct world_options *options, const char *name);

// After world_find(): takes the domain's lock and catches signals, as world_open() does unless this
// was called before. A move takes those of two domains, in the order of their ids.
enum status world_lock(struct world *world);

// After world_find(): takes the domain's lock and catches signals if `changes`, lists the host's
// devices, opens the backends and fills the topology. Any status other than STATUS_OK means that an
// error was reported.
enum status world_open(struct world *world, bool changes);

// Reports that a signal ended the run before its first step. Returns STATUS_FAILED.
enum status world_interrupted(const struct world *world);

// Looks at the host for verbs that change nothing: returns `host`, or, if that fails, NULL after a
// warning with the reason. The states of host devices are then unknown.
const struct host *world_look_at_host(struct arena *arena, struct diags *diags, struct host *host);

// What the worlds of several domains have in common, so that it is read once for all of them. Both
// must outlive the worlds.
struct world_common {
    struct xen *xen;
    const struct host *host;           // NULL: could not be read
    const struct toolstack *toolstack; // for find_supply; NULL: each looks for itself
};

// Does both, read-only, for a domain that was found before. Uses the connection to xenstore in
// `common`, which world_close() leaves open. Takes no locks. Statuses as from world_open().
enum status world_open_domain(struct world *world, const struct world_options *options,
                              const struct world_common *common, const struct domain *domain);

// Closes the backends, then releases the lock and closes the connection to xenstore. WORLD_NONE is
// a no-op.
void world_close(struct world *world);
#define cleanup_world __attribute__((cleanup(world_close)))

#endif
