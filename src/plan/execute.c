// SPDX-License-Identifier: MIT
#include "execute.h"

#include "base/arena.h"
#include "phase.h"
#include "xen/advice.h"
#include "xen/xen.h"

// One execute().
struct run {
    struct session *session;
    struct plan *plan;
    const struct execution *execution;
};

static bool is_change(const struct step *step)
{
    return step->op == STEP_ADD || step->op == STEP_REMOVE;
}

static bool is_due(const struct step *step, enum phase phase, unsigned wave)
{
    return is_change(step) && step->state == STEP_PLANNED && phase_of(step, step->op) == phase &&
           phase_wave_of(step, step->op) == wave;
}

// Why to stop before the next wave, or NULL.
static const char *reason_to_stop(const struct run *run)
{
    if (arena_exhausted(run->session->arena))
        return "out of memory";
    if (session_interrupted(run->session))
        return "interrupted";
    return NULL;
}

static void notify(const struct run *run, const struct step *step)
{
    if (run->execution->on_step)
        run->execution->on_step(run->execution->context, step);
}

static void note_presence(const struct step *step, enum step_op op)
{
    if (step->controller && !step->device)
        step->controller->present = op == STEP_ADD;
}

// Runs the steps of one wave on one backend.
static enum status run_wave(struct run *run, struct step **steps, size_t count)
{
    const struct backend *backend = step_backend(steps[0]);
    enum status status = backend->ops->run(backend->handle, steps, count);
    for (size_t i = 0; i < count; i++) {
        if (steps[i]->state == STEP_DONE)
            note_presence(steps[i], steps[i]->op);
        if (steps[i]->state != STEP_PLANNED)
            notify(run, steps[i]);
    }
    return status;
}

// A QEMU stays as long as one of its controllers does.
static bool serves_any(const struct topology *topology)
{
    const struct controller *at = topology->controllers;
    while (at && !(controller_uses_pvusb_qemu(at) && at->present))
        at = at->next;
    return at;
}

// Why to leave a spare step out, or NULL.
static const char *reason_to_skip(const struct run *run, const struct step *step)
{
    return step->pvusb_qemu && serves_any(run->plan->topology) ? "it still has a controller"
                                                               : reason_to_stop(run);
}

// Fails a spare step that was not tried.
static void skip(const struct run *run, struct step *step, const char *why)
{
    step->state = STEP_FAILED;
    step->words = why;
    notify(run, step);
}

// Runs all due steps of a phase and wave, one batch per backend. Spare ones may fail.
static enum status run_batches(struct run *run, enum phase phase, unsigned wave,
                               struct step **batch)
{
    for (struct step *first = run->plan->first; first; first = first->next) {
        if (!is_due(first, phase, wave))
            continue;
        size_t count = 0;
        for (struct step *step = first; step; step = step->next)
            if (is_due(step, phase, wave) && step_backend(step) == step_backend(first))
                batch[count++] = step;
        const char *stop = first->spare ? reason_to_skip(run, first) : reason_to_stop(run);
        if (stop && first->spare) {
            skip(run, first, stop);
            continue;
        }
        if (stop) {
            first->words = stop;
            return STATUS_FAILED;
        }
        enum status status = run_wave(run, batch, count);
        if (status != STATUS_OK && !first->spare)
            return status;
    }
    return STATUS_OK;
}

static enum step_op inverse(enum step_op op)
{
    return op == STEP_ADD ? STEP_REMOVE : STEP_ADD;
}

static const char *describe(struct arena *arena, const struct step *step)
{
    if (step->pvusb_qemu)
        return arena_printf(arena, "the PVUSB QEMU (%s)", step->pvusb_qemu->program);
    if (!step->device)
        return arena_printf(arena, "controller %s", step->controller->name);
    return arena_printf(arena, "%s at %s",
                        step->device->kind == DEVICE_HOSTDEV
                            ? selector_show(arena, &step->device->selector)
                            : device_kind_name(step->device),
                        device_position(arena, step->device));
}

// How to remove what is left of something that was added.
static void advise_removal(const struct session *session, struct diag *diag,
                           const struct step *step)
{
    if (step->device)
        advise(session->diags, diag, ADVICE_DETACH, session->domain,
               device_word(session->arena, step->device));
    else if (step->pvusb_qemu)
        diag_hint(session->diags, diag, "it is stopped when %s is destroyed",
                  session->domain->name);
    else
        advise(session->diags, diag, ADVICE_REMOVE_CONTROLLER, session->domain,
               step->controller->name);
}

