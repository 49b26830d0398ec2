// SPDX-License-Identifier: MIT
// What a backend must be able to do. A backend serves the controllers of one domain on one kind of
// machinery: QEMU's emulated ones over QMP, PVUSB over xenstore, or none at all (the dry run).
#ifndef XENUSB_BACKEND_H
#define XENUSB_BACKEND_H

#include "plan.h"

#include <signal.h>

struct qmp_client;
struct xen;

// What every operation needs that touches the world. Owned by the verb that runs.
struct session {
    struct arena *arena;
    struct diags *diags;
    struct xen *xen; // NULL: no Xen on this machine, or not needed
    struct domain *domain;
    const struct host *host;
    struct qmp_client *qemu; // the connection to the domain's QEMU, which takes one at a time; NULL
                             // while no backend has one; whoever opened it closes it
    const volatile sig_atomic_t *interrupted; // set by SIGINT, SIGTERM, SIGHUP; may be NULL
    bool finishing;     // what is going on must not be stopped: undoing, or giving a device back
    bool keep_saved;    // libxl's saved config is left as it is
    bool require_guest; // a device that the guest does not take is taken back
    double patience;    // scales every time limit; 1.0 by default
};

// Whether to stop where it stands. Whoever asks for that wants nothing left half done: what was
// done so far is undone with all the time that it needs.
static inline bool session_interrupted(const struct session *session)
{
    return !session->finishing && session->interrupted && *session->interrupted;
}

struct backend {
    const char *name;

    // Whether controllers of that wish are its own to serve, in that domain.
    bool (*suits)(const struct config_controller *wish, const struct domain *domain);

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
