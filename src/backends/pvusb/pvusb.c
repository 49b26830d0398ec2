// SPDX-License-Identifier: MIT
#include "pvusb.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "handle.h"
#include "qemu/qmp_client.h"

#include <stdlib.h>

static bool pvusb_suits(const struct config_controller *wanted, const struct domain *domain)
{
    bool pv_guest = !domain_has_machine(domain->type);
    bool pv = wanted->type == CONTROLLER_PV || (wanted->type == CONTROLLER_AUTO && pv_guest);
    return domain->id >= 0 && pv;
}

static void pvusb_close(void *at)
{
    struct pvusb_handle *handle = at;
    if (!handle)
        return;
    // Close the connection first: QEMU must be free for the next owner of the lock.
    qmp_close(handle->client);
    lock_release(&handle->lock);
    free(handle);
}

static enum status pvusb_open(struct session *session, void **handle)
{
    struct pvusb_handle *made = calloc(1, sizeof *made);
    if (!made) {
        complain_error(session->diags, CODE_FAILED, "out of memory");
        return STATUS_FAILED;
    }
    made->session = session;
    made->round = arena_new_of(session->arena, struct qemu_round);
    made->lock = LOCK_NONE;
    enum status status = pvusb_connect(made);
    if (status == STATUS_OK)
        *handle = made;
    else
        pvusb_close(made);
    return status;
}

static void run_step(struct pvusb_handle *handle, struct step *step)
{
    static void (*const ways[2][2])(struct pvusb_handle *, struct step *) = {
        { pvusb_remove_controller, pvusb_add_controller },
        { pvusb_stop_qemu, pvusb_start_qemu },
    };
    ways[step->pvusb_qemu != NULL][step->op == STEP_ADD](handle, step);
}

static enum status status_of(const struct pvusb_handle *handle, struct step *step)
{
    // An interrupted wait is not a timeout.
    step->timed_out &= !session_interrupted(handle->session);
    if (step->state == STEP_DONE)
        return STATUS_OK;
    return step->timed_out ? STATUS_TIMEOUT : STATUS_FAILED;
}

static enum status run_devices(struct pvusb_handle *handle, struct step *const *steps, size_t count)
{
    enum status status = STATUS_OK;
    if (steps[0]->op == STEP_ADD)
        pvusb_add_devices(handle, steps, count);
    else
        pvusb_remove_devices(handle, steps, count);
    for (size_t i = 0; i < count; i++)
        status = status_worse(status, status_of(handle, steps[i]));
    return status;
}

static enum status pvusb_run(void *at, struct step *const *steps, size_t count)
{
    struct pvusb_handle *handle = at;
    enum status status = STATUS_OK;
    if (count && steps[0]->device)
        return run_devices(handle, steps, count);
    for (size_t i = 0; i < count; i++) {
        // After a failure, do not start steps that would be undone; but undo as many as possible.
        if (status != STATUS_OK && !handle->session->finishing)
            break;
        run_step(handle, steps[i]);
        status = status_worse(status, status_of(handle, steps[i]));
    }
    return status;
}

const struct backend_ops pvusb_backend = {
    .name = "PVUSB",
    .suits = pvusb_suits,
    .open = pvusb_open,
    .look = pvusb_look,
    .run = pvusb_run,
    .close = pvusb_close,
};
