// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/scope.h"
#include "probe.h"
#include "wire.h"

enum { MANY = 16 }; // where a connection of their own pays

static bool ask_together(const struct xen *xen, struct xen_query *queries, size_t count)
{
    const double seconds = xen_seconds(xen);
    struct arena *arena = xen_arena(xen);
    cleanup_close int fd = xen_probe_connect(xen_probe_path(arena), deadline_in(seconds));
    return fd >= 0 && wire_ask(arena, fd, queries, count, seconds);
}

enum xen_result xen_ask(struct xen *xen, struct xen_query *queries, size_t count)
{
    enum xen_result worst = XEN_OK;
    bool together = count >= MANY && ask_together(xen, queries, count);
    for (size_t i = 0; i < count; i++) {
        struct xen_query *query = &queries[i];
        bool answered = together && query->result != XEN_AGAIN;
        if (!answered && query->list)
            query->result = xen_list(xen, NULL, query->path, &query->names, &query->count);
        else if (!answered)
            query->result = xen_read(xen, NULL, query->path, &query->value);
        if (query->result == XEN_OK || query->result == XEN_ABSENT)
            continue;
        query->why = xen_why(xen);
        worst = query->result;
    }
    return worst;
}