static void complain_left(struct run *run, const struct step *step, const struct step *undo)
{
    struct session *session = run->session;
    const struct domain *domain = step_domain(step, session->domain);
    bool added = step->op == STEP_ADD;
    struct diag *diag =
        complain(session->diags, SEVERITY_ERROR, CODE_LEFT_OVER, step->source, step->why,
                 "could not undo: %s %s %s: %s", describe(session->arena, step),
                 added ? "is still in" : "is missing from", domain->name,
                 undo->words ? undo->words : "no reason given");
    if (!added) {
        diag_hint(session->diags, diag, "fix the cause, then add it again");
        if (step->device)
            advise(session->diags, diag, ADVICE_RESTORE, domain,
                   device_again(session->arena, step->device));
    } else {
        advise_removal(session, diag, step);
    }
}

// Runs the inverse of each finished step of one wave.
static enum status undo_wave(struct run *run, struct step **done, size_t count)
{
    struct arena *arena = run->session->arena;
    struct step *undo = arena_array_of(arena, struct step, count);
    struct step **undos = arena_array_of(arena, struct step *, count);
    for (size_t i = 0; i < count; i++) {
        undo[i] = *done[i];
        undo[i].op = inverse(done[i]->op);
        undo[i].state = STEP_PLANNED;
        // Of a device in an unknown state, what its selector names: it is checked like any other.
        if (undo[i].op == STEP_ADD && undo[i].device && !undo[i].device->host)
            undo[i].device->host = undo[i].device->now;
        undo[i].words = NULL;
        undos[i] = &undo[i];
    }
    const struct backend *backend = step_backend(done[0]);
    backend->ops->run(backend->handle, undos, count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        bool undone = undo[i].state == STEP_DONE;
        done[i]->state = undone ? STEP_UNDONE : STEP_LEFT;
        if (undone)
            note_presence(done[i], undo[i].op);
        if (!undone) {
            complain_left(run, done[i], &undo[i]);
            status = STATUS_LEFTOVER;
        }
        notify(run, done[i]);
    }
    return status;
}

// The removal of something that was already dead cannot be undone.
static bool can_be_undone(const struct step *step)
{
    bool was_gone = step->device       ? step->device->state == DEVICE_GONE
                    : step->controller ? step->controller->stale
                                       : false;
    return step->state == STEP_DONE && !(step->op == STEP_REMOVE && was_gone);
}

// Collects the finished steps of one backend whose inverse belongs to that phase and wave.
static size_t gather_done(const struct run *run, unsigned phase, unsigned wave, struct step **batch)
{
    size_t count = 0;
    for (struct step *step = run->plan->first; step; step = step->next) {
        enum step_op op = inverse(step->op);
        if (!can_be_undone(step) || phase_of(step, op) != phase || phase_wave_of(step, op) != wave)
            continue;
        if (count == 0 || step_backend(step) == step_backend(batch[0]))
            batch[count++] = step;
    }
    return count;
}

static enum status undo_all(struct run *run, struct step **batch)
{
    size_t count;
    enum status status = STATUS_OK;
    for (unsigned phase = 0; phase < PHASES; phase++)
        for (unsigned wave = 0; wave <= PORT_DEPTH_MAX; wave++)
            while ((count = gather_done(run, phase, wave, batch)) > 0)
                status = status_worse(status, undo_wave(run, batch, count));
    return status;
}

static enum diag_code code_of(const struct step *step)
{
    if (step->state == STEP_LEFT)
        return CODE_LEFT_OVER;
    return step->timed_out ? CODE_NO_ANSWER : CODE_FAILED;
}

// Reports what failed, at its position in the source. A step that its backend could not clean up
// counts as left over.
static enum status complain_failed(struct run *run, enum status status)
{
    struct session *session = run->session;
    for (const struct step *step = run->plan->first; step; step = step->next) {
        bool stopped = step->state == STEP_PLANNED && step->words && is_change(step);
        if (step->state != STEP_FAILED && step->state != STEP_LEFT && !stopped)
            continue;
        static const char *const tried[][2] = { { "removed", "added" },
                                                { "stopped", "started" },
                                                { "moved away", "moved there" } };
        const size_t row = step->pair ? 2 : step->pvusb_qemu != NULL;
        struct diag *diag = complain(
            session->diags, SEVERITY_ERROR, code_of(step), step->source, step->why,
            "%s could not be %s: %s", describe(session->arena, step),
            tried[row][step->op == STEP_ADD], step->words ? step->words : "no reason given");
        if (step->state == STEP_LEFT && step->op == STEP_ADD)
            advise_removal(session, diag, step);
        if (step->state == STEP_LEFT)
            status = status_worse(status, STATUS_LEFTOVER);
        else if (step->timed_out)
            status = status_worse(status, STATUS_TIMEOUT);
    }
    return status;
}

