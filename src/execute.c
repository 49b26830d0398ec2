// SPDX-License-Identifier: MIT
#include "execute.h"

#include "arena.h"

// The order in which kinds of steps are carried out. Order is the safety here: a controller cannot
// go while devices hold on to it, and nothing can be plugged before its controller or its hub; what
// goes makes room for what comes.
enum phase {
    PHASE_REMOVE_DEVICES,
    PHASE_REMOVE_CONTROLLERS,
    PHASE_ADD_CONTROLLERS,
    PHASE_ADD_DEVICES,
    PHASES
};

struct run {
    struct session *session;
    struct plan *plan;
    handle_for handle;
    step_told told;
    void *context;
};

static enum phase phase_of(const struct step *step)
{
    if (step->op == STEP_REMOVE)
        return step->device ? PHASE_REMOVE_DEVICES : PHASE_REMOVE_CONTROLLERS;
    return step->device ? PHASE_ADD_DEVICES : PHASE_ADD_CONTROLLERS;
}

// Steps of one wave do not depend on each other: within a phase, hubs at the front come before
// what is behind them when adding, and after it when removing.
static unsigned wave_of(const struct step *step)
{
    unsigned depth = step->device ? step->device->port.depth : 0;
    return step->op == STEP_REMOVE ? PORT_DEPTH_MAX - depth : depth;
}

static bool is_due(const struct step *step, enum phase phase, unsigned wave,
                   const struct backend *backend)
{
    return (step->op == STEP_ADD || step->op == STEP_REMOVE) && step->state == STEP_PLANNED &&
           phase_of(step) == phase && wave_of(step) == wave && step->controller->backend == backend;
}

// Whether to stop before the next wave, and why.
static const char *reason_to_stop(const struct run *run)
{
    if (arena_exhausted(run->session->arena))
        return "out of memory";
    if (run->session->interrupted && *run->session->interrupted)
        return "interrupted";
    return NULL;
}

static void tell(const struct run *run, const struct step *step)
{
    if (run->told)
        run->told(run->context, step);
}

// Runs the steps of one wave on one backend.
static enum status run_wave(struct run *run, struct step **steps, size_t count)
{
    void *handle = run->handle(run->context, steps[0]->controller->backend);
    enum status status = steps[0]->controller->backend->run(handle, steps, count);
    for (size_t i = 0; i < count; i++) {
        if (steps[i]->state == STEP_DONE && !steps[i]->device)
            steps[i]->controller->present = steps[i]->op == STEP_ADD;
        tell(run, steps[i]);
    }
    return status;
}

