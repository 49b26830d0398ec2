// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "base/suggest.h"
#include "config/policy.h"
#include "planning.h"
#include "xen/advice.h"

enum { SHOWN_MATCHES = 8 };

static void complain_ambiguous(struct planning *planning, struct placement *placement,
                               unsigned count)
{
    const struct selector *selector = &placement->wanted->selector;
    struct buffer list = buffer_in(planning->arena);
    unsigned shown = 0;
    for (const struct host_device *at = NULL; (at = host_next(planning->host, selector, at));) {
        if (shown++ >= SHOWN_MATCHES)
            break;
        host_read_strings(at, HOST_SERIAL);
        buffer_join(&list, ", ", "%s%s%s", at->busid, *at->serial ? " serial=" : "", at->serial);
    }
    planning_refuse(placement, "more than one device matches");
    struct diag *diag = planning_complain(
        planning, STATUS_REQUEST, CODE_AMBIGUOUS, planning_selector_place(placement->wanted),
        "%u USB devices match %s", count, selector_show(planning->arena, selector));
    diag_hint(planning->diags, diag, "select one: %s%s", buffer_string(&list),
              count > SHOWN_MATCHES ? ", ..." : "");
}

// An earlier placement of the same host device.
static const struct placement *earlier_placement(const struct planning *planning,
                                                 const struct placement *placement)
{
    for (const struct placement *other = planning->placements; other < placement; other++)
        if (other->host && other->host == placement->host)
            return other;
    return NULL;
}

static void complain_twice(struct planning *planning, struct placement *placement,
                           const struct placement *first)
{
    planning_refuse(placement, "requested twice");
    struct diag *diag = planning_complain(
        planning, STATUS_REQUEST, CODE_CONFLICT, planning_selector_place(placement->wanted),
        "%s is requested twice", host_device_show(planning->arena, placement->host));
    diag_also(planning->diags, diag, planning->config->source,
              planning_selector_place(first->wanted), "it is also requested here");
}

// What else is to be said of an objection to attaching a device.
struct objection {
    const char *fix; // what to do; NULL
    enum diag_code code;
};

// The device of the guest that it is, or that it takes the place of; or NULL.
static const struct device *device_here(const struct planning *planning,
                                        const struct host_device *host)
{
    for (const struct controller *at = planning->topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->kind == DEVICE_HOSTDEV && device_on_host(device) == host)
                return device;
    return NULL;
}

// Whether the guest has the device, or gets it without further ado.
static bool has_it(const struct device *here)
{
    return here && (here->state == DEVICE_ATTACHED || here->state == DEVICE_WAITING);
}

// Whether the records have it in another domain; and whether that domain does not have it.
static bool is_others(const struct planning *planning, const struct host_device *host)
{
    return host->owner && host->owner_domain != planning->topology->domain->id;
}

static bool is_lost(const struct host_device *host)
{
    return host_hold_is_of(&host->hold, host->owner_domain) == VERDICT_NO;
}

static const char *objection_of_owner(const struct planning *planning,
                                      const struct host_device *host, struct objection *objection)
{
    const struct domain owner = { .id = host->owner_domain, .name = "" };
    objection->code = CODE_IN_USE;
    if (!is_lost(host))
        return arena_printf(planning->arena, "%s has it", host->owner);
    if (host->owner_changes) {
        objection->fix = "try again after that has ended";
        return arena_printf(planning->arena, "it is recorded for %s, which %s is changing",
                            host->owner, host->owner_changes);
    }
    objection->fix = advice(planning->arena, ADVICE_DETACH, &owner, host->busid);
    return arena_printf(planning->arena, "it is recorded for %s, which does not have it",
                        host->owner);
}

