// SPDX-License-Identifier: MIT
// Who has each of the host's devices: by the records of all domains, and by what is open.
#ifndef XENUSB_WORLD_OWNERS_H
#define XENUSB_WORLD_OWNERS_H

#include "base/session.h"
#include "config/config.h"
#include "host/holders.h"
#include "plan/topology.h"

// Sets the owner of each device, for a verb without a connection to xenstore of its own. Reports
// nothing: sets host->claims.
void owners_find_claims(const struct session *session, struct host *host);

// The same; also sets the hold of each device, and how the host uses it.
void owners_find(const struct session *session, struct host *host);

// Sets the hold of each device that the config asks for, except those that the topology has, how
// the host uses it, and what to warn of. Waits, at most 2 s times the scale, for programs that have
// just the node of one, or its disk, open (a probe at plug-in), and then looks again.
void owners_find_asked(const struct session *session, const struct config *config,
                       const struct topology *topology, struct host *host);

#endif
