// SPDX-License-Identifier: MIT
// The interface between the plan and the backends that run it. A backend manages one kind of
// controllers of one domain: QEMU's emulated ones over QMP, PVUSB ones over xenstore, or none (for
// a dry run).
#ifndef XENUSB_PLAN_BACKEND_H
#define XENUSB_PLAN_BACKEND_H

#include "base/session.h"
#include "plan.h"

// The operations of one kind of backend.
struct backend_ops {
    const char *name;

    // Whether this kind of backend manages such a controller in that domain.
    bool (*suits)(const struct config_controller *wanted, const struct domain *domain);

    // Connects and verifies the peer; the caller owns *handle until close. Does not need the host
    // and the record, and may send the first questions of look(), so that both are read meanwhile.
    // After reporting an error: STATUS_REQUEST if the domain has nothing of this kind,
    // STATUS_TIMEOUT if the peer does not answer, STATUS_FAILED otherwise.
    enum status (*open)(struct session *session, void **handle);

    // Adds what is present to the topology: controllers, and devices with their verified state.
    // Changes nothing in the domain. The caller sets controller->backend
    // and pvusb_qemu->backend.
    enum status (*look)(void *handle, struct topology *topology);

    // Finds out which controllers can be hotplugged (topology->plugging) and which cannot be
    // removed (fixed_on); after look(), and only for a plan that adds or removes controllers. NULL:
    // look() has done that, or any can. Statuses as from look().
    enum status (*supply)(void *handle, struct topology *topology);

    // Runs `count` independent steps, all STEP_ADD or all STEP_REMOVE, and all for a device or
    // none, and waits for their effects. Sets each step's state (STEP_DONE, STEP_FAILED or
    // STEP_LEFT), and words; a step is done only if its effect was observed. Returns
    // STATUS_OK if all are done. After a failure the steps that were not tried are still
    // STEP_PLANNED.
    enum status (*run)(void *handle, struct step *const *steps, size_t count);

    // Closes the connection and frees the handle. NULL is a no-op.
    void (*close)(void *handle);
};

// A backend that is open for one domain.
struct backend {
    const struct backend_ops *ops;
    void *handle;
};

// Asks the backend what it can hotplug (supply() above), unless it was asked before. NULL, or a
// backend that cannot be asked, is a no-op.
enum status backend_supply(const struct backend *backend, struct topology *topology);

#endif