// Whether all that failed was refused, and no other step was tried.
static bool is_refused(const struct plan *plan)
{
    bool refused = false;
    for (const struct step *step = plan->first; step; step = step->next) {
        if (!is_change(step) || step->state == STEP_PLANNED)
            continue;
        if (step->state != STEP_FAILED || !step->refused)
            return false;
        refused = true;
    }
    return refused;
}

static size_t step_count(const struct plan *plan)
{
    size_t count = 0;
    for (const struct step *step = plan->first; step; step = step->next)
        count++;
    return count;
}

static enum status save(const struct run *run)
{
    return run->execution->save ? run->execution->save(run->session) : STATUS_OK;
}

static bool any_due(const struct run *run, enum phase phase)
{
    for (const struct step *step = run->plan->first; step; step = step->next)
        for (unsigned wave = 0; wave <= PORT_DEPTH_MAX; wave++)
            if (is_due(step, phase, wave))
                return true;
    return false;
}

static enum status run_all(struct run *run, struct step **batch)
{
    enum status status = STATUS_OK;
    for (enum phase phase = 0; phase < PHASES && status == STATUS_OK; phase++) {
        // Whatever may fail must do so before that phase.
        if (phase == PHASE_REMOVE_FOR_GOOD && any_due(run, phase))
            status = save(run);
        for (unsigned wave = 0; wave <= PORT_DEPTH_MAX && status == STATUS_OK; wave++)
            status = run_batches(run, phase, wave, batch);
    }
    return status == STATUS_OK ? save(run) : status;
}

// For xenstored to answer again after the connection was lost; before session->undo_scale.
#define RECONNECT_SECONDS 10.0

static double undo_scale(const struct session *session)
{
    return session->undo_scale > 0 ? session->undo_scale : session->timeout_scale;
}

// Both domains of a move must be left as they were.
static void set_finishing(struct session *session, bool finishing, double timeout_scale)
{
    struct session *const both[] = { session, session->partner };
    for (size_t i = 0; i < 2 && both[i]; i++) {
        both[i]->finishing = finishing;
        both[i]->timeout_scale = timeout_scale;
    }
}

static enum status run_or_undo(struct run *run, struct step **batch)
{
    struct session *session = run->session;
    enum status status = run_all(run, batch);
    if (status == STATUS_OK)
        return STATUS_OK;
    // If steps were tried, the result is a failure or a timeout, whatever status a backend
    // returned.
    const bool refused = is_refused(run->plan);
    status = complain_failed(run, status == STATUS_TIMEOUT ? STATUS_TIMEOUT : STATUS_FAILED);
    if (refused)
        return STATUS_REFUSED;
    if (run->execution->keep_done)
        return status_worse(status, save(run));
    const double scale = session->timeout_scale;
    set_finishing(session, true, undo_scale(session));
    if (run->execution->undo)
        run->execution->undo(session, run->plan);
    status = status_worse(status, undo_all(run, batch));
    // What could not be undone. A failure was reported, and this run has failed already.
    (void)save(run);
    set_finishing(session, false, scale);
    return status;
}

static bool changes_anything(const struct plan *plan)
{
    const struct step *step = plan->first;
    while (step && !is_change(step))
        step = step->next;
    return step;
}

// Whether something was left because a peer did not answer: it may still do what it was told, so
// the next command must look again.
static bool is_undecided(const struct plan *plan)
{
    const struct step *step = plan->first;
    while (step && !(step->state == STEP_LEFT && step->timed_out))
        step = step->next;
    return step;
}

enum status execute(struct session *session, struct plan *plan, const struct execution *execution)
{
    // What was changed must be undone even if the connection to xenstored was lost.
    if (session->xen)
        xen_persist(session->xen, RECONNECT_SECONDS * undo_scale(session));
    if (session->partner)
        xen_persist(session->partner->xen, RECONNECT_SECONDS * undo_scale(session));
    struct run run = { session, plan, execution };
    struct step **batch = arena_array_of(session->arena, struct step *, step_count(plan));
    const bool begins = execution->begin && changes_anything(plan);
    enum status status = begins ? execution->begin(session, plan) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    status = run_or_undo(&run, batch);
    if (begins && execution->end && !is_undecided(plan))
        execution->end(session);
    return status;
}
