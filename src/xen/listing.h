// SPDX-License-Identifier: MIT
// What listing domains and finding one of them share.
#ifndef XENUSB_XEN_LISTING_H
#define XENUSB_XEN_LISTING_H

#include "domain.h"

#include "base/text.h"

enum { DOMAIN_ID_MAX = 0x7fef }; // DOMID_FIRST_RESERVED - 1 in xen/xen.h

// The node of libxl's record with the domain's type; in the arena of `xen`.
const char *xen_domain_type_path(struct xen *xen, int id);

// Sets what is not known from the hypervisor, other than the name. `type` is the value of that
// node; empty if it cannot be read.
void xen_domain_complete(struct xen *xen, struct domain *domain, struct text type);

#endif
