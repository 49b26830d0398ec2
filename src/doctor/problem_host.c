// SPDX-License-Identifier: MIT
// Devices of this host that have lost their driver, or were handed over to usbback or back only
// partly.
#include "base/arena.h"
#include "host/host.h"
#include "problem.h"
#include "xen/toolstack.h"

// Whether fixing one of the problems gives up the claim that the device's owner has on it.
static bool is_freed(const struct problems *problems, const struct host_device *device)
{
    for (const struct problem *at = problems->first; at; at = at->next)
        if (at->frees && at->domain == device->owner_domain &&
            strcmp(at->frees, device->busid) == 0)
            return true;
    return false;
}

static bool is_handover(const struct problems *problems, const struct host_device *device)
{
    const struct problem *at = problems->first;
    while (at && !(at->kind == PROBLEM_HANDOVER && strcmp(at->key, device->busid) == 0))
        at = at->next;
    return at;
}

// Why nothing may be done about a handover now; NULL if it may.
static const char *why_unknown(struct arena *arena, const struct host *host,
                               const struct pvusb_handover *handover)
{
    unsigned xl = toolstack_at_work();
    if (xl)
        return arena_printf(arena, "xl (pid %u) is changing devices", xl);
    if (!handover->device)
        return part_is_unreadable(&host->claims) ? host->claims.why : NULL;
    return part_unknown(&host->claims, &handover->device->hold.processes);
}

unsigned problems_of_handovers(struct arena *arena, const struct host *host,
                               const struct pvusb_handover *handovers, struct problems *problems)
{
    unsigned left = 0;
    for (const struct pvusb_handover *at = handovers; at; at = at->next) {
        const struct host_device *device = at->device;
        if (device && (device->hold.holders || (at->owner && is_freed(problems, device))))
            continue;
        struct problem *problem = problem_add(arena, problems, PROBLEM_HANDOVER, NULL, at->busid);
        problem->what = device ? host_device_show(arena, device) : at->busid;
        problem->why = at->why;
        problem->handover = at;
        problem->unknown = why_unknown(arena, host, at);
        if (!problem->unknown)
            continue;
        problem->why = arena_printf(arena, "%s; it is left alone: %s", at->why, problem->unknown);
        problem->state = PROBLEM_LEFT;
        problem->alone = true;
        problem->fix = NULL;
        problem->failure = "it is left alone as long as that is unknown";
        left++;
    }
    return left;
}

unsigned problems_of_host(struct arena *arena, const struct host *host, const struct part *asked,
                          struct problems *problems)
{
    unsigned left = 0;
    for (const struct host_orphan *at = host_orphans(arena, host); at; at = at->next) {
        if (is_handover(problems, at->device) ||
            (at->device->owner && !is_freed(problems, at->device)))
            continue;
        struct problem *problem =
            problem_add(arena, problems, PROBLEM_ORPHAN, NULL, at->device->busid);
        problem->what = host_device_show(arena, at->device);
        problem->unknown = part_unknown(&host->claims, &at->device->hold.processes);
        if (problem->unknown) {
            problem->why = arena_printf(arena, "no driver uses it: %s; who has it is unknown: %s",
                                        at->interfaces, problem->unknown);
            problem->failure = "it is left alone as long as that is unknown";
        } else {
            problem->why = arena_printf(arena, "no domain, program or driver uses it: %s; %s",
                                        at->interfaces, at->evidence);
        }
        if (!problem->unknown && part_is_unreadable(asked)) {
            problem->why = arena_printf(arena, "%s; but %s", problem->why, asked->why);
            problem->failure = "it is left alone until every domain can be asked";
        }
        if (problem->failure) {
            problem->state = PROBLEM_LEFT;
            problem->alone = true;
            problem->fix = NULL;
            left++;
        }
    }
    return left;
}
