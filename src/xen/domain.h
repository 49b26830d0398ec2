// SPDX-License-Identifier: MIT
// Domains: what kind they are, and which this host has.
#ifndef XENUSB_DOMAIN_H
#define XENUSB_DOMAIN_H

#include "base/diag.h"

struct xen;

enum domain_type { DOMAIN_UNKNOWN, DOMAIN_PV, DOMAIN_PVH, DOMAIN_HVM };
// "pv", "pvh", "hvm", "unknown".
const char *domain_type_name(enum domain_type type);

// Whether the guest has an emulated machine, so that emulated controllers and devices are possible.
// True as well while the type is not known.
static inline bool domain_has_machine(enum domain_type type)
{
    return type != DOMAIN_PV && type != DOMAIN_PVH;
}

// A domain that was found: Xen's, or a QEMU behind a socket named by the user.
struct domain {
    int id; // -1 without Xen
    const char *name;
    enum domain_type type;
    const char *uuid;       // 36 characters, or "" without Xen
    const char *qmp_socket; // path of its QEMU's monitor, or NULL if it has none
    bool ours_to_lock;      // whether that socket is libxl's, shared with xl under its lock
    bool paused;
    bool dying;
};

// Domains of this host, by rising id; *domains is an array of *count in the arena.
enum status xen_domains(struct xen *xen, struct diags *diags, const struct domain **domains,
                        size_t *count);
// The domain of that name or id; digits are an id, as in xl, and a name only if there is no such
// id. STATUS_REQUEST after a complaint (with near names) if there is none, more than one of that
// name, or it is dying, or if it is served by qemu-traditional or a stub domain (with the reason).
enum status xen_find_domain(struct xen *xen, struct diags *diags, const char *name_or_id,
                            struct domain **domain);
// Whether that domain still is the one that was found: same id, same UUID, not dying.
bool xen_domain_lives(struct xen *xen, const struct domain *domain);

// Whether the QEMU that libxl or xenusb started for the domain is known to have ended: the process
// that image/device-model-pid names does not exist. False where no process is named, and where it
// cannot be told.
bool xen_qemu_ended(struct xen *xen, const struct domain *domain);

#endif
