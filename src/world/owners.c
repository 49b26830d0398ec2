// SPDX-License-Identifier: MIT
#include "owners.h"

#include "base/arena.h"
#include "record/record.h"
#include "xen/probe.h"
#include "xen/xen.h"

#define PROBE_SECONDS 2.0
#define PAUSE         0.05 // seconds between two looks

// Sets *own to the session with a connection to xenstore of its own, NULL if that fails, and *quiet
// to its diagnostics.
static enum status open_own(const struct session *session, struct session *own, struct diags *quiet)
{
    diags_init(quiet, session->arena);
    *own = *session;
    own->diags = quiet;
    own->xen = NULL;
    return xen_open(session->arena, quiet, XENSTORE_SECONDS * session->timeout_scale, &own->xen);
}

// Leaves the connection in *own open.
static void find_claims(const struct session *session, struct session *own, struct host *host)
{
    struct diags quiet;
    struct record_claim *claims = NULL;
    enum status status = open_own(session, own, &quiet);
    if (status == STATUS_OK)
        status = record_claims(own, &claims);
    if (status == STATUS_OK)
        host->claims = part_read();
    else if (own->xen || xen_is_host(session->arena))
        host->claims = part_unreadable(diags_reason(&quiet, "xenstore could not be read"));
    record_mark_owners(session->arena, claims, host);
}

void owners_find_claims(const struct session *session, struct host *host)
{
    struct session own;
    find_claims(session, &own, host);
    xen_close(own.xen);
}

void owners_find(const struct session *session, struct host *host)
{
    struct session own;
    struct host_device **devices;
    size_t count = host_all(session->arena, host, &devices);
    find_claims(session, &own, host);
    host_find_use(&own, devices, count);
    host_find_holders(&own, devices, count);
    xen_close(own.xen);
}

// Whether the domain has it already, so that it is not given away.
static bool is_there(const struct topology *topology, const struct host_device *host)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->host == host && device->state != DEVICE_GONE)
                return true;
    return false;
}

static bool is_among(struct host_device *const *devices, size_t count,
                     const struct host_device *device)
{
    while (count && devices[count - 1] != device)
        count--;
    return count;
}

// Sets *devices to the devices that may be given away; returns how many there are.
static size_t find_asked(const struct session *session, const struct config *config,
                         const struct topology *topology, const struct host *host,
                         struct host_device ***devices)
{
    struct host_device **found = arena_array_of(session->arena, struct host_device *, host->count);
    size_t count = 0;
    for (const struct config_device *wanted = config->devices; wanted; wanted = wanted->next) {
        if (wanted->kind != DEVICE_HOSTDEV)
            continue;
        for (struct host_device *at = NULL; (at = host_next(host, &wanted->selector, at));)
            if (!at->hub && !is_there(topology, at) && !is_among(found, count, at))
                found[count++] = at;
    }
    *devices = found;
    return count;
}

static bool any_use_passes(struct host_device *const *devices, size_t count)
{
    while (count && !devices[count - 1]->busy_passes)
        count--;
    return count;
}

// Waits for uses that may pass.
static void await_use(const struct session *session, struct host_device *const *devices,
                      size_t count)
{
    cleanup_waiting struct waiting waiting = waiting_until(
        deadline_in(PROBE_SECONDS * session->timeout_scale), "this host to stop using a device");
    while (any_use_passes(devices, count) && session_pause(session, &waiting, PAUSE))
        host_find_use(session, devices, count);
}

// Waits for those that may pass. Changes the order of the devices.
static void await(const struct session *session, struct host_device **devices, size_t count)
{
    size_t passing = 0;
    for (size_t i = 0; i < count; i++)
        if (host_hold_may_pass(&devices[i]->hold))
            devices[passing++] = devices[i];
    if (!passing)
        return;
    struct host_hold *holds = arena_array_of(session->arena, struct host_hold, passing);
    host_await_holders(session, (const struct host_device *const *)devices, holds, passing);
    for (size_t i = 0; i < passing; i++)
        devices[i]->hold = holds[i];
}

void owners_find_asked(const struct session *session, const struct config *config,
                       const struct topology *topology, struct host *host)
{
    struct host_device **devices;
    struct session own = *session;
    struct diags quiet;
    size_t count = find_asked(session, config, topology, host, &devices);
    if (!count)
        return;
    // A guest is named also where its QEMU holds a device that another QEMU (--qmp) asks for.
    if (!session->xen && host->claims.state == PART_READ)
        (void)open_own(session, &own, &quiet);
    host_find_use_and_cautions(&own, devices, count);
    host_find_holders(&own, devices, count);
    await_use(&own, devices, count);
    await(&own, devices, count);
    if (!session->xen)
        xen_close(own.xen);
}
