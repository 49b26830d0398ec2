// SPDX-License-Identifier: MIT
#include "knowing.h"

#include "base/arena.h"

#include <stdlib.h>

// Copies a string behind the claims.
static const char *keep(char **memory, const char *string)
{
    const size_t size = strlen(string) + 1;
    char *copy = memcpy(*memory, string, size);
    *memory += size;
    return copy;
}

// Makes what is known of a domain. False if one of its claims is that of a command that has not
// finished, which is not known for long.
static bool make(struct known_domain *made, const struct domain *domain,
                 const struct record_claim *claims)
{
    size_t size = 0;
    *made = (struct known_domain){ .id = domain->id };
    memcpy(made->uuid, domain->uuid, strlen(domain->uuid) + 1);
    for (const struct record_claim *at = claims; at; at = at->next) {
        if (at->domain != domain->id)
            continue;
        if (at->open)
            return false;
        made->count++;
        size += sizeof *at + strlen(at->busid) + strlen(at->name) + strlen(at->place) + 3;
    }
    made->claims = malloc(size ? size : 1);
    if (!made->claims)
        arena_give_up();
    char *memory = (char *)(made->claims + made->count);
    struct record_claim *next = made->claims;
    for (const struct record_claim *at = claims; at; at = at->next) {
        if (at->domain != domain->id)
            continue;
        *next = *at;
        next->next = NULL;
        next->by = NULL;
        next->busid = keep(&memory, at->busid);
        next->name = keep(&memory, at->name);
        next++->place = keep(&memory, at->place);
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    return ((const struct known_domain *)a)->id - ((const struct known_domain *)b)->id;
}

static void add_all(struct record_known *known, const struct domain *domains,
                    const struct xen_query *journals, size_t count,
                    const struct record_claim *claims)
{
    struct known_domain made;
    known->domains = realloc(known->domains, (known->count + count) * sizeof *known->domains);
    if (!known->domains)
        arena_give_up();
    for (size_t i = 0; i < count; i++)
        if (journals[i].result == XEN_ABSENT && make(&made, &domains[i], claims))
            known->domains[known->count++] = made;
    qsort(known->domains, known->count, sizeof *known->domains, by_id);
}

// Reads domains together; each by itself, if that fails for one of them.
static void read_domains(struct record_known *known, const struct session *session,
                         const struct domain *domains, size_t count)
{
    struct record_claim *claims;
    struct session own = *session;
    struct xen_query *journals = arena_array_of(session->arena, struct xen_query, count);
    own.known = NULL;
    own.record = NULL;
    own.domain = NULL;
    for (size_t i = 0; i < count; i++)
        journals[i].path = arena_printf(session->arena, "/xenusb/%d/journal", domains[i].id);
    const enum status status = record_claims_of(&own, domains, NULL, count, &claims);
    if (status == STATUS_OK) {
        (void)xen_ask(session->xen, journals, count);
        add_all(known, domains, journals, count, claims);
    } else if (status != STATUS_TIMEOUT && count > 1) {
        for (size_t i = 0; i < count; i++)
            read_domains(known, session, &domains[i], 1);
    }
}

// Those that still run.
static void keep_running(struct record_known *known, const struct domain *domains, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0, at = 0; i < known->count; i++) {
        while (at < count && domains[at].id < known->domains[i].id)
            at++;
        if (at < count && domains[at].id == known->domains[i].id &&
            strcmp(domains[at].uuid, known->domains[i].uuid) == 0)
            known->domains[kept++] = known->domains[i];
        else
            free(known->domains[i].claims);
    }
    known->count = kept;
}

void record_known_update(struct record_known *known, const struct session *session,
                         const struct domain *domains, size_t count, int except)
{
    const struct record_claim *claims;
    size_t unknown = 0, some;
    struct domain *asked = arena_array_of(session->arena, struct domain, count);
    keep_running(known, domains, count);
    for (size_t i = 0; i < count; i++)
        if (domains[i].id != except && *domains[i].uuid &&
            !record_known_claims(known, &domains[i], &claims, &some))
            asked[unknown++] = domains[i];
    if (unknown)
        read_domains(known, session, asked, unknown);
}
