// SPDX-License-Identifier: MIT
// The contract between the plan and those that carry it out. A backend serves the controllers of
// one domain in one way: QEMU's emulated ones over QMP, PVUSB over xenstore, or not at all (the dry
// run).
#ifndef XENUSB_PLAN_BACKEND_H
#define XENUSB_PLAN_BACKEND_H

#include "base/session.h"
#include "plan.h"

// What each kind of backend can do.
struct backend_ops {
    const char *name;

    // Whether a controller that is wanted like this, in that domain, is for this kind of backend.
    bool (*suits)(const struct config_controller *wanted, const struct domain *domain);

    // Connects and makes sure that the peer is what it should be; *handle is owned by the caller
    // until close. STATUS_REQUEST if the domain has nothing of this kind, STATUS_TIMEOUT if the
    // peer does not answer, STATUS_FAILED otherwise; each after a complaint.
    enum status (*open)(struct session *session, void **handle);

    // Adds to the topology what is there: controllers, devices and their true state, and what can
    // be plugged. Changes nothing. The caller sets who serves them (controller->backend and
    // pvusb_qemu->backend).
    enum status (*look)(void *handle, struct topology *topology);

    // Carries out `count` steps, all STEP_ADD or all STEP_REMOVE, that do not depend on each other.
    // Every answer is awaited; each step's state, words and seconds tell what became of it
    // (STEP_DONE, STEP_FAILED, STEP_LEFT). A step is done only when that was seen. Returns
    // STATUS_OK if all are done. After a failure those that were not tried are STEP_PLANNED still.
    enum status (*run)(void *handle, struct step *const *steps, size_t count);

    // Closes the connection and frees the handle. NULL is a no-op.
    void (*close)(void *handle);
};

// A backend that is open for one domain.
struct backend {
    const struct backend_ops *ops;
    void *handle;
};

#endif
