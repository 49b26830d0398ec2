// SPDX-License-Identifier: MIT
// The state of an open PVUSB backend, and what the files of this backend share. Private to them.
#ifndef XENUSB_BACKENDS_PVUSB_HANDLE_H
#define XENUSB_BACKENDS_PVUSB_HANDLE_H

#include "base/json.h"
#include "base/verdict.h"
#include "base/waiting.h"
#include "host/bind.h"
#include "plan/backend.h"
#include "process.h"
#include "rings.h"
#include "xen/lock.h"

// xenusb in the role of a dead PVUSB QEMU, for one controller.
struct takeover {
    struct xen_share *share; // NULL: none in progress
    struct urb_ring requests;
    double last_request; // clock_now() of the guest's last request
};

// backend_ops' handle. Allocated by open, freed by close.
struct pvusb_handle {
    struct session *session;
    struct lock lock;            // libxl's for the QMP socket, while `client` is open
    struct qmp_client *client;   // our own connection to the domain's QEMU, or NULL
    const char *why_no_client;   // why connecting failed, or NULL
    bool no_listener;            // there is no QMP socket, or nothing listens on it
    const char *no_qemu;         // why its QEMU accepts no new controllers (last look), or NULL
    const char *no_backend;      // why no QEMU serves the domain; NULL if one does or may
    struct qemu_process process; // the QEMU that this run started
    struct qemu_round *round;    // of the arena
    struct takeover takeover;    // of the controller being removed, if no backend serves it
    bool spare;                  // the controller being removed may stay: wait for less time
    struct topology *topology;   // of the last look
    bool guest_ignores_devices;  // a guest did not configure a device although it was added twice
    bool frontend_timed_out;     // a frontend did not connect in its time; do not wait again
    // When devices that were being attached at the last look must be configured; {0}: not set yet.
    struct deadline arrivals;
};

// Time limits, in seconds before session's timeout_scale is applied.

// For either end to change its state, and for a device to be attached or released.
#define PVUSB_STATE_SECONDS 10.0
// For either end that has seen a controller come or go to write to its nodes. Not scaled: a user
// who interrupts does not wait for longer.
#define PVUSB_NOTICE_SECONDS 1.0
// For a guest to configure a new device.
#define PVUSB_ARRIVAL_SECONDS 5.0
// For the guest to release a controller that may stay.
#define PVUSB_SPARE_SECONDS 3.0
// For a QEMU to start and to answer, and to exit.
#define PVUSB_START_SECONDS 30.0
#define PVUSB_STOP_SECONDS  5.0
// For a guest to abandon the requests that a dead QEMU left open. Linux gives up on a disk after
// 30 s (SD_TIMEOUT in drivers/scsi/sd.h), and on everything else at once.
#define PVUSB_TAKEOVER_SECONDS 45.0
// For a guest to send its next request after a response.
#define PVUSB_REQUEST_SECONDS 1.0
// For the driver of a running guest to connect to a new controller.
#define PVUSB_CONNECT_SECONDS 2.0

// handle.c

// A condition that pvusb_wait() polls until it is true.
typedef bool pvusb_condition(struct pvusb_handle *handle, const struct controller *controller,
                             const struct device *device);
// A wait of at most `seconds`, times session's timeout_scale.
struct waiting pvusb_waiting(const struct pvusb_handle *handle, double seconds, const char *what);
// Waits until the condition is true, and ends the wait. False if it is not true in its time, or if
// the user interrupts.
bool pvusb_wait(struct pvusb_handle *handle, struct waiting waiting, pvusb_condition *condition,
                const struct controller *controller, const struct device *device);
// Sleeps until the next round of such a wait and begins it. *pause must be 0 before the first
// round; it grows. False, without sleeping, if its time is over or after an interrupt.
bool pvusb_pause(const struct pvusb_handle *handle, struct waiting *waiting, double *pause);
// Marks a step as failed: `state` is STEP_FAILED if nothing has changed, or STEP_LEFT; `words` is
// the reason.
void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words);

// qemu.c: the PVUSB QEMU of the domain

// The QMP connection to it: that of the QMP backend, or our own; NULL if there is none.
struct qmp_client *pvusb_client(const struct pvusb_handle *handle);
// The id of its process; 0 without a connection.
unsigned pvusb_process(const struct pvusb_handle *handle);
// Connects to it unless a connection is open or it has no socket. Fails only if lock_libxl() does:
// a PV guest has a QEMU only if its config needed one. Sets `why_no_client` otherwise.
enum status pvusb_connect(struct pvusb_handle *handle);
// Whether, by its version, that QEMU accepts controllers only while it starts. Unknown without a
// connection: it may have just been started, or be stuck.
enum verdict pvusb_is_cold_only(const struct pvusb_handle *handle);
// Sets whether QEMU accepts new controllers (topology->pvusb), and the QEMU that can be started or
// stopped (topology->pvusb_qemu).
void pvusb_look_at_qemu(struct pvusb_handle *handle, struct topology *topology);
// What was found out about all ports at once, as of one round of a wait or a look.
struct qemu_round {
    bool listed;
    const struct json *objects;     // of /machine/peripheral; NULL: QEMU did not list them
    const struct host_nodes *nodes; // what QEMU has open; NULL: not looked at yet
};
// Makes the functions below ask again. The waits call it before each round, pvusb_look() at its
// beginning.
void pvusb_begin_round(const struct pvusb_handle *handle);
// Whether QEMU has an object for a port (from 1 on) of the controller with that index: it has one
// from the time that the port's node names a device until it has released that.
enum verdict pvusb_has_port(const struct pvusb_handle *handle, int index, unsigned port);
// Whether that object has the device that is plugged in: its node is open in QEMU, or, if that
// cannot be seen, QEMU reports it as attached. Unknown if QEMU does not answer.
enum verdict pvusb_port_has(const struct pvusb_handle *handle, const struct device *device);

