// SPDX-License-Identifier: MIT
#include "patient.h"

#include "base/arena.h"
#include "doctor/facts.h"
#include "xen/xen.h"

struct session patient_session(const struct invocation *invocation, struct xen *xen)
{
    return (struct session){
        .arena = invocation->arena,
        .diags = invocation->diags,
        .xen = xen,
        .interrupted = &world_interrupted,
        .timeout_scale = invocation->timeout_scale,
    };
}

static enum status find_all(const struct invocation *invocation, struct xen *xen,
                            const struct domain **domains, size_t *count)
{
    const struct domain *all = NULL;
    size_t found = 0;
    enum status status = xen_domains(xen, invocation->diags, &all, &found);
    struct domain *kept = arena_array_of(invocation->arena, struct domain, found);
    *count = 0;
    for (size_t i = 0; i < found; i++)
        if (all[i].id != 0 && !all[i].dying)
            kept[(*count)++] = all[i];
    *domains = kept;
    return status;
}

enum status patients_find(const struct invocation *invocation, struct xen *xen,
                          const struct domain **domains, size_t *count)
{
    struct domain *one = NULL;
    *domains = NULL;
    *count = 0;
    if (!invocation->count)
        return find_all(invocation, xen, domains, count);
    enum status status = xen_find_domain(xen, invocation->diags, invocation->words[0], &one);
    *domains = one;
    *count = one ? 1 : 0;
    return status;
}

enum status patient_open(struct patient *patient, const struct invocation *invocation,
                         struct diags *diags, struct xen *xen, const struct domain *domain,
                         struct problems *problems)
{
    struct world_options options = options_for_world(invocation);
    options.diags = diags;
    enum status status = world_open_domain(&patient->world, &options, xen, domain);
    if (status == STATUS_OK)
        status = record_read(&patient->world.session, &patient->record);
    if (status != STATUS_OK)
        return status;
    patient->topology = &patient->world.topology;
    problems_of_domain(invocation->arena, &patient->record, patient->topology,
                       patient->world.session.xen && xen_qemu_ended(patient->world.session.xen,
                                                                    patient->world.session.domain),
                       problems);
    return STATUS_OK;
}

void patient_close(struct patient *patient)
{
    world_close(&patient->world);
}

enum status patient_host(const struct invocation *invocation, struct xen *xen,
                         struct problems *problems)
{
    struct session session = patient_session(invocation, xen);
    struct host host = { 0 };
    struct claim *claims = NULL;
    enum status status = host_look(invocation->arena, invocation->diags, &host);
    if (status == STATUS_OK)
        status = record_claims(&session, &claims);
    if (status != STATUS_OK)
        return status;
    record_mark_owners(invocation->arena, claims, &host);
    problems_of_host(invocation->arena, &host, problems);
    return STATUS_OK;
}
