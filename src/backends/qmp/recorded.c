// SPDX-License-Identifier: MIT
// Steps in QEMU and what belongs to them outside of it: that the host shows a device gone to QEMU,
// and the record in xenstore.
#include "handle.h"

#include "base/arena.h"
#include "record/record.h"
#include "verify.h"

static enum status record(const struct session *session, const struct step *step)
{
    if (step->op == STEP_ADD)
        return step->device ? record_device_added(session, step->device)
                            : record_controller_added(session, step->controller);
    return step->device ? record_device_removed(session, step->device)
                        : record_controller_removed(session, step->controller);
}

// What only a record has left is removed by its record alone.
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

// QEMU gives back what it took. What could not be taken back, or was a removal, stays to be named.
static void take_back(struct qmp_handle *handle, struct step *step, const char *words)
{
    struct step inverse = *step, *const inverses[] = { &inverse };
    step->words = words;
    step->state = STEP_LEFT;
    if (step->op == STEP_REMOVE)
        return;
    inverse.op = STEP_REMOVE;
    inverse.state = STEP_PLANNED;
    if (qmp_run(handle, inverses, 1) == STATUS_OK)
        step->state = STEP_FAILED;
}

static bool is_arrival(const struct step *step)
{
    return step->op == STEP_ADD && step->state == STEP_DONE && step->device && step->device->host;
}

// "Attached" is said only of what was seen on both sides: QEMU's own word can be stale.
static enum status see_arrivals(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct session *session = handle->session;
    struct host now = { 0 };
    size_t first = 0;
    while (first < count && !is_arrival(steps[first]))
        first++;
    if (first == count)
        return STATUS_OK;
    enum status looked = host_look(session->arena, session->diags, &now), status = looked;
    for (size_t i = first; i < count; i++) {
        const char *why = "this host's devices cannot be looked at";
        if (!is_arrival(steps[i]))
            continue;
        if (looked == STATUS_OK && verify_was_seen(session->arena, &now, steps[i]->device, &why))
            continue;
        take_back(handle, steps[i], why);
        status = status_worse(status, STATUS_FAILED);
    }
    return status;
}

// How long a guest may take to configure a device that it was just told of; times patience.
#define TAKING_SECONDS 10.0

static bool guest_takes(const struct session *session, const struct device *device,
                        struct deadline deadline)
{
    const double pause = 0.05;
    while (!verify_guest_took(session->arena, device->host->busid))
        if (!session_pause(session, deadline, pause))
            return false;
    return true;
}

// All are given the same time, for the guest was told of all of them.
static enum status require_guest(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    const struct session *session = handle->session;
    const struct deadline deadline = deadline_in(TAKING_SECONDS * session->timeout_scale);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && session->require_guest; i++) {
        if (!is_arrival(steps[i]) || guest_takes(session, steps[i]->device, deadline))
            continue;
        bool stopped = session_interrupted(session);
        steps[i]->timed_out = !stopped;
        take_back(handle, steps[i],
                  stopped ? "interrupted"
                          : arena_printf(session->arena,
                                         "the guest did not configure it within %g s: it does not "
                                         "run yet, or has no driver for its controller",
                                         TAKING_SECONDS * session->timeout_scale));
        status = status_worse(status, stopped ? STATUS_FAILED : STATUS_TIMEOUT);
    }
    return status;
}

enum status qmp_run_recorded(void *at, struct step *const *steps, size_t count)
{
    struct qmp_handle *handle = at;
    enum status status = run_in_qemu(handle, steps, count);
    status = status_worse(status, see_arrivals(handle, steps, count));
    status = status_worse(status, require_guest(handle, steps, count));
    for (size_t i = 0; i < count; i++) {
        if (steps[i]->state != STEP_DONE)
            continue;
        enum status recorded = record(handle->session, steps[i]);
        if (recorded == STATUS_OK)
            continue;
        steps[i]->timed_out = recorded == STATUS_TIMEOUT;
        take_back(handle, steps[i], "its record in xenstore could not be changed");
        status = status_worse(status, recorded);
    }
    return status;
}
