// SPDX-License-Identifier: MIT
// What one session with the PVUSB of a domain holds, and what its rooms share. Private to the
// backend.
#ifndef XENUSB_BACKENDS_PVUSB_HANDLE_H
#define XENUSB_BACKENDS_PVUSB_HANDLE_H

#include "../../backend.h"
#include "../../lock.h"

struct pvusb_handle {
    struct session *session;
    struct lock lock;       // libxl's for the QEMU's socket, while the connection is ours
    struct qmp_client *own; // our own connection to the domain's QEMU, or NULL
    const char *silent;     // why there is none; NULL
    const char *no_qemu;    // why its QEMU takes no new controller, as of the last look; or NULL
};

// How long either end may take to come to a state, and a device to come or go; times patience.
#define PVUSB_STATE_SECONDS 10.0
// How long a guest may take to configure a device that it was just told of; times patience.
#define PVUSB_ARRIVAL_SECONDS 5.0

// Whether something is so by now. Asked again and again until it is.
typedef bool pvusb_question(struct pvusb_handle *handle, const struct controller *controller,
                            const struct device *device);
// Waits until it is so, at most that many seconds times patience, or until the user interrupts.
bool pvusb_wait(struct pvusb_handle *handle, double seconds, pvusb_question *question,
                const struct controller *controller, const struct device *device);

// ---- qemu.c: the QEMU that serves the domain's qusb controllers ----

// The QMP connection to it: the one that another backend has, or our own; NULL if there is none.
struct qmp_client *pvusb_qemu(const struct pvusb_handle *handle);
// Why that QEMU takes no new controller while it runs; NULL if it does. *advice is what can be
// done.
const char *pvusb_why_no_qemu(const struct pvusb_handle *handle, const char **advice);
// What it has at a port.
enum qemu_answer {
    QEMU_SILENT, // it cannot be asked
    QEMU_NOTHING,
    QEMU_WAITING, // an object that holds no device
    QEMU_HOLDS,
};
enum qemu_answer pvusb_ask_qemu(const struct pvusb_handle *handle, int index, unsigned port);

// ---- look.c ----

// backend.h's look.
enum status pvusb_look(void *handle, struct topology *topology);
// The states of both ends, read anew.
void pvusb_read_states(const struct pvusb_handle *handle, struct controller *controller);
// Whether the backend holds that device of this host, by what the host and QEMU show.
enum device_state pvusb_device_state(const struct pvusb_handle *handle,
                                     const struct device *device);

// ---- controllers.c, devices.c: one step each; set its state and words ----

void pvusb_add_controller(struct pvusb_handle *handle, struct step *step);
void pvusb_remove_controller(struct pvusb_handle *handle, struct step *step);
void pvusb_add_device(struct pvusb_handle *handle, struct step *step);
void pvusb_remove_device(struct pvusb_handle *handle, struct step *step);

// Ends a step that was tried and is as it was before, or is not (STEP_LEFT).
void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words);
// "the guest's frontend is not connected: ..." for a step that is done; NULL if it is.
const char *pvusb_frontend_remark(const struct pvusb_handle *handle, struct controller *controller);

// ---- drivers.c: giving a device's interfaces to usbback, and back ----

// Gives all to usbback and remembers the drivers that they had. False after a failure: *why tells,
// and what was done so far is to be undone with the two below.
bool pvusb_bind(const struct pvusb_handle *handle, const char *busid, const char **why);
// Takes back all that usbback has.
bool pvusb_unbind(const struct pvusb_handle *handle, const char *busid, const char **why);
// Gives them to their former drivers, and forgets those.
bool pvusb_rebind(const struct pvusb_handle *handle, const char *busid, const char **why);

#endif
