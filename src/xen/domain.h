// SPDX-License-Identifier: MIT
// The domains of this host.
#ifndef XENUSB_XEN_DOMAIN_H
#define XENUSB_XEN_DOMAIN_H

#include "base/diag.h"
#include "base/verdict.h"

struct xen;

// The type of guest, as in type= of a config.
enum domain_type { DOMAIN_UNKNOWN, DOMAIN_PV, DOMAIN_PVH, DOMAIN_HVM };
// "pv", "pvh", "hvm", "unknown".
const char *domain_type_name(enum domain_type type);

// Whether the guest may have an emulated machine, and with it emulated controllers and devices;
// true if its type is unknown.
static inline bool domain_has_machine(enum domain_type type)
{
    return type != DOMAIN_PV && type != DOMAIN_PVH;
}

// A Xen domain, or the guest of a QEMU whose QMP socket the user named. Owned by the arena.
struct domain {
    int id; // -1 without Xen
    const char *name;
    enum domain_type type;
    const char *uuid;        // 36 characters, or "" without Xen
    const char *qmp_socket;  // path of its QEMU's QMP socket; NULL if it has none
    bool shared_socket;      // libxl uses that socket too: take LOCK_LIBXL_QMP first
    const char *qemu_silent; // why its QEMU is not to be asked: it did not answer; or NULL
    bool qemu_exited;        // the reason is that nothing listens on its socket
    unsigned qemu_process;   // that both xenstore and the socket name; 0: not compared, or not so
    bool paused;
    bool dying;
    bool namesake; // another domain of this host has the same name
};

// How much to read of each domain.
enum domain_detail {
    DOMAIN_ID,    // what the hypervisor reports, which costs nothing: id, UUID, paused, dying
    DOMAIN_NAME,  // also name and namesake, with one request to xenstored
    DOMAIN_WHOLE, // everything
};
// The domains of this host, including dying ones and domain 0, sorted by id; *domains is an array
// of *count in the arena. What is not read is "", NULL, false, or the type as far as the hypervisor
// knows it. On failure, after reporting it, a status as from xen_status().
enum status xen_domains(struct xen *xen, struct diags *diags, enum domain_detail detail,
                        const struct domain **domains, size_t *count);
// The same with DOMAIN_NAME, but without asking for the names of those `known` ones, sorted by id,
// that are still running. Their id, uuid and name are used.
enum status xen_domains_named(struct xen *xen, struct diags *diags, const struct domain *known,
                              size_t known_count, const struct domain **domains, size_t *count);
// The name of a domain; "" if it has none. Owned by the arena.
const char *xen_domain_name(struct xen *xen, int id);

// Finds a domain by name or id. As in xl, digits are an id, and a name only if there is no such id.
// STATUS_REQUEST, after reporting it, if there is no such domain (with similar names) or more than
// one with that name, if it is dying, or if its QEMU is qemu-traditional or runs in a stub domain;
// else a status as from xen_domains(). *domain is owned by the arena; NULL on failure.
enum status xen_find_domain(struct xen *xen, struct diags *diags, const char *name_or_id,
                            struct domain **domain);
// Whether one of the domains is meant by that name or id, by the same rule.
bool xen_domains_have(const struct domain *domains, size_t count, const char *name_or_id);
// The same among domains that were listed with DOMAIN_NAME.
enum status xen_find_among(struct xen *xen, struct diags *diags, const struct domain *domains,
                           size_t count, const char *name_or_id, struct domain **domain);

// Whether the domain is still running: there is one with the same id and UUID that is not dying.
// Unknown if that could not be asked.
enum verdict xen_domain_is_alive(struct xen *xen, const struct domain *domain);
// The same as a status: STATUS_OK, or after reporting it STATUS_REQUEST if the domain is gone,
// STATUS_TIMEOUT or STATUS_FAILED if that is unknown.
enum status xen_check_alive(struct xen *xen, struct diags *diags, const struct domain *domain);

// Whether the QEMU that libxl or xenusb started for the domain has exited: the process in
// image/device-model-pid does not exist. False if xenstore names no process or cannot be read.
bool xen_qemu_exited(struct xen *xen, const struct domain *domain);

#endif
