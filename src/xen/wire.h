// SPDX-License-Identifier: MIT
// xenstored's protocol, for what libxenstore cannot do: it waits for each answer, and forever.
// Private to xen/. On failure all functions set errno, to ETIMEDOUT if an answer was late.
#ifndef XENUSB_XEN_WIRE_H
#define XENUSB_XEN_WIRE_H

#include "base/deadline.h"
#include "xen.h"

// Sends a minimal request on a connection from xen_probe_connect() and receives the answer,
// whatever it is.
bool wire_ping(int fd, struct deadline deadline);

// Sends the queries without waiting for each answer, and sets their results, in the arena. A query
// that only libxenstore can answer gets XEN_AGAIN. On failure no result is valid. `seconds` limits
// the time for each hundred answers or so.
bool wire_ask(struct arena *arena, int fd, struct xen_query *queries, size_t count, double seconds);

// Compares two strings for qsort(): numbers come first, sorted by value; names, and different
// spellings of one number, sort bytewise.
int wire_by_number(const void *a, const void *b);

#endif
