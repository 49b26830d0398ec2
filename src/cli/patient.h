// SPDX-License-Identifier: MIT
// The domains that doctor and repair look at: one, or all, each as far as it can be looked at.
#ifndef XENUSB_CLI_PATIENT_H
#define XENUSB_CLI_PATIENT_H

#include "command.h"
#include "doctor/problem.h"

// The domains of the invocation's word, or all but domain 0 and the dying; *domains is an array of
// *count in the arena. Statuses as xen_find_domain.
enum status patients_find(const struct invocation *invocation, struct xen *xen,
                          const struct domain **domains, size_t *count);

// One domain as it is now.
struct patient {
    struct world world;
    struct record record;
    const struct topology *topology; // NULL: it could not be looked at
};
#define PATIENT_NONE                                                                               \
    (struct patient)                                                                               \
    {                                                                                              \
        .world = WORLD_NONE                                                                        \
    }

// Looks at it, and adds its ailments; nothing is changed. Complaints go to `diags`. To be closed in
// any case. Statuses as world_open.
enum status patient_open(struct patient *patient, const struct invocation *invocation,
                         struct diags *diags, struct xen *xen, const struct domain *domain,
                         struct problems *problems);
void patient_close(struct patient *patient);
#define cleanup_patient __attribute__((cleanup(patient_close)))

// This host's devices, who has them, and their ailments; `xen` may be NULL.
enum status patient_host(const struct invocation *invocation, struct xen *xen,
                         struct problems *problems);

// A session of no domain.
struct session patient_session(const struct invocation *invocation, struct xen *xen);

#endif
