// SPDX-License-Identifier: MIT
// Checks at the same time whether several QEMUs answer, so that those that do not cost one time
// limit together.
#ifndef XENUSB_QEMU_QMP_PROBE_H
#define XENUSB_QEMU_QMP_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct qmp_probe {
    const char *socket; // path
    const char *why;    // result: why qmp_connect() would wait for it in vain, a message with the
                        // path, owned by the arena; NULL if it answers, or fails at once
    bool exited;        // result: the reason is that nothing listens there
};

// Connects to all of them, negotiates, and closes each connection as soon as its QEMU has answered.
// Takes at most QMP_CONNECT_SECONDS times the scale. Takes no locks: libxl, which uses the same
// sockets, waits until a QEMU is free.
void qmp_probe(struct arena *arena, struct qmp_probe *probes, size_t count, double timeout_scale);

#endif
