// SPDX-License-Identifier: MIT
#include "examine.h"

#include "base/arena.h"
#include "host/holders.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

static enum status find_all(struct examination *examination)
{
    const struct doctor_options *options = examination->options;
    const struct domain *all = NULL;
    size_t count = 0;
    enum status status = xen_domains(examination->xen, options->diags, &all, &count);
    struct domain *kept = arena_array_of(options->arena, struct domain, count);
    for (size_t i = 0; i < count; i++)
        if (all[i].id != 0 && !all[i].dying)
            kept[examination->count++] = all[i];
    examination->domains = kept;
    return status;
}

enum status examination_open(struct examination *examination, const struct doctor_options *options,
                             bool need_xen)
{
    struct domain *domain = NULL;
    struct diags ignored;
    diags_init(&ignored, options->arena);
    *examination = (struct examination){ .options = options };
    enum status status = xen_open(options->arena, need_xen ? options->diags : &ignored,
                                  XENSTORE_SECONDS * options->timeout_scale, &examination->xen);
    if (status != STATUS_OK)
        return need_xen ? status : STATUS_OK;
    if (!options->domain)
        return find_all(examination);
    status = xen_find_domain(examination->xen, options->diags, options->domain, &domain);
    examination->domains = domain;
    examination->count = domain ? 1 : 0;
    return status;
}

void examination_close(struct examination *examination)
{
    xen_close(examination->xen);
    examination->xen = NULL;
}

struct session examination_session(const struct examination *examination, struct domain *domain)
{
    return (struct session){
        .arena = examination->options->arena,
        .diags = examination->options->diags,
        .xen = examination->xen,
        .domain = domain,
        .interrupted = &world_interrupted,
        .timeout_scale = examination->options->timeout_scale,
    };
}

enum status examine_domain(const struct examination *examination, const struct host *host,
                           const struct domain *domain, struct diags *diags,
                           struct examined *examined, struct problems *problems)
{
    const struct doctor_options *options = examination->options;
    struct session *session = &examined->world.session;
    const struct world_options how = { .arena = options->arena,
                                       .diags = diags,
                                       .timeout_scale = options->timeout_scale,
                                       .find_supply = examination->toolstack != NULL };
    const struct world_common common = { examination->xen, host, examination->toolstack };
    enum status status = world_open_domain(&examined->world, &how, &common, domain);
    if (status != STATUS_OK)
        return status;
    examined->record = *session->record;
    examined->complete = true;
    problems_of_domain(options->arena, &examined->record, &examined->world.topology,
                       xen_qemu_exited(session->xen, session->domain), problems);
    return STATUS_OK;
}

void examined_close(struct examined *examined)
{
    world_close(&examined->world);
}

enum status examine_xenstore(const struct examination *examination, struct problems *problems)
{
    struct session session = examination_session(examination, NULL);
    const struct domain *all = NULL;
    size_t count = 0;
    enum status status = xen_domains(examination->xen, session.diags, &all, &count);
    return status == STATUS_OK ? problems_of_xenstore(&session, all, count, problems) : status;
}

enum status examine_host(const struct examination *examination, struct problems *problems)
{
    struct session session = examination_session(examination, NULL);
    struct host host = { 0 };
    struct record_claim *claims = NULL;
    enum status status = host_look(session.arena, session.diags, &host);
    if (status == STATUS_OK)
        status = record_claims(&session, &claims);
    if (status != STATUS_OK)
        return status;
    record_mark_owners(session.arena, claims, &host);
    session.xen = NULL; // whether somebody has a device is enough here, whoever it is
    struct host_device **devices;
    size_t devices_count = host_all(session.arena, &host, &devices);
    host_find_holders(&session, devices, devices_count);
    problems_of_host(session.arena, &host, problems);
    return STATUS_OK;
}
