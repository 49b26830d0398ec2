// SPDX-License-Identifier: MIT
#include "examine.h"

#include "base/arena.h"
#include "host/holders.h"
#include "xen/probe.h"
#include "xen/xen.h"

static enum status find_all(struct examination *examination)
{
    const struct doctor_options *options = examination->options;
    const struct domain *all = NULL;
    size_t count = 0;
    enum status status = xen_domains(examination->xen, options->diags, DOMAIN_WHOLE, &all, &count);
    struct domain *kept = arena_array_of(options->arena, struct domain, count);
    if (status != STATUS_OK)
        return status;
    examination->all = all;
    examination->all_count = count;
    for (size_t i = 0; i < count; i++)
        if (all[i].id != 0 && !all[i].dying)
            kept[examination->count++] = all[i];
    examination->domains = kept;
    return STATUS_OK;
}

static enum status find_one(struct examination *examination)
{
    const struct doctor_options *options = examination->options;
    struct domain *domain = NULL;
    enum status status =
        xen_find_domain(examination->xen, options->diags, options->domain, &domain);
    examination->domains = domain;
    examination->count = domain ? 1 : 0;
    return status;
}

// Whatever fails is the reason why nothing is known about the domains.
static enum status unreadable(struct examination *examination, enum status status)
{
    examination->store =
        part_unreadable(diags_reason(examination->options->diags, "xenstore could not be read"));
    return status;
}

enum status examination_open(struct examination *examination, const struct doctor_options *options)
{
    struct diags ignored;
    diags_init(&ignored, options->arena);
    *examination = (struct examination){ .options = options };
    bool need_xen = options->domain || xen_is_host(options->arena);
    enum status status = xen_open(options->arena, need_xen ? options->diags : &ignored,
                                  XENSTORE_SECONDS * options->timeout_scale, &examination->xen);
    if (status != STATUS_OK)
        return need_xen ? unreadable(examination, status) : STATUS_OK;
    status = options->domain ? find_one(examination) : find_all(examination);
    if (status != STATUS_OK)
        return unreadable(examination, status);
    examination->store = part_read();
    return STATUS_OK;
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
        .interrupt = interrupt_of_process(),
        .timeout_scale = examination->options->timeout_scale,
    };
}

void examination_not_asked(struct examination *examination, const struct domain *domain)
{
    if (!xen_qemu_exited(examination->xen, domain))
        examination->asked = part_unreadable(arena_printf(
            examination->options->arena, "%s (%d) could not be asked", domain->name, domain->id));
}

void look_begin(struct look *look, struct examination *examination)
{
    struct arena *arena = examination->options->arena;
    const struct world_options options = { .arena = arena,
                                           .verb = examination->options->verb,
                                           .command = examination->options->command,
                                           .timeout_scale = examination->options->timeout_scale,
                                           .accept_ended = true,
                                           .find_supply = examination->toolstack != NULL };
    const struct world_common common = { examination->xen, &look->host, examination->toolstack };
    *look = (struct look){ .examination = examination };
    look->records = arena_array_of(arena, const struct record *, examination->count);
    survey_init(&look->survey, &options, &common, examination->domains, examination->count);
}

static enum status read_devices(struct look *look)
{
    const struct doctor_options *options = look->examination->options;
    if (look->devices.state == PART_NOT_NEEDED) {
        enum status status = host_look(options->arena, options->diags, &look->host);
        look->devices = status == STATUS_OK
                            ? part_read()
                            : part_unreadable(diags_reason(options->diags, "libusb failed"));
    }
    return look->devices.state == PART_READ ? STATUS_OK : STATUS_FAILED;
}

// Lists the domains, which examination_open() may just have done. Without Xen there are none.
static enum status list_domains(struct look *look)
{
    struct examination *examination = look->examination;
    const struct doctor_options *options = examination->options;
    enum status status = STATUS_OK;
    if (look->listed.state != PART_NOT_NEEDED || examination->store.state != PART_READ)
        return STATUS_OK;
    look->all = examination->all;
    look->count = examination->all_count;
    examination->all = NULL;
    if (!look->all)
        status =
            xen_domains(examination->xen, options->diags, DOMAIN_WHOLE, &look->all, &look->count);
    look->listed = status == STATUS_OK
                       ? part_read()
                       : part_unreadable(diags_reason(options->diags, "xenstore failed"));
    return status;
}

