// SPDX-License-Identifier: MIT
#include "recover.h"

#include "backends/pvusb/handover.h"
#include "base/arena.h"
#include "host/holders.h"
#include "plan/log.h"
#include "record/record.h"
#include "xen/toolstack.h"
#include "xen/xen.h"

#include <syslog.h>

// xl takes no lock while it changes drivers. It needs a fraction of this.
#define PAUSE_SECONDS 1.0

enum { LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

struct recovery {
    struct session session; // with its own diagnostics
    const struct domain *domains;
    size_t domain_count;
    struct host *host;
    struct pvusb_saved saved;
    struct pvusb_handover *found;
};

static void warn(const struct recovery *recovery, struct diags *diags, const char *why)
{
    complain(diags, SEVERITY_WARNING, CODE_UNFINISHED, NULL, SPAN_NONE,
             "devices may have been handed over to usbback, or back, only partly: %s",
             diags_reason(recovery->session.diags, why));
}

static bool is_again(const struct pvusb_handover *found, const struct pvusb_handover *handover)
{
    const struct pvusb_handover *at = found;
    while (at && (strcmp(at->busid, handover->busid) != 0 || !at->owner != !handover->owner))
        at = at->next;
    return at;
}

// Finds what is unfinished; of that, what the last look found too.
static enum status look(struct recovery *recovery, bool first)
{
    struct record_claim *claims;
    struct pvusb_handover *found, *before = recovery->found, **last = &recovery->found;
    struct handover_facts facts = { recovery->host, recovery->domains, recovery->domain_count,
                                    NULL };
    enum status status = record_claims_here(&recovery->session, &claims);
    facts.claims = claims;
    if (status == STATUS_OK)
        status = pvusb_find_handovers(&recovery->session, &recovery->saved, &facts, &found);
    if (status != STATUS_OK)
        return status;
    for (struct pvusb_handover *at = found, *next; at; at = next) {
        next = at->next;
        if (!first && !is_again(before, at))
            continue;
        *last = at;
        last = &at->next;
    }
    *last = NULL;
    return STATUS_OK;
}

// Takes the host's lock, looks again at the host and at what is unfinished, and who has it.
static enum status look_again(struct recovery *recovery, struct lock *lock)
{
    const struct session *session = &recovery->session;
    const struct host_device *devices[1] = { NULL };
    enum status status = host_lock_devices(session, devices, NULL, 0, lock);
    if (status == STATUS_OK)
        status = pvusb_saved_read(session, &recovery->saved);
    if (status == STATUS_OK)
        status = host_look(session->arena, session->diags, recovery->host);
    if (status == STATUS_OK)
        status = look(recovery, false);
    for (struct pvusb_handover *at = recovery->found; status == STATUS_OK && at; at = at->next)
        if (at->device)
            host_find_holders(session, &at->device, 1);
    return status;
}

// Why the drivers of the device must be left alone; NULL if they need not.
static const char *why_not(struct arena *arena, const struct pvusb_handover *handover)
{
    const struct host_device *device = handover->device;
    unsigned xl = toolstack_at_work();
    if (xl)
        return arena_printf(arena, "it is left alone: xl (pid %u) is changing devices", xl);
    if (!device || (!device->hold.holders && !part_is_unreadable(&device->hold.processes)))
        return NULL;
    const struct host_hold held = { device->hold.holders, NULL, device->hold.processes, false };
    return arena_printf(arena, "it is left alone: %s", host_hold_show(arena, &held, NULL));
}

static void finish(const struct recovery *recovery, struct diags *diags,
                   const struct pvusb_handover *handover)
{
    struct arena *arena = recovery->session.arena;
    const char *why = why_not(arena, handover);
    const char *done = handover->owner ? "bound the rest of it to usbback" : "gave it back";
    bool finished = !why && pvusb_finish(&recovery->session, handover, &why);
    const char *line =
        arena_printf(arena, "%s: %s; %s", handover->busid, handover->why, finished ? done : why);
    complain(diags, finished ? SEVERITY_NOTE : SEVERITY_WARNING, CODE_UNFINISHED, NULL, SPAN_NONE,
             "%s", line);
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    syslog(finished ? LOG_NOTICE : LOG_ERR, "%s; by %s",
           text_show(arena, text_of(line), LINE_SHOWN), log_who(arena));
    closelog();
}

// Looks twice more, and finishes what is found each time.
static enum status finish_all(struct recovery *recovery, struct diags *diags)
{
    const struct session *session = &recovery->session;
    const double seconds = PAUSE_SECONDS * session->timeout_scale;
    for (int again = 0; recovery->found; again++) {
        cleanup_lock struct lock lock = LOCK_NONE;
        enum status status = look_again(recovery, &lock);
        if (status != STATUS_OK || !recovery->found)
            return status;
        if (again) {
            for (const struct pvusb_handover *at = recovery->found; at; at = at->next)
                finish(recovery, diags, at);
            return host_look(session->arena, session->diags, recovery->host);
        }
        lock_release(&lock);
        cleanup_waiting struct waiting waiting =
            waiting_until(deadline_in(seconds), "xl to finish with a device");
        session_poll(session, &waiting, NULL, seconds);
        if (session_interrupted(session))
            return STATUS_OK;
    }
    return STATUS_OK;
}

void recover_handovers(const struct session *session, const struct domain *domains, size_t count,
                       struct host *host)
{
    struct diags quiet;
    struct recovery recovery = {
        .session = *session, .domains = domains, .domain_count = count, .host = host
    };
    if (!session->xen || !host_has_usbback())
        return;
    diags_init(&quiet, session->arena);
    recovery.session.diags = &quiet;
    enum status status = pvusb_saved_read(&recovery.session, &recovery.saved);
    if (status == STATUS_OK && pvusb_saved_suspicious(&recovery.saved, host))
        status = look(&recovery, true);
    if (status == STATUS_OK)
        status = finish_all(&recovery, session->diags);
    if (status != STATUS_OK)
        warn(&recovery, session->diags, "xenstore could not be read");
}
