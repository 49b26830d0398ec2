// SPDX-License-Identifier: MIT
// Checks whether xenstored answers. libxenstore waits forever to connect and for every reply, so it
// is only used once xenstored has answered a request of our own in time.
#ifndef XENUSB_XEN_PROBE_H
#define XENUSB_XEN_PROBE_H

#include "base/deadline.h"

#include <stdbool.h>

struct arena;
struct wire;

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

// Connects to `path` and reads one node; any reply counts as an answer. Takes at most `seconds`.
enum xen_probe xen_probe(struct arena *arena, const char *path, double seconds);

// Does the same and keeps the connection, to be closed with wire_close(); NULL unless
// PROBE_ANSWERED.
enum xen_probe xen_probe_open(struct arena *arena, const char *path, double seconds,
                              struct wire **wire);

// Whether this machine runs on Xen and has the domains' records, whether or not xenstored answers.
bool xen_is_host(struct arena *arena);

#endif