// How the host itself uses the device, or NULL. --force overrides that, unless it is a disk, or
// what it is cannot be found out.
static const char *objection_of_host(const struct planning *planning,
                                     const struct host_device *host, struct objection *objection)
{
    bool force = planning->options->force;
    objection->code = CODE_HOST_NEEDS_IT;
    objection->fix = host->busy_fix;
    if (host->busy && (host->busy_disk || !force))
        return arena_printf(planning->arena, "in use by this host: %s", host->busy);
    objection->fix = force ? "--force does not override this: it may be a disk in use" : NULL;
    return part_is_unreadable(&host->use)
               ? arena_printf(planning->arena, "whether this host uses it is unknown: %s",
                              host->use.why)
               : NULL;
}

// Whether the policy denies the domain a device (NULL: one of a driver domain). --force does not
// override that.
static const char *objection_of_policy(const struct planning *planning,
                                       const struct host_device *host, struct objection *objection)
{
    const struct policy *policy = planning->options->policy;
    const struct domain *domain = planning->topology->domain;
    if (!policy)
        return NULL;
    struct host_traits traits = { .unread = NULL };
    if (host) {
        host_read_strings(host, HOST_SERIAL);
        traits = host_read_traits(planning->arena, host);
    }
    const struct policy_subject subject = { host, &traits, domain->id < 0 ? NULL : domain->name };
    const struct policy_decision decision = policy_decide(policy, &subject);
    if (decision.allowed)
        return NULL;
    objection->code = CODE_DENIED;
    objection->fix =
        policy->broken ? advice(planning->arena, ADVICE_CHECK_POLICY, NULL, policy->path)
        : decision.rule
            ? arena_printf(planning->arena, "an ALLOW line before line %u would allow it",
                           decision.rule->line)
            : "an ALLOW line would allow it";
    return policy_show(planning->arena, policy, &decision);
}

// The guest that loses the device to this one, if it is moved; NULL if it is not.
static const struct topology *losing(const struct planning *planning,
                                     const struct host_device *host)
{
    const struct device *moved = planning->options->moved;
    const struct topology *topology = moved ? moved->controller->topology : NULL;
    return topology && topology != planning->topology &&
                   strcmp(device_busid(moved), host->busid) == 0
               ? topology
               : NULL;
}

// What can be attached instead of a hub.
static const char *list_behind(const struct planning *planning, const struct host_device *hub)
{
    struct buffer list = buffer_in(planning->arena);
    struct selector behind = { .criteria = SELECT_BEHIND };
    unsigned shown = 0;
    memcpy(behind.behind, hub->busid, sizeof behind.behind);
    for (const struct host_device *at = NULL; (at = host_next(planning->host, &behind, at));)
        if (!at->hub && shown++ < SHOWN_MATCHES)
            buffer_join(&list, ", ", "%s %s", at->busid, host_device_label(planning->arena, at));
    if (!shown)
        return strchr(hub->busid, '-') ? "nothing is plugged into it" : NULL;
    return arena_printf(planning->arena, "behind=%s selects what is there: %s%s", hub->busid,
                        buffer_string(&list), shown > SHOWN_MATCHES ? ", ..." : "");
}

// Why the device must not be attached, or NULL.
static const char *object(const struct planning *planning, const struct host_device *host,
                          struct objection *objection)
{
    const struct device *here = device_here(planning, host);
    const struct topology *from = losing(planning, host);
    const struct host_guest guest = topology_guest(from ? from : planning->topology);
    *objection = (struct objection){ NULL, CODE_UNSUPPORTED };
    if (host->hub) {
        objection->fix = list_behind(planning, host);
        return "it is a hub; select the devices behind it";
    }
    if (has_it(here))
        return NULL;
    if (is_others(planning, host) && !(from && host->owner_domain == from->domain->id))
        return objection_of_owner(planning, host, objection);
    const char *why = host_hold_show(planning->arena, &host->hold, here || from ? &guest : NULL);
    objection->code = CODE_IN_USE;
    if (why) {
        objection->fix = host_hold_fix(&host->hold);
        return why;
    }
    if (part_is_unreadable(&planning->host->claims))
        return arena_printf(planning->arena, "who has it is unknown: %s",
                            planning->host->claims.why);
    why = objection_of_policy(planning, host, objection);
    return why ? why : objection_of_host(planning, host, objection);
}

