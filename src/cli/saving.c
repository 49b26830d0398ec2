// SPDX-License-Identifier: MIT
#include "saving.h"

#include "base/arena.h"
#include "job.h"
#include "xen/advice.h"

enum { WHY_SHOWN = 400 };

enum verdict saving_before(const struct job *job)
{
    const struct topology *topology = &job->world.topology;
    return topology->domain->id < 0 ? VERDICT_NO
                                    : restorable_of(job->invocation->arena, topology).verdict;
}

// What a step has added that prevents it; NULL if it does not. In a dry run QEMU has nothing of it.
static const char *obstacle_of(struct arena *arena, const struct step *step)
{
    if (step->op != STEP_ADD || step->state != STEP_DONE || !step->controller ||
        step->controller->pvusb != PVUSB_ANY)
        return NULL;
    if (!step->device)
        return arena_printf(arena, "controller %s is added while its QEMU runs",
                            step->controller->name);
    return arena_printf(arena, "%s is attached while its QEMU runs",
                        device_describe(arena, step->device));
}

static bool is_removed(const struct plan *plan, const struct device *device)
{
    const struct step *step = plan->first;
    while (step && !(step->op == STEP_REMOVE && step->device == device))
        step = step->next;
    return step;
}

// Whether the plan removes the last device of that controller, but not the controller.
static bool is_emptied(const struct plan *plan, const struct controller *controller)
{
    for (const struct device *at = controller->devices; at; at = at->next)
        if (!is_removed(plan, at))
            return false;
    return controller->devices && !plan_removal_of(plan, controller);
}

// A controller without a device prevents it as well.
static void note_emptied(const struct job *job)
{
    struct arena *arena = job->invocation->arena;
    struct diags *diags = job->invocation->diags;
    const struct topology *topology = &job->world.topology;
    if (job->invocation->given & OPTION_DRY_RUN)
        return;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (is_emptied(&job->plan, at) && restorable_prevented_by_controller(arena, at))
            advise(diags,
                   complain(diags, SEVERITY_NOTE, CODE_NOT_RESTORABLE, NULL, SPAN_NONE,
                            "controller %s of %s (%d) has no device now, and as long as it is "
                            "there, the guest cannot be restored after it was saved",
                            at->name, topology->domain->name, topology->domain->id),
                   ADVICE_REMOVE_CONTROLLER, topology->domain, at->name);
}

void saving_note(const struct job *job, enum verdict before)
{
    struct arena *arena = job->invocation->arena;
    const struct domain *domain = job->world.session.domain;
    const char *why = NULL;
    if (domain->id >= 0)
        note_emptied(job);
    for (const struct step *at = job->plan.first; at && !why; at = at->next)
        why = obstacle_of(arena, at);
    if (before == VERDICT_NO || !why)
        return;
    complain(job->invocation->diags, SEVERITY_NOTE, CODE_NOT_RESTORABLE, NULL, SPAN_NONE,
             "%s (%d) %s no longer be restored if it is saved, until that is removed: %s",
             domain->name, domain->id, job->invocation->given & OPTION_DRY_RUN ? "could" : "can",
             why);
}

const char *saving_line(struct arena *arena, const struct domain *domain,
                        const struct restorable *restorable)
{
    if (restorable->verdict != VERDICT_NO)
        return NULL;
    const char *line = arena_printf(arena, "If %s (%d) is saved now, it cannot be restored: %s",
                                    domain->name, domain->id, restorable->why);
    return arena_printf(arena, "%s.", text_show(arena, text_of(line), WHY_SHOWN));
}
