// SPDX-License-Identifier: MIT
// Removes the records that a QEMU has left which exited, and frees its devices: as long as a record
// claims them, no other domain gets them.
#include "handle.h"

#include "base/arena.h"
#include "host/holders.h"
#include "record/record.h"

static void fail(struct step *step, const char *words)
{
    step->state = STEP_FAILED;
    step->words = words;
}

// The host's device of a step, as it is plugged in now; NULL if it has none.
static const struct host_device *device_of(const struct step *step)
{
    return step->device ? device_on_host(step->device) : NULL;
}

// Marks the steps as done, except for devices that a process has open after all. Takes the host's
// lock if there are devices.
static enum status check_free(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct arena *arena = handle->session->arena;
    const struct host_device **devices = arena_array_of(arena, const struct host_device *, count);
    struct step **of = arena_array_of(arena, struct step *, count);
    struct host_hold *holds = arena_array_of(arena, struct host_hold, count);
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        steps[i]->state = STEP_DONE;
        if (!device_of(steps[i]))
            continue;
        of[asked] = steps[i];
        devices[asked++] = device_of(steps[i]);
    }
    if (!asked)
        return STATUS_OK;
    enum status status =
        host_lock_devices(handle->session, devices, holds, asked, &handle->host_lock);
    for (size_t i = 0; i < asked; i++) {
        const char *why = status == STATUS_OK ? host_hold_show(arena, &holds[i], NULL)
                                              : host_why_not_locked(handle->session);
        if (why)
            fail(of[i], why);
    }
    return status;
}

// When QEMU exits, the kernel leaves the interfaces that it had without a driver.
static void give_back(const struct session *session, struct step *step)
{
    const struct host_device *device = device_of(step);
    const char *why;
    bool lost = device && *device->drivers == '\0';
    if (lost && !host_probe(session->arena, device->busid, &why))
        step->remark = why;
}

enum status qmp_run_ended(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    const struct session *session = handle->session;
    enum status *outcomes = arena_array_of(session->arena, enum status, count);
    enum status status = STATUS_OK;
    if (count && steps[0]->op != STEP_REMOVE) {
        for (size_t i = 0; i < count; i++)
            fail(steps[i], "its QEMU has exited");
        return STATUS_FAILED;
    }
    status = check_free(handle, steps, count);
    status = status_worse(status, record_steps(session, steps, count, outcomes));
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i] != STATUS_OK)
            fail(steps[i], "its record in xenstore could not be updated");
        if (steps[i]->state == STEP_DONE)
            give_back(session, steps[i]);
        else
            status = status_worse(status, STATUS_FAILED);
    }
    lock_release(&handle->host_lock);
    return status;
}
