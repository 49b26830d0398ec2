// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record.h"
#include "xen/xen.h"

// The claims so far, and the domain whose record is added to them.
struct claim_list {
    struct arena *arena;
    const struct domain *domain;
    struct record_claim **last;
};

static struct record_claim *add_claim(struct claim_list *list, const char *busid)
{
    struct record_claim *claim = arena_new_of(list->arena, struct record_claim);
    claim->busid = busid;
    claim->domain = list->domain->id;
    claim->name = list->domain->name;
    claim->index = -1;
    *list->last = claim;
    list->last = &claim->next;
    return claim;
}

// The name of the controller with that id of QEMU's; `fallback` if it has none.
static const char *name_of(const struct record *record, const char *id, const char *fallback)
{
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (!note->of_device && *note->name && strcmp(note->id, id) == 0)
            return note->name;
    return fallback;
}

static void add_claims(struct claim_list *list, const struct record *record)
{
    struct arena *arena = list->arena;
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        for (unsigned port = 1; port <= at->ports; port++) {
            const char *busid = at->port[port],
                       *id = arena_printf(
                           arena, at->kind == RECORD_EMULATED ? "xenusb-%u" : "vusb-%u", at->index);
            if (!busid || !*busid || strcmp(busid, RECORD_GARBAGE) == 0)
                continue;
            struct record_claim *claim = add_claim(list, busid);
            claim->index = (int)at->index;
            claim->backend_domain = at->backend_domain;
            claim->port = port;
            claim->place =
                arena_printf(arena, "controller %s port %u",
                             name_of(record, id, arena_printf(arena, "%u", at->index)), port);
        }
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (*note->busid)
            add_claim(list, note->busid)->place =
                arena_printf(arena, "controller %s port %s",
                             name_of(record, note->controller, note->controller), note->port);
}

// Reads the record of a domain unless it is known: given, or read already as the session's own.
static enum status read_claims(struct claim_list *list, const struct session *session,
                               const struct record *known)
{
    struct record record;
    struct session of_domain = *session;
    struct domain domain = *list->domain;
    of_domain.domain = &domain;
    if (!known && session->record && domain.id == session->domain->id)
        known = session->record;
    enum status status = known ? STATUS_OK : record_read(&of_domain, &record);
    if (status == STATUS_OK)
        add_claims(list, known ? known : &record);
    return status;
}

enum status record_claims_of(const struct session *session, const struct domain *domains,
                             const struct record *const *records, size_t count,
                             struct record_claim **claims)
{
    enum status status = STATUS_OK;
    *claims = NULL;
    struct claim_list list = { .arena = session->arena, .last = claims };
    // After a timeout the connection is lost.
    for (size_t i = 0; status != STATUS_TIMEOUT && i < count; i++) {
        list.domain = &domains[i];
        if (!domains[i].dying)
            status = status_worse(status, read_claims(&list, session, records ? records[i] : NULL));
    }
    return status;
}

enum status record_claims(const struct session *session, struct record_claim **claims)
{
    const struct domain *domains;
    size_t count;
    struct session now = *session;
    now.record = NULL;
    *claims = NULL;
    if (!session->xen)
        return STATUS_OK;
    enum status status = xen_domains(session->xen, session->diags, &domains, &count);
    return status == STATUS_OK ? record_claims_of(&now, domains, NULL, count, claims) : status;
}

// Whether the claim is that of the device itself, in libxl's record or in a note.
static bool is_claim_of(const struct record_claim *claim, const struct session *session,
                        const struct device *device)
{
    const struct controller *controller = device->controller;
    if (claim->domain != session->domain->id)
        return false;
    if (claim->index < 0)
        return controller->pvusb == PVUSB_ANY;
    return claim->index == controller->index && claim->port == device->port.number[0];
}

const char *record_other_claim(const struct session *session, const struct record_claim *claims,
                               const struct device *device)
{
    const char *busid = device_busid(device);
    for (const struct record_claim *at = claims; at; at = at->next)
        if (!is_claim_of(at, session, device) && strcmp(at->busid, busid) == 0 &&
            at->backend_domain == device->controller->backend_domain)
            return arena_printf(session->arena, "%s was given to %s (%d), %s, at the same time",
                                busid, at->name, at->domain, at->place);
    return NULL;
}

void record_mark_owners(struct arena *arena, const struct record_claim *claims, struct host *host)
{
    for (struct host_device *device = host->devices; device; device = device->next)
        for (const struct record_claim *at = claims; at && !device->owner; at = at->next) {
            if (at->backend_domain || strcmp(at->busid, device->busid) != 0)
                continue;
            device->owner = arena_printf(arena, "%s (%d), %s", at->name, at->domain, at->place);
            device->owner_domain = at->domain;
        }
}