// What the host loses with the device, unless the guest has it.
static void warn_of_loss(struct planning *planning, const struct placement *placement)
{
    const struct host_device *host = placement->host;
    if (has_it(device_here(planning, host)))
        return;
    for (const struct host_caution *at = host->cautions; at; at = at->next) {
        struct diag *diag =
            complain(planning->diags, SEVERITY_WARNING, CODE_HOST_NEEDS_IT,
                     planning->config->source, planning_selector_place(placement->wanted), "%s: %s",
                     host_device_show(planning->arena, host), at->what);
        diag_hint(planning->diags, diag, "%s", at->hint);
    }
}

static void refuse_attaching(struct planning *planning, struct placement *placement,
                             const char *why, const struct objection *objection)
{
    planning_refuse(placement, why);
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, objection->code, planning_selector_place(placement->wanted),
        "%s cannot be attached: %s", host_device_show(planning->arena, placement->host), why);
    if (objection->fix)
        diag_hint(planning->diags, diag, "%s", objection->fix);
}

void resolve_move(struct planning *planning, struct placement *placement)
{
    struct objection objection = { NULL, CODE_REFUSED };
    const char *why = objection_of_policy(planning, placement->host, &objection);
    if (why)
        refuse_attaching(planning, placement, why, &objection);
}

static void resolve_target(struct planning *planning, struct placement *placement)
{
    const struct config_device *wanted = placement->wanted;
    unsigned count = planning->host && !wanted->missing
                         ? host_select(planning->host, &wanted->selector, &placement->host)
                         : 0;
    if (count != 1)
        placement->host = NULL;
    if (count == 0)
        refuse_absent(planning, placement);
    if (count > 1)
        complain_ambiguous(planning, placement, count);
    if (!placement->host)
        return;
    const struct placement *first = earlier_placement(planning, placement);
    if (first) {
        complain_twice(planning, placement, first);
        return;
    }
    struct objection objection = { NULL, CODE_REFUSED };
    const char *why = object(planning, placement->host, &objection);
    if (why)
        refuse_attaching(planning, placement, why, &objection);
    else
        warn_of_loss(planning, placement);
}

// The devices of a driver domain are not visible from here, so only a busid can select one, and
// only a policy that does not ask what it is can allow it.
static void resolve_elsewhere(struct planning *planning, struct placement *placement)
{
    struct span at = planning_selector_place(placement->wanted);
    struct objection objection = { NULL, CODE_REFUSED };
    const char *why = objection_of_policy(planning, NULL, &objection);
    struct diag *diag;
    if (placement->wanted->selector.criteria != SELECT_BUSID) {
        planning_refuse(placement, "not selected by busid");
        diag = planning_complain(planning, STATUS_REQUEST, CODE_UNSUPPORTED, at,
                                 "devices of driver domain %u can only be selected by busid",
                                 placement->controller->backend_domain);
        diag_hint(planning->diags, diag, "use busid=, with the busid in that domain");
    } else if (why) {
        planning_refuse(placement, why);
        diag = planning_complain(planning, STATUS_REFUSED, objection.code, at,
                                 "%s of driver domain %u cannot be attached: %s",
                                 placement->wanted->selector.busid,
                                 placement->controller->backend_domain, why);
        diag_hint(planning->diags, diag, "%s", objection.fix);
    }
}

void resolve_placements(struct planning *planning)
{
    for (size_t i = 0; i < planning->placement_count; i++) {
        struct placement *placement = &planning->placements[i];
        if (placement->wanted->kind != DEVICE_HOSTDEV || placement->op != STEP_ADD)
            continue;
        if (placement->controller && placement->controller->backend_domain)
            resolve_elsewhere(planning, placement);
        else
            resolve_target(planning, placement);
    }
}
