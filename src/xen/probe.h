// SPDX-License-Identifier: MIT
// Checks whether xenstored answers. libxenstore waits forever to connect and for every reply, so it
// is only used once xenstored has answered a request of our own in time.
#ifndef XENUSB_XEN_PROBE_H
#define XENUSB_XEN_PROBE_H

#include "base/deadline.h"

#include <stdbool.h>

struct arena;

// The path that libxenstore will connect to (tools/libs/store/xs.c: xs_open, xs_daemon_path,
// xs_domain_dev): the daemon's socket if it exists, else the kernel's device. Owned by the arena or
// the environment, or constant.
const char *xen_probe_path(struct arena *arena);

// The result of a probe.
enum xen_probe {
    PROBE_ANSWERED,
    PROBE_ABSENT,  // the path does not exist, or no process is listening there
    PROBE_DENIED,  // no permission
    PROBE_TIMEOUT, // no reply in time
    PROBE_FAILED,  // any other error, in errno
};

// Connects to xenstored at `path`; the descriptor does not block. -1 with errno on failure.
int xen_probe_connect(const char *path, struct deadline deadline);

// Connects to `path` and reads one node; any reply counts as an answer. Takes at most `seconds`.
enum xen_probe xen_probe(const char *path, double seconds);

// Whether this machine runs on Xen and has the domains' records, whether or not xenstored answers.
bool xen_is_host(struct arena *arena);

#endif
