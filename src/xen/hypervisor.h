// SPDX-License-Identifier: MIT
// The hypervisor's list of domains. hypervisor.c is the only file that uses libxenctrl. Private to
// xen/; other rooms ask through xen.h.
#ifndef XENUSB_XEN_HYPERVISOR_H
#define XENUSB_XEN_HYPERVISOR_H

#include "xen.h"

// libxenctrl's handle.
struct xc_interface_core;

// Connects to the hypervisor. NULL, with errno set, if that is not possible: without Xen, or not as
// root in a privileged domain.
struct xc_interface_core *hypervisor_open(void);
// Closes the connection, which must not be NULL.
void hypervisor_close(struct xc_interface_core *hypervisor);

// Does what xen_list_running() does; sets errno on failure.
int hypervisor_list(struct xc_interface_core *hypervisor, unsigned first,
                    struct xen_running *domains, unsigned max);

#endif
