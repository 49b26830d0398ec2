// SPDX-License-Identifier: MIT
// Controllers that were made as needed go with their last device.
#include "backend.h"
#include "plan.h"

static bool is_removed(const struct plan *plan, const struct device *device)
{
    const struct step *step = plan->first;
    while (step && !(step->op == STEP_REMOVE && step->device == device))
        step = step->next;
    return step;
}

bool plan_empties(const struct plan *plan, const struct controller *controller)
{
    for (const struct device *at = controller->devices; at; at = at->next)
        if (!is_removed(plan, at))
            return false;
    return true;
}

// A guest that has not answered one such request does not answer the next one either, and would
// lose what is attached to that controller later.
static bool answers_requests(const struct topology *topology)
{
    const struct controller *at = topology->controllers;
    while (at && !at->leaving)
        at = at->next;
    return !at && !topology->domain->paused;
}

// A PVUSB QEMU that runs might not accept another controller in its place, unless it is stopped as
// well.
static bool can_be_made_again(const struct plan *plan, const struct controller *controller)
{
    const struct topology *topology = controller->topology;
    if (controller->cold_only == VERDICT_NO)
        return true;
    if (topology != plan->topology || !topology->pvusb_qemu || !topology->pvusb_qemu->runs)
        return false;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (at != controller && controller_uses_pvusb_qemu(at))
            return false;
    return true;
}

static bool is_spare(const struct plan *plan, const struct controller *controller)
{
    return controller->as_needed && controller->present && !controller->wanted &&
           controller->backend && !controller->stale && !controller->no_backend &&
           controller->topology && plan_empties(plan, controller) &&
           !plan_removal_of(plan, controller) && answers_requests(controller->topology) &&
           can_be_made_again(plan, controller);
}

void plan_spare_controllers(struct plan *plan, struct arena *arena)
{
    // What is added here has no device, and so ends nothing.
    for (const struct step *at = plan->first; at; at = at->next) {
        if (at->op != STEP_REMOVE || !at->device || !is_spare(plan, at->controller))
            continue;
        struct step *step = plan_add_step(plan, arena, STEP_REMOVE, at->controller, NULL);
        step->source = at->source;
        step->why = at->why;
        step->spare = true;
    }
}

void plan_keep_controller(struct plan *plan, const struct controller *controller)
{
    struct step **at = &plan->first;
    while (*at) {
        const struct step *step = *at;
        const bool stops = step->pvusb_qemu && controller_uses_pvusb_qemu(controller);
        if (step->spare && (stops || step->controller == controller)) {
            *at = step->next;
            plan->remove--;
        } else {
            at = &(*at)->next;
        }
    }
    plan->last = at;
}
