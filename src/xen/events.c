// SPDX-License-Identifier: MIT
#include "events.h"

#include "base/arena.h"
#include "probe.h"
#include "wire.h"

#include <errno.h>

struct xen_events {
    struct arena *arena;
    struct wire *wire;
    const char **paths;
    size_t count;
};

static const char *reason_of(enum xen_probe probe)
{
    switch (probe) {
    case PROBE_ABSENT: return "xenstored is not running";
    case PROBE_DENIED: return "no permission to connect to xenstored";
    case PROBE_TIMEOUT: return "xenstored did not answer in time";
    default: return strerror(errno);
    }
}

static const char *watch_paths(struct xen_events *events, const char *const *paths, size_t count,
                               double seconds)
{
    events->paths = arena_array_of(events->arena, const char *, count);
    events->count = count;
    for (size_t i = 0; i < count; i++)
        events->paths[i] = arena_strdup(events->arena, paths[i]);
    if (wire_watch(events->wire, events->paths, count, seconds))
        return NULL;
    return errno == EPROTO ? "xenstored refuses the watches" : strerror(errno);
}

// Returns NULL, or why it failed.
static const char *start(struct xen_events *events, const char *const *paths, size_t count,
                         double seconds)
{
    const char *path = xen_probe_path(events->arena);
    enum xen_probe probe = xen_probe_open(events->arena, path, seconds, &events->wire);
    return probe == PROBE_ANSWERED ? watch_paths(events, paths, count, seconds) : reason_of(probe);
}

struct xen_events *xen_events_open(const char *const *paths, size_t count, double seconds,
                                   const char **why)
{
    enum { MEMORY = 32 * 1024 };
    struct arena *arena = arena_new(MEMORY);
    if (!arena) {
        *why = strerror(ENOMEM);
        return NULL;
    }
    struct xen_events *events = arena_new_of(arena, struct xen_events);
    events->arena = arena;
    const char *failure = start(events, paths, count, seconds);
    if (!failure)
        return events;
    *why = failure;
    xen_events_close(events);
    return NULL;
}

void xen_events_close(struct xen_events *events)
{
    if (!events)
        return;
    wire_close(events->wire);
    arena_free(events->arena);
}

int xen_events_fd(const struct xen_events *events)
{
    return wire_fd(events->wire);
}

// Whether it is an event of a watch that was set, whose token is its path.
static bool is_ours(const struct xen_events *events, const struct wire_event *event)
{
    for (size_t i = 0; i < events->count; i++) {
        const size_t length = strlen(events->paths[i]);
        if (strcmp(event->token, events->paths[i]) == 0)
            return strncmp(event->path, event->token, length) == 0 &&
                   (event->path[length] == '\0' || event->path[length] == '/');
    }
    return false;
}

// Takes what has arrived, or all before the answer to a barrier.
static enum wire_taken take(struct xen_events *events, xen_events_note *note, void *context,
                            const char **why)
{
    struct wire_event event;
    enum wire_taken taken;
    while ((taken = wire_take(events->wire, &event)) == WIRE_EVENT) {
        if (!is_ours(events, &event)) {
            *why = "xenstored sent an event of an unknown watch";
            return WIRE_FAILED;
        }
        note(context, event.path);
    }
    if (taken == WIRE_FAILED)
        *why = strerror(errno);
    return taken;
}

bool xen_events_take(struct xen_events *events, xen_events_note *note, void *context,
                     const char **why)
{
    return take(events, note, context, why) == WIRE_NONE;
}

bool xen_events_sync(struct xen_events *events, double seconds, xen_events_note *note,
                     void *context, const char **why)
{
    bool alive = wire_barrier(events->wire, seconds);
    while (alive) {
        const enum wire_taken taken = take(events, note, context, why);
        if (taken != WIRE_NONE)
            return taken == WIRE_ANSWER;
        alive = wire_wait(events->wire);
    }
    *why = strerror(errno);
    return false;
}
