// SPDX-License-Identifier: MIT
// Steps in QEMU and their records in xenstore, kept in step.
#include "handle.h"

#include "../../arena.h"
#include "../../record.h"

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

// The record could not be written, because xl was faster with the port or the device, say: QEMU
// gives back what it took. What could not be taken out of the record stays to be named.
static void take_back(struct qmp_handle *handle, struct step *step, enum status status)
{
    struct step inverse = *step, *const inverses[] = { &inverse };
    step->words = "its record in xenstore could not be changed";
    step->timed_out = status == STATUS_TIMEOUT;
    step->state = STEP_LEFT;
    if (step->op == STEP_REMOVE)
        return;
    inverse.op = STEP_REMOVE;
    inverse.state = STEP_PLANNED;
    if (qmp_run(handle, inverses, 1) == STATUS_OK)
        step->state = STEP_FAILED;
}

enum status qmp_run_recorded(void *at, struct step *const *steps, size_t count)
{
    struct qmp_handle *handle = at;
    enum status status = run_in_qemu(handle, steps, count);
    for (size_t i = 0; i < count; i++) {
        if (steps[i]->state != STEP_DONE)
            continue;
        enum status recorded = record(handle->session, steps[i]);
        if (recorded == STATUS_OK)
            continue;
        take_back(handle, steps[i], recorded);
        status = status_worse(status, recorded);
    }
    return status;
}
