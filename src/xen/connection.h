// SPDX-License-Identifier: MIT
// What the requests to xenstore need of its connections, which xen.c opens, loses and replaces.
// Private to xen/.
#ifndef XENUSB_XEN_CONNECTION_H
#define XENUSB_XEN_CONNECTION_H

#include "xen.h"

struct store;
struct wire;

// The connection for reading and for watches; NULL if it was lost.
struct wire *connection_wire(const struct xen *xen);
// Closes it after a failure, with the reason in errno. After ETIMEDOUT xenstored is not asked
// again, except on a new connection (xen_persist()).
void connection_lose_wire(struct xen *xen);

// How often the connections have been replaced. A transaction of an earlier one is void.
unsigned connection_generation(const struct xen *xen);
// libxenstore's connection, which is opened when it is needed first, and replaced if it was lost,
// unless `in_transaction`. Clears errno. NULL, with errno, if there is none.
struct store *connection_store(struct xen *xen, bool in_transaction);
// After a request that failed, with its errno: whether to make it again, since the connection was
// lost and has been replaced. Never `in_transaction`. Keeps errno.
bool connection_retry(struct xen *xen, bool in_transaction);

// The result for the errno of a request that has failed; also sets xen_why() and xen_broken().
enum xen_result connection_failed(struct xen *xen);
// Sets xen_why(). Returns XEN_FAILED.
enum xen_result connection_refuse(struct xen *xen, const char *why);

#endif
