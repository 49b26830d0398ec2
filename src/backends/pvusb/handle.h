// SPDX-License-Identifier: MIT
// What is held while a domain's PVUSB is open, and what the files of this backend share. Private to
// the backend.
#ifndef XENUSB_BACKENDS_PVUSB_HANDLE_H
#define XENUSB_BACKENDS_PVUSB_HANDLE_H

#include "base/deadline.h"
#include "plan/backend.h"
#include "process.h"
#include "rings.h"
#include "xen/lock.h"

// Serving the rings of one controller whose QEMU has ended.
struct takeover {
    struct xen_share *share; // NULL: it does not
    struct urb_ring requests;
    double asked; // when the guest asked last, by clock_now()
};

struct pvusb_handle {
    struct session *session;
    struct lock lock;          // libxl's for the QEMU's socket, while the connection is ours
    struct qmp_client *client; // our own connection to the domain's QEMU, or NULL
    const char *why_no_client; // why there is none; NULL
    bool no_listener;          // nobody listens at the socket, or there is none
    const char *no_qemu;       // why its QEMU takes no new controller, as of the last look; or NULL
    const char *no_backend;    // why no QEMU serves the domain; NULL: one does, or may
    struct qemu_process process; // the one that this run started
    struct takeover takeover;    // of the controller that is going, if nobody serves it
    struct topology *topology;   // what was looked at, and what is planned
    bool guest_ignores_devices;  // a guest was given its time to take a device, twice, in vain
    bool frontend_timed_out;     // a frontend was given its time to connect, in vain
    // Until when a guest may take what was arriving at the last look; {0} before anyone waited.
    struct deadline arrivals;
};

// How long either end may take to come to a state, and a device to come or go; times patience.
#define PVUSB_STATE_SECONDS 10.0
// How long a guest may take to configure a device that it was just told of; times patience.
#define PVUSB_ARRIVAL_SECONDS 5.0
// How long a QEMU may take to start and to answer, and to end; times patience.
#define PVUSB_START_SECONDS 30.0
#define PVUSB_STOP_SECONDS  5.0
// How long a guest may take to give up what it asked of a QEMU that has ended; times patience.
// Linux gives up on a disk after 30 s (SD_TIMEOUT in drivers/scsi/sd.h), and on all else at once.
#define PVUSB_TAKEOVER_SECONDS 45.0
// How long a guest may be at work on what it was answered, before it asks again; times patience.
#define PVUSB_REQUEST_SECONDS 1.0
// How long the driver of a running guest may take to connect to a controller that is new; times
// patience.
#define PVUSB_CONNECT_SECONDS 2.0

// ---- handle.c ----

// A condition that pvusb_wait() checks repeatedly until it is true.
typedef bool pvusb_condition(struct pvusb_handle *handle, const struct controller *controller,
                             const struct device *device);
// Waits until the condition is true. False if it is not after `seconds` (times session's
// timeout_scale), or if the user interrupts.
bool pvusb_wait(struct pvusb_handle *handle, double seconds, pvusb_condition *condition,
                const struct controller *controller, const struct device *device);
// The same with a deadline that was set earlier.
bool pvusb_wait_until(struct pvusb_handle *handle, struct deadline deadline,
                      pvusb_condition *condition, const struct controller *controller,
                      const struct device *device);
// Sets the outcome of a step that failed: `state` is STEP_FAILED if everything is as it was before,
// else STEP_LEFT; `words` says why.
void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words);

// ---- qemu.c: the QEMU that serves the domain's qusb controllers ----

// The QMP connection to it: the one that another backend has, or our own; NULL if there is none.
struct qmp_client *pvusb_client(const struct pvusb_handle *handle);
// Connects to it, if nobody has and there is a socket. Without a connection `why_no_client` tells
// why, and that is no failure: a PV guest has a QEMU only if its config needed one. What lock_libxl
// fails with is one.
enum status pvusb_connect(struct pvusb_handle *handle);
// Whether that QEMU takes a controller only when it starts, by its version. False where there is no
// connection.
bool pvusb_is_cold_only(const struct pvusb_handle *handle);
// Looks whether it serves new controllers (topology->pvusb), and if none runs, whether one could be
// started (topology->pvusb_qemu).
void pvusb_look_at_qemu(struct pvusb_handle *handle, struct topology *topology);
// What it has at a port.
enum qemu_answer {
    QEMU_SILENT, // it cannot be asked
    QEMU_NOTHING,
    QEMU_WAITING, // an object that holds no device
    QEMU_HOLDS,
};
enum qemu_answer pvusb_query_port(const struct pvusb_handle *handle, int index, unsigned port);

