// SPDX-License-Identifier: MIT
// Reads and watches nodes. Outside transactions that is done without libxenstore, which has a dozen
// system calls for each node, wakes xenstored twice, and reads watches in a thread; what the own
// connection cannot do is left to it.
#include "base/arena.h"
#include "connection.h"
#include "request.h"
#include "wire.h"

#include <errno.h>

static bool ask_together(struct xen *xen, struct xen_query *queries, size_t count)
{
    struct wire *wire = connection_wire(xen);
    if (!wire)
        return false;
    if (wire_ask(wire, queries, count, xen_seconds(xen)))
        return true;
    connection_lose_wire(xen);
    return false;
}

enum xen_result xen_ask(struct xen *xen, struct xen_query *queries, size_t count)
{
    enum xen_result worst = XEN_OK;
    bool together = ask_together(xen, queries, count);
    for (size_t i = 0; i < count; i++) {
        struct xen_query *query = &queries[i];
        bool answered = together && query->result != XEN_AGAIN;
        if (!answered && query->list)
            query->result = request_list(xen, NULL, query->path, &query->names, &query->count);
        else if (!answered)
            query->result = request_read(xen, NULL, query->path, &query->value);
        if (query->result == XEN_ABSENT)
            (void)connection_refuse(xen, strerror(ENOENT));
        if (query->result == XEN_OK || query->result == XEN_ABSENT)
            continue;
        query->why = xen_why(xen);
        worst = query->result;
    }
    return worst;
}

enum xen_result xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                         struct text *value)
{
    struct xen_query query = { .path = path };
    if (in)
        return request_read(xen, in, path, value);
    (void)xen_ask(xen, &query, 1);
    *value = query.value;
    return query.result;
}

enum xen_result xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                         const char *const **names, size_t *count)
{
    struct xen_query query = { .path = path, .list = true };
    if (in)
        return request_list(xen, in, path, names, count);
    (void)xen_ask(xen, &query, 1);
    *names = query.names;
    *count = query.count;
    return query.result;
}

enum xen_result xen_read_number(struct xen *xen, struct xen_transaction *in, const char *path,
                                uint64_t max, uint64_t *value)
{
    struct arena *arena = xen_arena(xen);
    struct text text;
    enum xen_result result = xen_read(xen, in, path, &text);
    if (result != XEN_OK)
        return result;
    if (text_number(text, 10, 0, max, value) == NUMBER_OK)
        return XEN_OK;
    return connection_refuse(xen,
                             arena_printf(arena, "\"%s\" is not a number up to %llu",
                                          text_show(arena, text, 40), (unsigned long long)max));
}

enum xen_result xen_watch(struct xen *xen, const char *const *paths, size_t count)
{
    struct wire *wire = connection_wire(xen);
    if (wire && wire_watch(wire, paths, count, xen_seconds(xen)))
        return XEN_OK;
    if (wire)
        connection_lose_wire(xen);
    return connection_refuse(xen, "the connection for watches was lost");
}

enum xen_result xen_changes(struct xen *xen, const char *const **paths, size_t *count)
{
    // Everything that has changed before this is answered has been reported by then.
    struct xen_query query = { .path = "/" };
    const struct wire *wire = ask_together(xen, &query, 1) ? connection_wire(xen) : NULL;
    *paths = NULL;
    *count = 0;
    if (!wire)
        return connection_refuse(xen, "the connection for watches was lost");
    if (!wire_changes(wire))
        return connection_refuse(xen, "nothing is watched");
    for (const struct wire_change *at = wire_changes(wire); at; at = at->before)
        ++*count;
    const char **found = arena_array_of(xen_arena(xen), const char *, *count);
    size_t left = *count;
    for (const struct wire_change *at = wire_changes(wire); at; at = at->before)
        found[--left] = at->path;
    *paths = found;
    return XEN_OK;
}
