// SPDX-License-Identifier: MIT
// Completes what a dead process has left half done, before a command changes something. Private to
// world/.
#ifndef XENUSB_WORLD_RECOVER_H
#define XENUSB_WORLD_RECOVER_H

#include "base/session.h"
#include "host/host.h"

#include <stddef.h>

// Finishes the handovers of devices to and from usbback that a killed xenusb or xl has left
// unfinished, of any domain: those that are found three times, the last two times with the host's
// lock and a second apart. Reports and logs each. `domains` are all domains, `host` the devices as
// they were just read; they are read again if a driver was changed. Whatever fails or cannot be
// looked at is reported as a warning, and does not make the command fail.
void recover_handovers(const struct session *session, const struct domain *domains, size_t count,
                       struct host *host);

#endif
