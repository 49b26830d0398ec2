// SPDX-License-Identifier: MIT
// Whether xenstored answers. libxenstore itself waits without an end, for the connection and for
// every answer; so it is only called once a question of our own was answered in time.
#ifndef XENUSB_XEN_PROBE_H
#define XENUSB_XEN_PROBE_H

struct arena;

// Where libxenstore (tools/libs/store/xs.c: xs_open, xs_daemon_path, xs_domain_dev) will connect:
// the daemon's socket if there is one, else the kernel's device. Owned by the arena or constant.
const char *xen_probe_path(struct arena *arena);

enum xen_probe {
    PROBE_ANSWERED,
    PROBE_ABSENT,  // nothing at that path, or nobody listens there
    PROBE_DENIED,  // no permission
    PROBE_TIMEOUT, // no answer in time
    PROBE_FAILED,  // anything else: errno tells
};

// Connects to `path` and asks for one node; any answer will do. At most `seconds`.
enum xen_probe xen_probe(const char *path, double seconds);

#endif
