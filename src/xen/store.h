// SPDX-License-Identifier: MIT
// What ask.c needs of a connection to xenstore. Private to xen/.
#ifndef XENUSB_XEN_STORE_H
#define XENUSB_XEN_STORE_H

#include "xen.h"

struct wire;

// The connection for reading and for watches; NULL if it was lost.
struct wire *store_wire(const struct xen *xen);
// Closes it after a failure, with the reason in errno. After ETIMEDOUT xenstored is not asked
// again.
void store_lose_wire(struct xen *xen);

// xen_read() and xen_list() with libxenstore.
enum xen_result store_read(struct xen *xen, struct xen_transaction *in, const char *path,
                           struct text *value);
enum xen_result store_list(struct xen *xen, struct xen_transaction *in, const char *path,
                           const char *const **names, size_t *count);

// Sets the reason for a failure. Returns XEN_FAILED.
enum xen_result store_refuse(struct xen *xen, const char *why);

#endif
