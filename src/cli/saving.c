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

// Why the plan has left that controller without a device, but not removed it; NULL if it has not.
static const char *why_left(const struct plan *plan, const struct controller *controller)
{
    const struct step *removal = plan_removal_of(plan, controller);
    if (!plan_empties(plan, controller))
        return NULL;
    if (!removal)
        return "";
    if (removal->state != STEP_FAILED && removal->state != STEP_LEFT)
        return NULL;
    return removal->words ? removal->words : "";
}

// A controller without a device prevents it as well.
static void note_left(const struct job *job, const struct controller *controller, const char *why)
{
    struct arena *arena = job->invocation->arena;
    struct diags *diags = job->invocation->diags;
    const struct domain *domain = controller->topology->domain;
    const bool prevents = domain->id >= 0 && restorable_prevented_by_controller(arena, controller);
    if (controller->wanted || (!prevents && !controller->as_needed))
        return;
    struct diag *diag =
        complain(diags, SEVERITY_NOTE, prevents ? CODE_NOT_RESTORABLE : CODE_NOTE, NULL, SPAN_NONE,
                 "controller %s of %s (%d) has no device now%s%s%s", controller->name, domain->name,
                 domain->id,
                 prevents ? ", and as long as it is there, the guest cannot be restored after it "
                            "was saved"
                          : "",
                 *why ? "; it was left: " : "", why);
    // Nothing is to be done about what the guest was asked for, but to wait.
    if (!controller->leaving)
        advise(diags, diag, ADVICE_REMOVE_CONTROLLER, domain, controller->name);
}

static void note_emptied(const struct job *job)
{
    const struct plan *plan = &job->plan;
    if (job->invocation->given & OPTION_DRY_RUN)
        return;
    for (const struct step *at = plan->first; at; at = at->next) {
        if (at->op != STEP_REMOVE || !at->device)
            continue;
        const struct controller *controller = at->controller;
        const struct step *before = plan->first;
        while (before != at &&
               !(before->op == STEP_REMOVE && before->device && before->controller == controller))
            before = before->next;
        const char *why = before == at ? why_left(plan, controller) : NULL;
        if (why)
            note_left(job, controller, why);
    }
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
