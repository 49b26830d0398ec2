// SPDX-License-Identifier: MIT
#include "owners.h"

#include "base/arena.h"
#include "record/record.h"
#include "xen/probe.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

static enum status read_claims(struct session *session, struct record_claim **claims)
{
    enum status status = xen_open(session->arena, session->diags,
                                  XENSTORE_SECONDS * session->timeout_scale, &session->xen);
    return status == STATUS_OK ? record_claims(session, claims) : status;
}

void owners_find(const struct session *session, struct host *host)
{
    struct diags quiet;
    struct session own = *session;
    struct record_claim *claims = NULL;
    diags_init(&quiet, session->arena);
    own.diags = &quiet;
    own.xen = NULL;
    if (read_claims(&own, &claims) == STATUS_OK)
        host->claims = part_read();
    else if (own.xen || xen_is_host(session->arena))
        host->claims =
            part_unreadable(quiet.first ? quiet.first->message : "xenstore could not be read");
    record_mark_owners(session->arena, claims, host);
    host_find_holders(&own, host);
    xen_close(own.xen);
}

static bool is_asked_for(const struct config *config, const struct host_device *device)
{
    const struct config_device *wanted = config->devices;
    while (wanted &&
           (wanted->kind != DEVICE_HOSTDEV || !selector_matches(&wanted->selector, device)))
        wanted = wanted->next;
    return wanted;
}

void owners_await(const struct session *session, const struct config *config, struct host *host)
{
    struct host_device **devices =
        arena_array_of(session->arena, struct host_device *, host->count);
    struct host_hold *holds = arena_array_of(session->arena, struct host_hold, host->count);
    size_t count = 0;
    for (struct host_device *at = host->devices; at; at = at->next)
        if (host_hold_may_pass(&at->hold) && is_asked_for(config, at))
            devices[count++] = at;
    if (!count)
        return;
    host_await_holders(session, (const struct host_device *const *)devices, holds, count);
    for (size_t i = 0; i < count; i++)
        devices[i]->hold = holds[i];
}
