// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record.h"
#include "xen/xen.h"

struct claiming {
    struct arena *arena;
    const struct domain *domain;
    struct record_claim **last;
};

static struct record_claim *add_claim(struct claiming *claiming, const char *busid)
{
    struct record_claim *claim = arena_new_of(claiming->arena, struct record_claim);
    claim->busid = busid;
    claim->domain = claiming->domain->id;
    claim->name = claiming->domain->name;
    claim->index = -1;
    *claiming->last = claim;
    claiming->last = &claim->next;
    return claim;
}

// What a user calls the controller that QEMU knows by that id; `otherwise` if nobody named it.
static const char *name_of(const struct record *record, const char *id, const char *otherwise)
{
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (!note->of_device && *note->name && strcmp(note->id, id) == 0)
            return note->name;
    return otherwise;
}

static void add_claims(struct claiming *claiming, const struct record *record)
{
    struct arena *arena = claiming->arena;
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        for (unsigned port = 1; port <= at->ports; port++) {
            const char *busid = at->port[port],
                       *id = arena_printf(
                           arena, at->kind == RECORD_EMULATED ? "xenusb-%u" : "vusb-%u", at->index);
            if (!busid || !*busid || strcmp(busid, RECORD_GARBAGE) == 0)
                continue;
            struct record_claim *claim = add_claim(claiming, busid);
            claim->index = (int)at->index;
            claim->backend_domain = at->backend_domain;
            claim->port = port;
            claim->place =
                arena_printf(arena, "controller %s port %u",
                             name_of(record, id, arena_printf(arena, "%u", at->index)), port);
        }
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (*note->busid)
            add_claim(claiming, note->busid)->place =
                arena_printf(arena, "controller %s port %s",
                             name_of(record, note->controller, note->controller), note->port);
}

enum status record_claims(const struct session *session, struct record_claim **claims)
{
    const struct domain *domains;
    size_t count;
    *claims = NULL;
    if (!session->xen)
        return STATUS_OK;
    enum status status = xen_domains(session->xen, session->diags, &domains, &count);
    struct claiming claiming = { .arena = session->arena, .last = claims };
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct record record;
        struct session asked = *session;
        struct domain domain = domains[i];
        asked.domain = &domain;
        claiming.domain = &domain;
        if (!domain.dying)
            status = record_read(&asked, &record);
        if (status == STATUS_OK && !domain.dying)
            add_claims(&claiming, &record);
    }
    return status;
}

// What stands at the device's own place, in the record or in our note of it.
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

enum status record_other_claim(const struct session *session, const struct device *device,
                               const char **other)
{
    struct record_claim *claims;
    const char *busid = device_busid(device);
    enum status status = record_claims(session, &claims);
    *other = NULL;
    for (const struct record_claim *at = claims; status == STATUS_OK && at && !*other;
         at = at->next)
        if (!is_claim_of(at, session, device) && strcmp(at->busid, busid) == 0 &&
            at->backend_domain == device->controller->backend_domain)
            *other = arena_printf(session->arena, "xl gave %s to %s (%d), %s, at the same time",
                                  busid, at->name, at->domain, at->place);
    return status;
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
