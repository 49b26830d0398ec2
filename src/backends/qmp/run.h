// SPDX-License-Identifier: MIT
// Runs steps in QEMU. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_RUN_H
#define XENUSB_BACKENDS_QMP_RUN_H

#include "handle.h"
#include "wire.h"

// An object to remove, and the outcome.
struct qmp_removal {
    const char *id;                     // "" if it has none
    const char *path;                   // its QOM path
    const char *what;                   // for a user: "hci0.1", the name of a controller
    bool by_guest;                      // a PCI device, which the guest must eject
    bool spare;                         // if it does not, that is not a failure: wait for less time
    bool gone;                          // if set in advance, only the backing is deleted
    struct wire_command delete_backing; // name NULL: it has no backing
    enum step_state state;              // out: STEP_DONE, STEP_FAILED (still there), STEP_LEFT
    bool timed_out;                     // QEMU or the guest did not answer in time
    bool pending;                       // the guest was asked, and may still eject it
    const char *words;                  // why it failed
    struct qmp_command *command;        // private to remove.c
};

// remove.c: requests all removals together, and waits until the objects are gone.
void run_removals(struct qmp_handle *handle, struct qmp_removal *removals, size_t count);

// pass.c: if QEMU has refused to add a host device because it may not open its node, opens it here,
// hands it to QEMU and adds the device again; returns the answer to that. Otherwise returns
// `refused`.
struct qmp_command *run_pass_device(struct qmp_handle *handle, const struct device *device,
                                    struct qmp_command *refused);

// Submits the command.
struct qmp_command *run_submit(struct qmp_handle *handle, struct wire_command command);
// Whether missing answers are due to a time limit: neither to an interrupt nor to the connection.
bool run_timed_out(const struct qmp_handle *handle);
// Why a command failed, in the arena: "QEMU says: ...", or the state of the connection.
const char *run_why(struct qmp_handle *handle, const struct qmp_command *command);

#endif
