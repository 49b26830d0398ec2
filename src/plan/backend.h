// SPDX-License-Identifier: MIT
// What a backend must be able to do. A backend serves the controllers of one domain on one kind of
// machinery: QEMU's emulated ones over QMP, PVUSB over xenstore, or none at all (the dry run).
#ifndef XENUSB_BACKEND_H
#define XENUSB_BACKEND_H

#include "base/session.h"
#include "plan.h"

struct backend {
    const char *name;

    // Whether controllers of that wish are its own to serve, in that domain.
    bool (*suits)(const struct config_controller *wanted, const struct domain *domain);

    // Connects and makes sure that the peer is what it should be; *handle is owned by the caller
    // until close. STATUS_REQUEST if the domain has no such machinery, STATUS_TIMEOUT if the peer
    // does not answer, STATUS_FAILED otherwise; each after a complaint.
    enum status (*open)(struct session *session, void **handle);

    // Adds to the topology what is there: controllers, devices and their true state, and what can
    // be plugged. Changes nothing.
    enum status (*look)(void *handle, struct topology *topology);

    // Carries out `count` steps, all STEP_ADD or all STEP_REMOVE, that do not depend on each other.
    // Every answer is awaited; each step's state, words and seconds tell what became of it
    // (STEP_DONE, STEP_FAILED, STEP_LEFT). A step is done only when that was seen. Returns
    // STATUS_OK if all are done. After a failure those that were not tried are STEP_PLANNED still.
    enum status (*run)(void *handle, struct step *const *steps, size_t count);

    // Closes the connection and frees the handle. NULL is let pass.
    void (*close)(void *handle);
};

#endif
