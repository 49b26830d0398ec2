// SPDX-License-Identifier: MIT
#include "disks.h"

#include "base/arena.h"
#include "base/session.h"

// Sets *steps to those that give a host device to a guest; returns how many there are.
static size_t find_steps(struct arena *arena, const struct plan *plan, struct step ***steps)
{
    size_t count = 0;
    for (const struct step *at = plan->first; at; at = at->next)
        count++;
    *steps = arena_array_of(arena, struct step *, count);
    count = 0;
    for (struct step *at = plan->first; at; at = at->next)
        if (at->op == STEP_ADD && at->device && at->device->host)
            (*steps)[count++] = at;
    return count;
}

static void refuse(const struct session *session, struct plan *plan, struct step *step,
                   const struct host_objection *objection)
{
    struct diag *diag =
        complain(session->diags, SEVERITY_ERROR, CODE_HOST_NEEDS_IT, step->source, step->why,
                 "%s cannot be attached: %s", host_device_show(session->arena, step->device->host),
                 objection->why);
    diag_hint(session->diags, diag, "%s", objection->fix);
    step->op = STEP_REFUSE;
    step->words = objection->why;
    if (step->pair)
        plan->move--;
    else
        plan->add--;
    plan->refuse++;
}

enum status plan_reserve_disks(const struct session *session, struct plan *plan,
                               struct reservation *reservation)
{
    struct step **steps;
    enum status status = STATUS_OK;
    size_t count = find_steps(session->arena, plan, &steps);
    const struct host_device **devices =
        arena_array_of(session->arena, const struct host_device *, count);
    struct host_objection *objections =
        arena_array_of(session->arena, struct host_objection, count);
    for (size_t i = 0; i < count; i++)
        devices[i] = steps[i]->device->host;
    host_reserve(session, devices, count, objections, reservation);
    for (size_t i = 0; i < count && !session_interrupted(session); i++)
        if (objections[i].why) {
            refuse(session, plan, steps[i], &objections[i]);
            status = STATUS_REFUSED;
        }
    if (session_interrupted(session))
        status = STATUS_FAILED;
    if (status != STATUS_OK)
        host_release(reservation);
    return status;
}