// ---- look.c ----

// backend.h's look.
enum status pvusb_look(void *handle, struct topology *topology);
// The states of both ends, read anew.
void pvusb_read_states(const struct pvusb_handle *handle, struct controller *controller);
// Whether the backend holds that device of this host, by what the host and QEMU show.
enum device_state pvusb_device_state(const struct pvusb_handle *handle,
                                     const struct device *device);

// Whether the guest has taken that device by the time that it may need. True of one that cannot be
// seen to, or is not expected to.
bool pvusb_guest_configured(struct pvusb_handle *handle, const struct device *device);
// Waits until the guest has taken that device. NULL if it has, else what it did instead.
const char *pvusb_wait_for_guest(struct pvusb_handle *handle, const struct device *device);

// ---- server.c ----

// One step each. Starts the QEMU for the controllers of the topology that are there, as libxl would
// have (libxl_dm.c), makes it known to libxl, and waits until it has taken up all of them; and ends
// it again.
void pvusb_start_qemu(struct pvusb_handle *handle, struct step *step);
void pvusb_stop_qemu(struct pvusb_handle *handle, struct step *step);

// ---- takeover.c: in the place of a QEMU that has ended ----

// Takes over the rings of a controller that nobody serves, tells the guest that its devices are
// gone, and answers it until no request is left that nobody answered. From then on its driver can
// let go of the controller, as long as turns are taken. A driver that waits for an answer when it
// is asked to close waits for good, and with it the guest's xenbus: it could not even be rebooted.
// After a failure *why tells; the guest lost nothing but devices that it had lost before.
enum status pvusb_take_over(struct pvusb_handle *handle, const struct controller *controller,
                            const char **why);
// Answers what the guest has asked by now. Nothing where nobody stands in.
void pvusb_answer_requests(struct pvusb_handle *handle);
void pvusb_end_takeover(struct pvusb_handle *handle);

// ---- controllers.c, devices.c: one step each; set its state and words ----

// pvusb_condition: the backend has taken the controller up.
bool pvusb_backend_ready(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device);
// "the backend (QEMU) did not come within 10 s: ..."
const char *pvusb_not_ready(const struct pvusb_handle *handle, struct controller *controller);
// Makes a controller as it was when it was new, for a QEMU takes up no other when it starts. After
// a failure *why tells, and whether it is as it was, or *left otherwise.
enum status pvusb_recreate_controller(struct pvusb_handle *handle, struct controller *controller,
                                      bool *left, const char **why);

void pvusb_add_controller(struct pvusb_handle *handle, struct step *step);
void pvusb_remove_controller(struct pvusb_handle *handle, struct step *step);
void pvusb_add_device(struct pvusb_handle *handle, struct step *step);
void pvusb_remove_device(struct pvusb_handle *handle, struct step *step);

// "the guest's frontend is not connected: ..." for a step that is done; NULL if it is.
const char *pvusb_frontend_remark(struct pvusb_handle *handle, struct controller *controller);

// ---- drivers.c: giving a device's interfaces to usbback, and back ----

// Gives all to usbback and remembers the drivers that they had. False after a failure: *why tells,
// and what was done so far is to be undone with the two below.
bool pvusb_bind(const struct pvusb_handle *handle, const char *busid, const char **why);
// Takes back all that usbback has.
bool pvusb_unbind(const struct pvusb_handle *handle, const char *busid, const char **why);
// Gives them to their former drivers, and forgets those.
bool pvusb_rebind(const struct pvusb_handle *handle, const char *busid, const char **why);

#endif
