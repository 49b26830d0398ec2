// SPDX-License-Identifier: MIT
// Watches of xenstore for a process that lives long. The connection is used for nothing else, and
// its memory does not grow.
#ifndef XENUSB_XEN_EVENTS_H
#define XENUSB_XEN_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

struct xen_events;

// A node has changed at or below a path that is watched. The path may be a guest's data: not safe
// to print without text_show().
typedef void xen_events_note(void *context, const char *path);

// Connects to xenstored and watches the paths (absolute, without a slash at the end) and special
// ones (@introduceDomain, @releaseDomain), which are copied. Each may be reported once for no
// reason. `seconds` limits the time to connect, and then to set the watches. NULL on failure, with
// the reason in *why, which is valid until the next call of strerror(). Free it with
// xen_events_close().
struct xen_events *xen_events_open(const char *const *paths, size_t count, double seconds,
                                   const char **why);
// NULL is a no-op.
void xen_events_close(struct xen_events *events);

// The descriptor to poll for reading.
int xen_events_fd(const struct xen_events *events);

// Calls note() for each event that has arrived, without waiting. False if the connection was lost,
// or if xenstored sent something unexpected, with the reason in *why as above: only
// xen_events_close() may follow.
bool xen_events_take(struct xen_events *events, xen_events_note *note, void *context,
                     const char **why);

// The same, after waiting at most `seconds` until everything has arrived that happened before the
// call.
bool xen_events_sync(struct xen_events *events, double seconds, xen_events_note *note,
                     void *context, const char **why);

#endif