// All due steps of a phase and wave, one batch for each backend.
static enum status run_batches(struct run *run, enum phase phase, unsigned wave, struct step **room)
{
    for (struct step *first = run->plan->first; first; first = first->next) {
        if (!first->controller || !is_due(first, phase, wave, first->controller->backend))
            continue;
        size_t count = 0;
        for (struct step *step = first; step; step = step->next)
            if (step->controller && is_due(step, phase, wave, first->controller->backend))
                room[count++] = step;
        const char *stop = reason_to_stop(run);
        if (stop) {
            first->words = stop;
            return STATUS_FAILED;
        }
        enum status status = run_wave(run, room, count);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum step_op inverse(enum step_op op)
{
    return op == STEP_ADD ? STEP_REMOVE : STEP_ADD;
}

static const char *thing(struct arena *arena, const struct step *step)
{
    char room[PORT_TEXT_SIZE];
    if (!step->device)
        return arena_printf(arena, "controller %s", step->controller->name);
    const struct device_model *model = device_model_of(step->device->kind);
    return arena_printf(arena, "%s at %s port %s",
                        step->device->kind == DEVICE_HOSTDEV
                            ? selector_show(arena, &step->device->selector)
                            : (model ? model->name : step->device->driver),
                        step->controller->name, port_write(step->device->port, room));
}

static void complain_left(struct run *run, const struct step *step, const struct step *undo)
{
    struct session *session = run->session;
    bool added = step->op == STEP_ADD;
    struct diag *diag = complain(session->diags, SEVERITY_ERROR, step->source, step->why,
                                 "could not undo: %s %s %s: %s", thing(session->arena, step),
                                 added ? "is still in" : "is missing from", session->domain->name,
                                 undo->words ? undo->words : "no reason was given");
    if (!added)
        diag_hint(session->diags, diag, "apply again when the cause is gone");
    else if (step->device)
        diag_hint(session->diags, diag, "what mends it: xenusb detach %s %s", session->domain->name,
                  device_place(session->arena, step->device));
    else
        diag_hint(session->diags, diag, "what mends it: xenusb controller remove %s %s",
                  session->domain->name, step->controller->name);
}

// Runs the inverse of one wave's done steps.
static enum status undo_wave(struct run *run, struct step **done, size_t count)
{
    struct arena *arena = run->session->arena;
    struct step *undo = arena_array_of(arena, struct step, count);
    struct step **undos = arena_array_of(arena, struct step *, count);
    for (size_t i = 0; i < count; i++) {
        undo[i] = *done[i];
        undo[i].op = inverse(done[i]->op);
        undo[i].state = STEP_PLANNED;
        undo[i].words = NULL;
        undos[i] = &undo[i];
    }
    const struct backend *backend = done[0]->controller->backend;
    backend->run(run->handle(run->context, backend), undos, count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        bool undone = undo[i].state == STEP_DONE;
        done[i]->state = undone ? STEP_UNDONE : STEP_LEFT;
        if (undone && !done[i]->device)
            done[i]->controller->present = undo[i].op == STEP_ADD;
        if (!undone) {
            complain_left(run, done[i], &undo[i]);
            status = STATUS_LEFTOVER;
        }
        tell(run, done[i]);
    }
    return status;
}

// Undoes everything that was done, the last waves first.
static enum status undo_all(struct run *run, struct step **room)
{
    enum status status = STATUS_OK;
    for (unsigned phase = PHASES; phase-- > 0;)
        for (unsigned wave = PORT_DEPTH_MAX + 1; wave-- > 0;)
            for (;;) {
                const struct backend *backend = NULL;
                size_t count = 0;
                for (struct step *step = run->plan->first; step; step = step->next) {
                    if (step->state != STEP_DONE || phase_of(step) != phase ||
                        wave_of(step) != wave)
                        continue;
                    if (!backend)
                        backend = step->controller->backend;
                    if (step->controller->backend == backend)
                        room[count++] = step;
                }
                if (count == 0)
                    break;
                status = status_worse(status, undo_wave(run, room, count));
            }
    return status;
}

// Says what failed, at the words that asked for it. Steps that the backend itself could not
// leave as they were count as left over.
static enum status complain_failed(struct run *run, enum status status)
{
    struct session *session = run->session;
    for (const struct step *step = run->plan->first; step; step = step->next) {
        bool stopped = step->state == STEP_PLANNED && step->words &&
                       (step->op == STEP_ADD || step->op == STEP_REMOVE);
        if (step->state != STEP_FAILED && step->state != STEP_LEFT && !stopped)
            continue;
        complain(session->diags, SEVERITY_ERROR, step->source, step->why, "%s could not be %s: %s",
                 thing(session->arena, step), step->op == STEP_ADD ? "added" : "removed",
                 step->words ? step->words : "no reason was given");
        if (step->state == STEP_LEFT)
            status = status_worse(status, STATUS_LEFTOVER);
        else if (step->timed_out)
            status = status_worse(status, STATUS_TIMEOUT);
    }
    return status;
}

static size_t step_count(const struct plan *plan)
{
    size_t count = 0;
    for (const struct step *step = plan->first; step; step = step->next)
        count++;
    return count;
}

enum status execute(struct session *session, struct plan *plan, handle_for handle, step_told told,
                    void *context)
{
    struct run run = { session, plan, handle, told, context };
    struct step **room = arena_array_of(session->arena, struct step *, step_count(plan));
    enum status status = STATUS_OK;
    for (enum phase phase = 0; phase < PHASES && status == STATUS_OK; phase++)
        for (unsigned wave = 0; wave <= PORT_DEPTH_MAX && status == STATUS_OK; wave++)
            status = run_batches(&run, phase, wave, room);
    if (status == STATUS_OK)
        return STATUS_OK;
    // Something was tried: whatever the reason, it is a failure now, or nobody answered in time.
    status = complain_failed(&run, status == STATUS_TIMEOUT ? STATUS_TIMEOUT : STATUS_FAILED);
    return status_worse(status, undo_all(&run, room));
}
