// SPDX-License-Identifier: MIT
// Runs steps in QEMU, checks on the host that QEMU really has the devices, records each step in
// xenstore, and then waits for the guest if that is required.
#include "handle.h"

#include "base/arena.h"
#include "record/record.h"
#include "verify.h"

// False for a leftover of which only the record exists.
static bool is_in_qemu(const struct step *step)
{
    return step->op == STEP_ADD || *(step->device ? step->device->path : step->controller->path);
}

static enum status run_in_qemu(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct step **in_qemu = arena_array_of(handle->session->arena, struct step *, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_in_qemu(steps[i]))
            in_qemu[kept++] = steps[i];
        else
            steps[i]->state = STEP_DONE;
    }
    return qmp_run(handle, in_qemu, kept);
}

// Removes what a step has added, and its record if it has one, and marks the step as failed; as
// STEP_LEFT if that is not possible or the step was a removal. An interrupt does not stop it
// halfway.
static void undo_add(struct qmp_handle *handle, struct step *step, bool recorded, const char *words)
{
    struct session *session = handle->session;
    struct step inverse = *step, *const inverses[] = { &inverse };
    const bool finishing = session->finishing;
    step->words = words;
    step->state = STEP_LEFT;
    if (step->op == STEP_REMOVE)
        return;
    inverse.op = STEP_REMOVE;
    inverse.state = STEP_PLANNED;
    session->finishing = true;
    enum status status = qmp_run(handle, inverses, 1);
    if (status == STATUS_OK && recorded)
        status = record_one(session, STEP_REMOVE, step->controller, step->device);
    session->finishing = finishing;
    if (status == STATUS_OK)
        step->state = STEP_FAILED;
}

static bool is_new_host_device(const struct step *step)
{
    return step->op == STEP_ADD && step->state == STEP_DONE && step->device && step->device->host;
}

// Fails the steps whose devices the host does not show as attached. QEMU need not be asked: its own
// "attached" can be stale.
static enum status verify_attached(struct qmp_handle *handle, struct step *const *steps,
                                   size_t count)
{
    const struct session *session = handle->session;
    struct arena *arena = session->arena;
    const struct host_nodes nodes = host_nodes_of(session, (unsigned)qmp_process(handle->client));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        struct host_device now;
        const char *why = NULL;
        if (!is_new_host_device(steps[i]))
            continue;
        bool there = host_look_again(arena, steps[i]->device->host, &now);
        enum verdict agrees =
            verify_host_agrees(arena, there ? &now : NULL, &nodes, steps[i]->device, &why);
        if (agrees == VERDICT_YES)
            continue;
        if (agrees == VERDICT_UNKNOWN) {
            steps[i]->device->state = DEVICE_UNKNOWN;
            steps[i]->remark = why;
            continue;
        }
        undo_add(handle, steps[i], false, why);
        status = STATUS_FAILED;
    }
    return status;
}

// For a guest to configure a new device; scaled.
#define CONFIGURE_SECONDS 10.0

static bool wait_until_configured(struct qmp_handle *handle, const struct device *device,
                                  struct deadline deadline)
{
    const double pause = 0.05;
    const struct session *session = handle->session;
    cleanup_waiting struct waiting waiting = waiting_until(
        deadline, arena_printf(session->arena, "the guest to configure %s", device->host->busid));
    while (!verify_guest_configured(session->arena, device->host->busid)) {
        qmp_share(handle);
        if (!session_pause(session, &waiting, pause))
            return false;
    }
    return true;
}

// Fails the steps whose devices the guest does not configure. They share one deadline, since the
// guest got all of them at the same time.
static enum status require_guest(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    const struct session *session = handle->session;
    const struct deadline deadline = deadline_in(CONFIGURE_SECONDS * session->timeout_scale);
    enum status status = STATUS_OK;
    // What is added again by an undo was there before, whatever the guest does with it.
    const bool required = session->require_guest && !session->finishing;
    for (size_t i = 0; i < count && required; i++) {
        bool configured = !is_new_host_device(steps[i]) ||
                          wait_until_configured(handle, steps[i]->device, deadline);
        (void)qmp_unshare(handle);
        if (configured)
            continue;
        bool stopped = session_interrupted(session);
        steps[i]->timed_out = !stopped;
        undo_add(handle, steps[i], true,
                 stopped ? "interrupted"
                         : arena_printf(session->arena,
                                        "the guest did not configure it within %g s: it is still "
                                        "booting, or has no driver for the controller",
                                        CONFIGURE_SECONDS * session->timeout_scale));
        status = status_worse(status, stopped ? STATUS_FAILED : STATUS_TIMEOUT);
    }
    return status;
}

// Records the steps that are done; takes those back that could not be recorded.
static enum status record_all(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    enum status *outcomes = arena_array_of(handle->session->arena, enum status, count);
    enum status status = record_steps(handle->session, steps, count, outcomes);
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i] == STATUS_OK)
            continue;
        steps[i]->timed_out = outcomes[i] == STATUS_TIMEOUT;
        // A record whose write was not confirmed may exist.
        bool recorded = outcomes[i] != STATUS_REFUSED && outcomes[i] != STATUS_LEFTOVER;
        undo_add(handle, steps[i], recorded, "its record in xenstore could not be updated");
        if (outcomes[i] == STATUS_LEFTOVER) {
            steps[i]->state = STEP_LEFT;
            steps[i]->words = "its record in xenstore could not be removed again";
        }
    }
    return status;
}

// What the guest was asked to release and still has is not to be used by the next command.
static void note_leaving(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i]->pending)
            record_note_leaving(handle->session, steps[i]->controller);
}

// Runs and records the steps. The host's lock, which are_free() takes, is held until the devices
// are recorded.
static enum status run_and_record(struct qmp_handle *handle, struct step *const *steps,
                                  size_t count)
{
    enum status status = run_in_qemu(handle, steps, count);
    note_leaving(handle, steps, count);
    status = status_worse(status, verify_attached(handle, steps, count));
    status = status_worse(status, record_all(handle, steps, count));
    lock_release(&handle->host_lock);
    return status;
}

enum status qmp_run_recorded(void *at, struct step *const *steps, size_t count)
{
    struct qmp_handle *handle = at;
    if (handle->ended)
        return qmp_run_ended(handle, steps, count);
    enum status status = run_and_record(handle, steps, count);
    return status_worse(status, require_guest(handle, steps, count));
}
