// SPDX-License-Identifier: MIT
#include "resume_steps.h"

#include "backends/pvusb/pvusb.h"
#include "base/arena.h"
#include "meant.h"
#include "plan/log.h"
#include "record/adopt.h"
#include "record/record.h"
#include "record/saved.h"

static bool is_planned(const struct resuming *resuming, const struct controller *controller,
                       const struct device *device)
{
    const struct step *at = resuming->plan.first;
    while (at && (at->controller != controller || at->device != device))
        at = at->next;
    return at;
}

static void say(struct resuming *resuming, const char *what, const struct controller *controller,
                const struct device *device)
{
    struct arena *arena = resuming->arena;
    const char *position = device ? device_position(arena, device) : controller->name;
    const char *kind = device && device->kind == DEVICE_HOSTDEV ? device_busid(device)
                       : device                                 ? device_kind_name(device)
                                                                : "";
    buffer_join(&resuming->done, ", ", "%s %s%s%s", what, kind, device ? " at " : "controller ",
                position);
}

static struct step *remove_it(struct resuming *resuming, struct controller *controller,
                              struct device *device)
{
    return !controller->backend || is_planned(resuming, controller, device)
               ? NULL
               : plan_add_step(&resuming->plan, resuming->arena, STEP_REMOVE, controller, device);
}

// A device that was added since then keeps its controller; one that QEMU does not have keeps none.
static struct step *remove_controller(struct resuming *resuming, struct controller *controller)
{
    for (const struct device *at = controller->devices; at; at = at->next)
        if (!controller->stale && !is_planned(resuming, controller, at))
            return NULL;
    return remove_it(resuming, controller, NULL);
}

// Plans the removal of what a step is about.
static void undo_or_remove(struct resuming *resuming, const struct journal_step *of,
                           struct controller *controller, struct device *device)
{
    struct step *step =
        device ? remove_it(resuming, controller, device) : remove_controller(resuming, controller);
    if (!step)
        return;
    step->spare = of->spare;
    // Of what may stay, that is not known yet.
    if (!of->spare)
        say(resuming, of->adds ? "undid" : "removed", controller, device);
}

static void say_spare(struct resuming *resuming)
{
    for (const struct step *at = resuming->plan.first; at; at = at->next)
        if (at->spare)
            say(resuming, at->state == STEP_DONE ? "removed" : "left", at->controller, at->device);
}

static enum status keep(struct resuming *resuming, struct controller *controller,
                        struct device *device)
{
    struct session *session = resuming->session;
    const struct record *record = session->record;
    say(resuming, "kept", controller, device);
    if (controller->pvusb)
        return STATUS_OK;
    if (!device && !record_lacks_controller(record, controller) &&
        !record_lacks_note(record, controller))
        return STATUS_OK;
    return record_one(session, STEP_ADD, controller, device);
}

// Whether what a step is about stays, because the step was done, or undone, as far as it shows.
static bool stays(const struct resuming *resuming, const struct journal_step *step,
                  const struct controller *controller, const struct device *device)
{
    if (step->adds && device)
        return !resuming->journal->undoing && device_is_given(device);
    if (step->adds)
        return !resuming->journal->undoing && !controller->no_backend && !controller->stale;
    // Either the removal was not done yet, or it was undone.
    if (step->moves && device && device_is_given(device))
        return true;
    // An undo leaves the record only of what QEMU has removed in spite of it, too late.
    return resuming->journal->undoing &&
           (device ? device->state != DEVICE_GONE : !controller->stale);
}

// What an undo has added again is recorded only then; it may have been killed in between.
static bool is_recorded(const struct resuming *resuming, const struct controller *controller,
                        const struct device *device)
{
    const struct record *record = resuming->session->record;
    if (controller->pvusb)
        return true;
    return device ? !record_lacks_device(record, device)
                  : !record_lacks_controller(record, controller) &&
                        !record_lacks_note(record, controller);
}

static enum status resume_step(struct resuming *resuming, const struct journal_step *step,
                               bool keeping)
{
    struct controller *controller = meant_controller(resuming->topology, step);
    struct device *device = *step->kind ? meant_device(controller, step) : NULL;
    if (!controller || (*step->kind && !device))
        return STATUS_OK;
    if (step->adds && !device) {
        controller->name = step->name;
        controller->as_needed |= step->as_needed;
    }
    bool kept = stays(resuming, step, controller, device);
    if (kept && keeping && (step->adds || !is_recorded(resuming, controller, device))) {
        enum status status = keep(resuming, controller, device);
        if (status != STATUS_REFUSED || !device)
            return status;
        if (remove_it(resuming, controller, device))
            say(resuming, "undid", controller, device);
    }
    if (!kept && !keeping)
        undo_or_remove(resuming, step, controller, device);
    return STATUS_OK;
}

static enum status resume_all(struct resuming *resuming, bool of_devices, bool keeping)
{
    enum status status = STATUS_OK;
    for (const struct journal_step *at = resuming->journal->steps; at; at = at->next)
        if (!at->qemu && (*at->kind != '\0') == of_devices)
            status = status_worse(status, resume_step(resuming, at, keeping));
    return status;
}

void resume_log_step(void *context, const struct step *step)
{
    struct resuming *resuming = context;
    log_step(resuming->arena, resuming->session->domain, step);
}

// A controller is kept before its devices, which it names, and removed after them.
enum status resume_steps(struct resuming *resuming)
{
    const char *missing;
    enum status status = resume_all(resuming, false, true);
    status = status_worse(status, resume_all(resuming, true, true));
    status = status_worse(status, resume_all(resuming, true, false));
    status = status_worse(status, resume_all(resuming, false, false));
    if (status != STATUS_OK)
        return status;
    status =
        strays_find(resuming->session, resuming->journal, resuming->topology, &resuming->strays);
    if (status != STATUS_OK)
        return status;
    resuming->ran = true;
    (void)saved_catch_up(resuming->session, resuming->topology, &missing);
    const struct execution execution = { .on_step = resume_log_step,
                                         .context = resuming,
                                         .save = saved_write };
    status = execute(resuming->session, &resuming->plan, &execution);
    say_spare(resuming);
    for (const struct journal_step *at = resuming->journal->steps; at; at = at->next)
        if (at->qemu)
            (void)pvusb_forget_dead_qemu(resuming->session);
    return status;
}
