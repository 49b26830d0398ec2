// SPDX-License-Identifier: MIT
// Reading with libxenstore, which ask.c does in transactions, and for what its own connection
// cannot do. Private to xen/.
#ifndef XENUSB_XEN_REQUEST_H
#define XENUSB_XEN_REQUEST_H

#include "xen.h"

// Do what xen_read() and xen_list() do.
enum xen_result request_read(struct xen *xen, struct xen_transaction *in, const char *path,
                             struct text *value);
enum xen_result request_list(struct xen *xen, struct xen_transaction *in, const char *path,
                             const char *const **names, size_t *count);

#endif