// look.c

// backend_ops.look.
enum status pvusb_look(void *handle, struct topology *topology);
// The present state of either end; XENBUS_UNKNOWN if there is none.
enum xenbus_state pvusb_backend_state(const struct pvusb_handle *handle,
                                      const struct controller *controller);
enum xenbus_state pvusb_frontend_state(const struct pvusb_handle *handle,
                                       const struct controller *controller);
// Reads both into the controller.
void pvusb_read_states(const struct pvusb_handle *handle, struct controller *controller);
// Why it is unknown which devices QEMU has, if it is.
const char *pvusb_why_unknown(const struct pvusb_handle *handle);
// Whether the backend has that device of this host, as the host and QEMU report it; DEVICE_UNKNOWN
// if QEMU does not answer and no driver of the host has the device.
enum device_state pvusb_device_state(const struct pvusb_handle *handle,
                                     const struct device *device);
// pvusb_condition: the guest's frontend is connected.
bool pvusb_is_connected(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device);
// pvusb_condition: the guest has configured the device, or that cannot be observed or is not
// expected (usbback, a paused guest).
bool pvusb_is_configured(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device);
// For --require-guest: why a controller or a device was not used in time. Owned by the arena.
const char *pvusb_why_not_connected(struct pvusb_handle *handle, struct controller *controller);
const char *pvusb_why_not_configured(const struct pvusb_handle *handle);
// "the guest's frontend is not connected: ..." as the remark of a finished step; NULL if it is
// connected. Gives a running guest time to connect first.
const char *pvusb_frontend_remark(struct pvusb_handle *handle, struct controller *controller);

// qemu_start.c

// Starts a QEMU as libxl would have (libxl_dm.c), registers it for libxl, and waits until it serves
// every qusb controller that is present. Sets the step's outcome, as all functions with a step do.
void pvusb_start_qemu(struct pvusb_handle *handle, struct step *step);
// Stops it and removes what was registered.
void pvusb_stop_qemu(struct pvusb_handle *handle, struct step *step);

// takeover.c

// Takes over the rings of a controller that no backend serves: reports its devices as unplugged and
// completes requests until none is open. Then the frontend can close, provided that the caller
// keeps calling pvusb_answer_requests(). Without that, a frontend that is asked to close while a
// request is open blocks the guest's xenbus forever, and not even a reboot works. Does nothing if
// the frontend has no rings. On failure *why is set, and the guest has lost only devices that were
// already dead.
enum status pvusb_take_over(struct pvusb_handle *handle, const struct controller *controller,
                            const char **why);
// Completes the guest's new requests. Does nothing if no takeover is in progress.
void pvusb_answer_requests(struct pvusb_handle *handle);
// Unmaps the rings. Does nothing if no takeover is in progress.
void pvusb_end_takeover(struct pvusb_handle *handle);

// controllers.c, attach.c, release.c

// pvusb_condition: the controller's backend is ready for a frontend.
bool pvusb_backend_ready(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device);
// What to wait for until then: "the backend of controller pv0", owned by the arena.
const char *pvusb_awaited_backend(const struct pvusb_handle *handle,
                                  const struct controller *controller);
// "the backend (QEMU) was not ready after 10 s (state: ...)", owned by the arena.
const char *pvusb_not_ready(const struct pvusb_handle *handle, struct controller *controller);
// Puts a controller back to its initial state, since a starting QEMU accepts no other. On failure
// *why is set; *left is set if the controller is no longer as it was.
enum status pvusb_recreate_controller(struct pvusb_handle *handle, struct controller *controller,
                                      bool *left, const char **why);

// Each runs one step, and sets its outcome.
void pvusb_add_controller(struct pvusb_handle *handle, struct step *step);
void pvusb_remove_controller(struct pvusb_handle *handle, struct step *step);
// The same for `count` steps, each for a device, which run together. Those that fail are undone;
// the others stay.
void pvusb_add_devices(struct pvusb_handle *handle, struct step *const *steps, size_t count);
void pvusb_remove_devices(struct pvusb_handle *handle, struct step *const *steps, size_t count);

// drivers.c: a device's interfaces, bound to usbback and back

// Binds interfaces to usbback; the caller has saved their drivers in xenstore (nodes_driver()). On
// failure returns false and sets *why; pvusb_unbind() and pvusb_rebind() undo what was done.
bool pvusb_bind(struct arena *arena, const struct host_interface *interfaces, const char **why);
// Unbinds all interfaces from usbback. On failure returns false and sets *why.
bool pvusb_unbind(const struct session *session, const char *busid, const char **why);
// Binds the interfaces to their saved drivers, which stay in xenstore. On failure returns false and
// sets *why.
bool pvusb_rebind(const struct session *session, const char *busid, const char **why);

#endif
