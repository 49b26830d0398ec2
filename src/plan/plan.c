// SPDX-License-Identifier: MIT
#include "plan.h"

#include "backend.h"
#include "base/arena.h"

void plan_init(struct plan *plan, const struct topology *topology)
{
    *plan = (struct plan){ .topology = topology };
    plan->last = &plan->first;
}

struct step *plan_add_step(struct plan *plan, struct arena *arena, enum step_op op,
                           struct controller *controller, struct device *device)
{
    struct step *step = arena_new_of(arena, struct step);
    step->op = op;
    step->controller = controller;
    step->device = device;
    plan->add += op == STEP_ADD;
    plan->remove += op == STEP_REMOVE;
    plan->keep += op == STEP_KEEP;
    plan->refuse += op == STEP_REFUSE;
    *plan->last = step;
    plan->last = &step->next;
    return step;
}

void plan_pair(struct plan *plan, struct step *removal, struct step *addition)
{
    removal->pair = addition;
    addition->pair = removal;
    plan->remove--;
    plan->add--;
    plan->move++;
}

bool plan_changes(const struct plan *plan)
{
    return plan->add || plan->remove || plan->move;
}

bool plan_is_pending(const struct plan *plan)
{
    const struct step *step = plan->first;
    while (step && !step->pending)
        step = step->next;
    return step;
}

bool step_is_first_of_move(const struct step *step)
{
    return step->pair && step->op == STEP_REMOVE;
}

enum step_state step_outcome(const struct step *step)
{
    if (!step->pair)
        return step->state;
    const struct step *removal = step->op == STEP_REMOVE ? step : step->pair;
    const struct step *addition = removal->pair;
    if (removal->state != STEP_DONE)
        return addition->state == STEP_LEFT ? STEP_LEFT : removal->state;
    // Removed and not added again, it is at neither place.
    return addition->state == STEP_DONE ? STEP_DONE : STEP_LEFT;
}

struct step *plan_add_pvusb_qemu(struct plan *plan, struct arena *arena, enum step_op op,
                                 struct pvusb_qemu *pvusb_qemu)
{
    struct step *step = plan_add_step(plan, arena, op, NULL, NULL);
    step->pvusb_qemu = pvusb_qemu;
    return step;
}

struct step *plan_removal_of(const struct plan *plan, const struct controller *controller)
{
    struct step *step = plan->first;
    while (step && (step->op != STEP_REMOVE || step->device || step->controller != controller))
        step = step->next;
    return step;
}

void plan_stop_pvusb_qemu(struct plan *plan, struct arena *arena)
{
    const struct topology *topology = plan->topology;
    const struct step *last = NULL;
    if (!topology->pvusb_qemu || !topology->pvusb_qemu->runs)
        return;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (controller_uses_pvusb_qemu(at) && !plan_removal_of(plan, at))
            return;
        last = controller_uses_pvusb_qemu(at) ? plan_removal_of(plan, at) : last;
    }
    if (!last)
        return;
    struct step *step = plan_add_pvusb_qemu(plan, arena, STEP_REMOVE, topology->pvusb_qemu);
    step->source = last->source;
    step->why = last->why;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        step->spare |= controller_uses_pvusb_qemu(at) && plan_removal_of(plan, at)->spare;
    // Stopping QEMU makes their removal reversible: a new QEMU would accept them.
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (controller_uses_pvusb_qemu(at))
            at->cold_only = VERDICT_NO;
}

enum status backend_supply(const struct backend *backend, struct topology *topology)
{
    if (!backend || !backend->ops->supply || topology->plugging.asked || topology->plugging.known)
        return STATUS_OK;
    topology->plugging.asked = true;
    return backend->ops->supply(backend->handle, topology);
}

const struct domain *step_domain(const struct step *step, const struct domain *domain)
{
    const struct topology *topology = step->controller ? step->controller->topology : NULL;
    return topology && topology->domain ? topology->domain : domain;
}

const struct backend *step_backend(const struct step *step)
{
    if (step->pvusb_qemu)
        return step->pvusb_qemu->backend;
    return step->controller ? step->controller->backend : NULL;
}
