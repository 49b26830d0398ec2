// SPDX-License-Identifier: MIT
// Who has each of the host's devices: by the records of all domains, and by what is open.
#ifndef XENUSB_WORLD_OWNERS_H
#define XENUSB_WORLD_OWNERS_H

#include "base/session.h"
#include "config/config.h"
#include "host/holders.h"

// Sets the owner and the hold of each device, for a verb without a connection to xenstore of its
// own. Reports nothing: sets host->claims.
void owners_find(const struct session *session, struct host *host);

// Waits, at most 2 s times the scale, for programs that have just the node of a device open that
// the config asks for (a probe at plug-in); then looks again and sets the devices' hold.
void owners_await(const struct session *session, const struct config *config, struct host *host);

#endif