enum status examine_domain(struct look *look, size_t number, struct diags *diags,
                           struct examined *examined, struct problems *problems)
{
    struct session *session = &examined->world.session;
    enum status status = read_devices(look);
    if (status != STATUS_OK) {
        complain_error(diags, CODE_UNREADABLE, "%s", look->devices.why);
        return status;
    }
    status = survey_open(&look->survey, number, diags, &examined->world);
    if (status != STATUS_OK) {
        if (status != STATUS_REQUEST)
            examination_not_asked(look->examination, &look->examination->domains[number]);
        return status;
    }
    examined->record = *session->record;
    examined->complete = true;
    examined->forget = look->examination->options->forget;
    look->records[number] = session->record;
    problems_of_domain(session->arena, &examined->record, &examined->world.topology,
                       xen_qemu_exited(session->xen, session->domain), problems);
    problems_of_saved(session, &examined->world.topology, problems);
    problems_of_journal(session, look->examination->options->forget, problems);
    return STATUS_OK;
}

void examined_close(struct examined *examined)
{
    world_close(&examined->world);
}

// The records that this look has already read, in the order of all domains. Both lists are sorted
// by id.
static const struct record **known_records(const struct look *look, struct arena *arena)
{
    const struct examination *examination = look->examination;
    const struct record **known = arena_array_of(arena, const struct record *, look->count);
    for (size_t i = 0, number = 0; i < look->count && number < examination->count; i++)
        if (look->all[i].id == examination->domains[number].id)
            known[i] = look->records[number++];
    return known;
}

enum status examine_xenstore(struct look *look, struct problems *problems)
{
    const struct examination *examination = look->examination;
    const struct session session = examination_session(examination, NULL);
    enum status status = list_domains(look);
    if (look->listed.state != PART_READ)
        return status;
    const struct domains domains = {
        .at = look->all,
        .records = known_records(look, session.arena),
        .count = look->count,
        .only = examination->options->domain ? examination->domains : NULL,
    };
    return problems_of_xenstore(&session, &domains, problems);
}

static enum status read_claims(struct look *look, const struct session *session,
                               struct record_claim **claims)
{
    struct session own = *session;
    struct diags diags;
    diags_init(&diags, session->arena);
    own.diags = &diags;
    enum status status = list_domains(look);
    look->host.claims = look->examination->store;
    if (status == STATUS_OK && look->listed.state == PART_READ)
        status = record_claims_of(&own, look->all, known_records(look, session->arena), look->count,
                                  claims);
    if (status != STATUS_OK)
        look->host.claims = part_is_unreadable(&look->listed)
                                ? look->listed
                                : part_unreadable(diags_reason(&diags, "xenstore failed"));
    return status;
}

enum status examine_host(struct look *look, struct problems *problems)
{
    struct session session = examination_session(look->examination, NULL);
    struct record_claim *claims = NULL;
    struct pvusb_handover *handovers;
    struct pvusb_saved saved;
    enum status status = read_devices(look);
    if (status != STATUS_OK)
        return status;
    struct session processes = session;
    struct host_device **devices;
    size_t count = host_all(session.arena, &look->host, &devices);
    processes.xen = NULL; // only whether a device is open matters here, not by whom
    host_find_holders(&processes, devices, count);
    status = pvusb_saved_read(&session, &saved);
    // The claims only matter for what lost its drivers, or has them saved.
    if (!saved.count && !host_orphans(session.arena, &look->host))
        return status;
    enum status read = read_claims(look, &session, &claims);
    record_mark_owners(session.arena, claims, &look->host);
    const struct handover_facts facts = { &look->host, look->all, look->count, claims };
    status = status_worse(status, pvusb_find_handovers(&session, &saved, &facts, &handovers));
    // What could not be read only matters if something depends on it.
    unsigned left = problems_of_handovers(session.arena, &look->host, handovers, problems);
    left += problems_of_host(session.arena, &look->host, &look->examination->asked, problems);
    if (!left)
        return status;
    return status_worse(status, read == STATUS_OK ? STATUS_REFUSED : read);
}
