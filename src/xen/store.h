// SPDX-License-Identifier: MIT
// libxenstore's connection to xenstored. store.c is the only file that uses libxenstore. Private to
// xen/.
#ifndef XENUSB_XEN_STORE_H
#define XENUSB_XEN_STORE_H

#include "xen.h"

struct store;

// Connects to xenstored, which must have answered just before. `seconds` is the time limit for each
// reply. NULL, with errno set, on failure. The struct is owned by the arena.
struct store *store_open(struct arena *arena, double seconds);
// NULL is a no-op.
void store_close(struct store *store);
// Whether libxenstore has closed the connection, which it does if a request or its reply cannot be
// transferred as a whole. It cannot be used again.
bool store_is_closed(const struct store *store);

// A request, and what it returns.
struct store_request {
    uint32_t transaction; // that it belongs to; 0: none
    const char *path;
    struct text value; // to write
    const struct xen_permission *permissions;
    unsigned count;  // of them; out: the bytes or children that were read
    char *bytes;     // out: a value that was read, to be freed
    char **children; // out: the children that were listed, to be freed together
};
// One kind of request. On failure, false, with the reason in errno; libxenstore does not set errno
// when it runs out of memory.
typedef bool store_operation(struct store *store, struct store_request *request);
store_operation store_read, store_list, store_write, store_make_directory, store_remove;
store_operation store_set_permissions; // letters other than n, r, w and b mean n
store_operation store_begin;           // sets `transaction`
store_operation store_commit, store_abort;

#endif
