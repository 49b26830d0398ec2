// SPDX-License-Identifier: MIT
// Everything a verb works on: one domain (or a QEMU behind a socket), its locks, its backends, its
// controllers and devices, and the host's devices.
#ifndef XENUSB_WORLD_H
#define XENUSB_WORLD_H

#include "backends/backends.h"
#include "xen/lock.h"

// What the caller decides about a world.
struct world_options {
    struct arena *arena;
    struct diags *diags;
    const char *qmp_socket; // use the QEMU behind this socket, not a domain of Xen; or NULL
    double timeout_scale;   // factor for every time limit; 1.0 by default
    bool keep_saved;        // do not touch libxl's saved config
    bool require_guest;     // take a device back that the guest does not use
};

struct world {
    struct session session;
    struct host host;
    struct topology topology;
    struct lock domain_turn; // both held while something may change
    struct lock host_turn;
    struct lock libxl_turn; // libxl's for device changes, the outermost of its own
    struct backend backends[BACKEND_KINDS + 1]; // those that are open; ends with one without ops
    bool own_xen; // whether the connection to xenstore is closed with the world
};
#define WORLD_NONE                                                                                 \
    (struct world)                                                                                 \
    {                                                                                              \
        .domain_turn = LOCK_NONE, .host_turn = LOCK_NONE, .libxl_turn = LOCK_NONE                  \
    }

// Set by the signals that ask to stop, once they are caught.
extern volatile sig_atomic_t world_interrupted;

// From here on something may have to be undone first. Until then those signals end the process,
// wherever it waits; what the process was started to ignore (nohup) is ignored.
void world_catch_signals(void);

// Finds the domain (`name`, which is ignored if the options name a QMP socket); session.domain is
// then set, and nothing else was looked at. The arena, the diags and the socket's name must outlive
// the world. Returns STATUS_OK, or another status after a complaint. The caller closes the world in
// either case.
enum status world_find(struct world *world, const struct world_options *options, const char *name);

// After world_find(): takes the locks if `changes`, lists the host's devices, opens the backends
// and reads what the domain has. Returns STATUS_OK, or another status after a complaint.
enum status world_open(struct world *world, bool changes);

// Both steps for a domain that is known already, over the caller's connection to xenstore, which
// world_close() leaves open. Takes no locks.
enum status world_open_domain(struct world *world, const struct world_options *options,
                              struct xen *xen, const struct domain *domain);

// Closes the backends, then releases the locks. A world that was never opened is a no-op.
void world_close(struct world *world);
#define cleanup_world __attribute__((cleanup(world_close)))

#endif
