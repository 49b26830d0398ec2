// SPDX-License-Identifier: MIT
// Requests to xenstored and transactions, through libxenstore.
#include "request.h"

#include "base/arena.h"
#include "base/scope.h"
#include "connection.h"
#include "store.h"
#include "wire.h"

#include <stdlib.h>

struct xen_transaction {
    uint32_t id;
    unsigned generation; // of the connection that it belongs to
};

// Makes a request, on a new connection if the present one was lost before or by it. One in a
// transaction of a lost connection is not made.
static enum xen_result make(struct xen *xen, const struct xen_transaction *in,
                            store_operation *operation, struct store_request *request)
{
    bool done;
    if (in && in->generation != connection_generation(xen))
        return XEN_AGAIN;
    if (in)
        request->transaction = in->id;
    do {
        struct store *store = connection_store(xen, in);
        done = store && operation(store, request);
    } while (!done && connection_retry(xen, in));
    return done ? XEN_OK : connection_failed(xen);
}

enum xen_result request_read(struct xen *xen, struct xen_transaction *in, const char *path,
                             struct text *value)
{
    struct store_request request = { .path = path };
    *value = TEXT_EMPTY;
    enum xen_result result = make(xen, in, store_read, &request);
    if (result != XEN_OK)
        return result;
    cleanup_free char *bytes = request.bytes;
    if (request.count > XEN_VALUE_MAX)
        return connection_refuse(xen, "the value is longer than xenstore allows");
    *value = (struct text){ arena_copy(xen_arena(xen), bytes, request.count), request.count };
    return XEN_OK;
}

enum xen_result request_list(struct xen *xen, struct xen_transaction *in, const char *path,
                             const char *const **names, size_t *count)
{
    struct store_request request = { .path = path };
    *names = NULL;
    *count = 0;
    enum xen_result result = make(xen, in, store_list, &request);
    if (result != XEN_OK)
        return result;
    cleanup_free char **children = request.children;
    if (request.count > XEN_CHILDREN_MAX)
        return connection_refuse(xen, "the node has too many children");
    const char **sorted = arena_array_of(xen_arena(xen), const char *, request.count);
    for (unsigned i = 0; i < request.count; i++)
        sorted[i] = arena_strdup(xen_arena(xen), children[i]);
    qsort(sorted, request.count, sizeof *sorted, text_by_number);
    *names = sorted;
    *count = request.count;
    return XEN_OK;
}

enum xen_result xen_write(struct xen *xen, struct xen_transaction *in, const char *path,
                          struct text value)
{
    struct store_request request = { .path = path, .value = value };
    if (value.size > XEN_VALUE_MAX)
        return connection_refuse(xen, "the value is longer than xenstore allows");
    return make(xen, in, store_write, &request);
}

enum xen_result xen_make_directory(struct xen *xen, struct xen_transaction *in, const char *path)
{
    struct store_request request = { .path = path };
    return make(xen, in, store_make_directory, &request);
}

enum xen_result xen_remove(struct xen *xen, struct xen_transaction *in, const char *path)
{
    struct store_request request = { .path = path };
    enum xen_result result = make(xen, in, store_remove, &request);
    return result == XEN_ABSENT ? XEN_OK : result;
}

enum xen_result xen_set_permissions(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const struct xen_permission *permissions, size_t count)
{
    struct store_request request = { .path = path,
                                     .permissions = permissions,
                                     .count = (unsigned)count };
    if (count == 0 || count > XEN_PERMISSIONS_MAX)
        return connection_refuse(xen, "a node has 1 to 8 permissions");
    for (size_t i = 0; i < count; i++)
        if (!permissions[i].letter || !strchr("nrwb", permissions[i].letter))
            return connection_refuse(xen, "a permission must be n, r, w or b");
    return make(xen, in, store_set_permissions, &request);
}

enum xen_result xen_begin(struct xen *xen, struct xen_transaction **transaction)
{
    struct store_request request = { 0 };
    *transaction = NULL;
    enum xen_result result = make(xen, NULL, store_begin, &request);
    if (result != XEN_OK)
        return result;
    *transaction = arena_new_of(xen_arena(xen), struct xen_transaction);
    **transaction = (struct xen_transaction){ request.transaction, connection_generation(xen) };
    return XEN_OK;
}

enum xen_result xen_commit(struct xen *xen, struct xen_transaction *transaction)
{
    struct store_request request = { 0 };
    return make(xen, transaction, store_commit, &request);
}

void xen_abort(struct xen *xen, struct xen_transaction *transaction)
{
    struct store_request request = { 0 };
    const char *why = xen_why(xen);
    if (!transaction)
        return;
    (void)make(xen, transaction, store_abort, &request);
    // The caller needs the reason for which it aborts.
    (void)connection_refuse(xen, why);
}
