// SPDX-License-Identifier: MIT
// xenstored's protocol, for what libxenstore cannot do: it waits for each answer, and forever.
// Private to xen/. On failure all functions set errno, to ETIMEDOUT if an answer was late.
#ifndef XENUSB_XEN_WIRE_H
#define XENUSB_XEN_WIRE_H

#include "base/deadline.h"
#include "xen.h"

// A connection to xenstored.
struct wire;

// A change that a watch has reported. The path is a guest's data.
struct wire_change {
    const struct wire_change *before;
    const char *path;
};

// Takes over a descriptor of xenstored's socket or the kernel's device, which does not block. The
// struct is owned by the arena.
struct wire *wire_new(struct arena *arena, int fd);
// NULL is a no-op.
void wire_close(struct wire *wire);

// Sends a minimal request and receives the answer, whatever it is.
bool wire_ping(struct wire *wire, struct deadline deadline);

// Sends the queries without waiting for each answer, and sets their results, in the arena. A query
// that only libxenstore can answer gets XEN_AGAIN. `seconds` limits the time for each hundred
// answers or so. On failure no result is valid, and the connection must not be used again.
bool wire_ask(struct wire *wire, struct xen_query *queries, size_t count, double seconds);

// Watches the paths. Failure as of wire_ask().
bool wire_watch(struct wire *wire, const char *const *paths, size_t count, double seconds);
// What the watches have reported before the last answer, the last change first; NULL if nothing.
const struct wire_change *wire_changes(const struct wire *wire);

// An event of a watch. Both strings are in a buffer of the connection. The path may be a guest's
// data.
struct wire_event {
    const char *path, *token;
};
enum wire_taken {
    WIRE_EVENT,
    WIRE_NONE,   // nothing more has arrived
    WIRE_ANSWER, // to wire_barrier()
    WIRE_FAILED, // the connection was lost, or something else than an event was sent
};
// Takes the next event that has arrived, for a connection of which nothing else is asked any more.
// It neither waits nor needs memory. *event is set for WIRE_EVENT only, and valid until the next
// call.
enum wire_taken wire_take(struct wire *wire, struct wire_event *event);
// Sends a request, whose answer comes after the events of all that happened before it.
bool wire_barrier(struct wire *wire, double seconds);
// Waits for more to arrive, or the time limit of the barrier.
bool wire_wait(const struct wire *wire);
// The descriptor to poll for reading.
int wire_fd(const struct wire *wire);

#endif
