// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"

enum { SHOWN_MATCHES = 8 };

static struct span selector_place(const struct config_device *wish)
{
    return span_is_none(wish->selector_at) ? wish->why : wish->selector_at;
}

static void refuse(struct target *target, const char *words)
{
    target->op = STEP_REFUSE;
    target->words = words;
}

// Nothing matches: an error, or where the device is not required, a warning.
static void complain_absent(struct planning *planning, struct target *target)
{
    const struct config_device *wish = target->wish;
    const char *shown = selector_show(planning->arena, &wish->selector);
    if (GIVEN(wish->required) && !wish->required.value) {
        struct diag *diag =
            complain(planning->diags, SEVERITY_WARNING, planning->config->source,
                     selector_place(wish), "no USB device %s is plugged into this host", shown);
        diag_hint(planning->diags, diag, "skipped, since it is not required");
        target->op = STEP_SKIP;
        target->words = "not plugged in";
        return;
    }
    refuse(target, "not plugged in");
    struct diag *diag = planning_complain(planning, STATUS_REQUEST, selector_place(wish),
                                          "no USB device %s is plugged into this host", shown);
    diag_hint(planning->diags, diag,
              "'xenusb devices' lists what is; required=no lets it be absent");
}

static void complain_ambiguous(struct planning *planning, struct target *target, unsigned count)
{
    const struct selector *selector = &target->wish->selector;
    const char *list = "";
    unsigned shown = 0;
    for (const struct host_device *at = planning->host->devices; at; at = at->next) {
        if (!selector_matches(selector, at) || shown++ >= SHOWN_MATCHES)
            continue;
        list = arena_printf(planning->arena, "%s%s%s%s%s", list, *list ? ", " : "", at->busid,
                            *at->serial ? " serial=" : "", at->serial);
    }
    refuse(target, "more than one device matches");
    struct diag *diag = planning_complain(planning, STATUS_REQUEST, selector_place(target->wish),
                                          "%u USB devices match %s", count,
                                          selector_show(planning->arena, selector));
    diag_hint(planning->diags, diag, "name one: %s%s", list, count > SHOWN_MATCHES ? ", ..." : "");
}

// Another target of the same plan that already means this device.
static const struct target *named_twice(const struct planning *planning,
                                        const struct target *target)
{
    for (const struct target *other = planning->targets; other < target; other++)
        if (other->host && other->host == target->host)
            return other;
    return NULL;
}

static void complain_twice(struct planning *planning, struct target *target,
                           const struct target *first)
{
    refuse(target, "named twice");
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, selector_place(target->wish),
                          "%s is asked for twice", host_device_show(planning->arena, target->host));
    diag_also(planning->diags, diag, planning->config->source, selector_place(first->wish),
              "it is the same device as this");
}

// Whether the guest that is planned for has it already, by its own record or QEMU's.
static bool is_here_already(const struct planning *planning, const struct host_device *host)
{
    for (const struct controller *at = planning->topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->kind == DEVICE_HOSTDEV && device->host == host)
                return true;
    return false;
}

// Why the device must not be given away; NULL if nothing speaks against it.
static const char *objection(const struct planning *planning, const struct host_device *host,
                             bool *force_helps)
{
    *force_helps = false;
    if (host->hub)
        return "it is a hub; name the devices behind it";
    if (is_here_already(planning, host))
        return NULL;
    if (host->owner && host->owner_domain != planning->topology->domain->id)
        return arena_printf(planning->arena, "%s has it", host->owner);
    *force_helps = true;
    if (planning->options->force)
        return NULL;
    if (host->busy)
        return arena_printf(planning->arena, "in use here: %s", host->busy);
    return host->held ? "a program of this host holds it (driver usbfs)" : NULL;
}

static void resolve_target(struct planning *planning, struct target *target)
{
    const struct config_device *wish = target->wish;
    unsigned count =
        planning->host ? host_select(planning->host, &wish->selector, &target->host) : 0;
    if (count != 1)
        target->host = NULL;
    if (count == 0)
        complain_absent(planning, target);
    if (count > 1)
        complain_ambiguous(planning, target, count);
    if (!target->host)
        return;
    const struct target *first = named_twice(planning, target);
    if (first) {
        complain_twice(planning, target, first);
        return;
    }
    bool force_helps = false;
    const char *why = objection(planning, target->host, &force_helps);
    if (!why)
        return;
    refuse(target, why);
    struct diag *diag = planning_complain(planning, STATUS_REFUSED, selector_place(wish),
                                          "%s is not given away: %s",
                                          host_device_show(planning->arena, target->host), why);
    if (force_helps)
        diag_hint(planning->diags, diag, "free it first, or use --force");
}

// A driver domain has devices of its own, of which nothing can be seen here: only a bus id can name
// one.
static void resolve_elsewhere(struct planning *planning, struct target *target)
{
    if (target->wish->selector.marks == SELECT_BUSID)
        return;
    refuse(target, "not named by its bus id");
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, selector_place(target->wish),
                          "a device of the driver domain %u can be named by its bus id only",
                          target->wanted->backend_domain);
    diag_hint(planning->diags, diag, "busid=1-1.2, as that domain has it");
}

void resolve_targets(struct planning *planning)
{
    for (size_t i = 0; i < planning->target_count; i++) {
        struct target *target = &planning->targets[i];
        if (target->wish->kind != DEVICE_HOSTDEV || target->op != STEP_ADD)
            continue;
        if (target->wanted && target->wanted->backend_domain)
            resolve_elsewhere(planning, target);
        else
            resolve_target(planning, target);
    }
}
