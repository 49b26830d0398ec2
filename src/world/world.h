// SPDX-License-Identifier: MIT
// The world that a verb acts on: one domain (or a QEMU behind a socket), its turn, its backends,
// what it has, and the host's devices.
#ifndef XENUSB_CLI_WORLD_H
#define XENUSB_CLI_WORLD_H

#include "cli/command.h"
#include "xen/lock.h"

enum { WORLD_BACKENDS = 4 };

struct world {
    struct session session;
    struct host host;
    struct topology topology;
    struct lock domain_turn; // both held while something may change
    struct lock host_turn;
    struct lock libxl_turn;        // libxl's for device changes, the outermost of its own
    void *handles[WORLD_BACKENDS]; // one for each row of backends[]
    bool opened[WORLD_BACKENDS];
    bool own_xen; // whether the connection to xenstore is the world's to close
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

// Finds the domain (`name`, or the socket of --qmp), takes its turn if something may change, looks
// at the host, opens the backends and looks at what the domain has. After a complaint anything else
// than STATUS_OK. To be closed in any case.
enum status world_open(struct world *world, const struct invocation *invocation, const char *name,
                       bool changes);

// The same for a domain that was found already, over a connection that stays the caller's.
enum status world_open_domain(struct world *world, const struct invocation *invocation,
                              struct xen *xen, const struct domain *domain);

void world_close(struct world *world);
#define cleanup_world __attribute__((cleanup(world_close)))

// The open handle of a backend, for execute(): `world` is a struct world.
void *world_handle(void *world, const struct backend *backend);

#endif
