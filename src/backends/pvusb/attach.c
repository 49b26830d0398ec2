// SPDX-License-Identifier: MIT
// Attaches devices: writes their ports in one transaction, then waits for the backend.
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "host/holders.h"
#include "nodes.h"
#include "record/record.h"
#include "record/saved.h"
#include "release.h"

#include <errno.h>

static bool is_seen(const struct attempt *attempt)
{
    return attempt_succeeds(attempt) && !attempt->step->controller->backend_domain;
}

static bool is_bound_here(const struct attempt *attempt)
{
    return attempt_succeeds(attempt) && is_local_usbback(attempt->step->device);
}

static bool is_local(const struct attempt *attempt)
{
    return attempt->step->device->host;
}

// ---- assigning devices to the backend ----

// QEMU aborts if two of its controllers use the same port number, if it cannot open a busid, or if
// two ports have the same busid. The plan excludes all of that as of the last look; this checks
// what may have changed since, and whether another has taken the device. Takes the host's lock.
static void check_assignable(const struct wave *wave, struct lock *host)
{
    const struct session *session = wave->handle->session;
    const struct host_guest guest = { .domain = session->domain->id };
    const struct wave local = wave_part(wave, is_local);
    const struct host_device **devices =
        arena_array_of(session->arena, const struct host_device *, local.count);
    struct host_hold *holds = arena_array_of(session->arena, struct host_hold, local.count);
    for (size_t i = 0; i < wave->count; i++)
        if (!is_local(wave->at[i]) && !wave->at[i]->step->controller->backend_domain)
            wave_fail(wave->at[i], STATUS_FAILED, "it is not plugged in");
    for (size_t i = 0; i < local.count; i++) {
        devices[i] = local.at[i]->step->device->host;
        if (host_address(session->arena, devices[i]->busid) != devices[i]->address)
            wave_fail(local.at[i], STATUS_FAILED, "it was unplugged or replugged meanwhile");
    }
    enum status status = host_lock_devices(session, devices, holds, local.count, host);
    if (status != STATUS_OK)
        wave_fail_all(wave, status, host_why_not_locked(session));
    for (size_t i = 0; i < local.count; i++) {
        const char *why = host_hold_show(session->arena, &holds[i], &guest);
        if (why && attempt_succeeds(local.at[i]))
            wave_fail(local.at[i], STATUS_REFUSED, why);
    }
}

static enum xen_result claim_port(struct change *change)
{
    struct text value, type;
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = change_read_type(change, &type);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "its controller no longer exists");
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, port_path(change), &value);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "the backend has no such port");
    // The backends notice a new device only at a port that they have seen empty.
    bool ours = result == XEN_OK && change->unsure && text_is(value, device_busid(change->device));
    if (result == XEN_OK && value.size && !ours)
        return change_refuse_taken(change, value);
    if (result == XEN_OK)
        result = xen_write(change->xen, change->in, port_path(change),
                           text_of(device_busid(change->device)));
    return result == XEN_OK ? label_put(change) : result;
}

typedef enum status read_claims(const struct session *session, struct record_claim **claims);

// Fails those that another guest has, by these claims.
static void give_way(const struct wave *wave, read_claims *read)
{
    const struct session *session = wave->handle->session;
    struct record_claim *claims = NULL;
    if (!wave->count)
        return;
    if (read(session, &claims) != STATUS_OK) {
        wave_fail_all(wave, STATUS_FAILED, "xenstore could not be read again");
        return;
    }
    for (size_t i = 0; i < wave->count; i++) {
        struct attempt *attempt = wave->at[i];
        const char *other = attempt_succeeds(attempt)
                                ? record_other_claim(session, claims, attempt->step->device)
                                : NULL;
        if (other)
            wave_fail(attempt, STATUS_REFUSED, other);
    }
}

// Saves its drivers in xenstore before they are unbound, in case xenusb is killed in between.
static enum xen_result save_drivers(struct change *change)
{
    enum xen_result result = XEN_OK;
    struct arena *arena = change->session->arena;
    const char *busid = device_busid(change->device);
    for (const struct host_interface *at = wave_attempt(change)->interfaces; at && result == XEN_OK;
         at = at->next)
        if (at->driver && strcmp(at->driver, DRIVER_USBBACK) != 0)
            result = xen_write(change->xen, change->in, nodes_driver(arena, busid, at->name),
                               text_of(host_driver_path(arena, at->driver)));
    return result;
}

static void bind_each(const struct wave *wave)
{
    const char *why = NULL;
    struct session *session = wave->handle->session;
    for (size_t i = 0; i < wave->count; i++) {
        struct attempt *attempt = wave->at[i];
        attempt->interfaces = host_interfaces(session->arena, device_busid(attempt->step->device));
        if (errno)
            wave_fail(attempt, STATUS_FAILED,
                      arena_printf(session->arena, "its interfaces could not be read: %s",
                                   strerror(errno)));
        else if (!attempt->interfaces)
            wave_fail(attempt, STATUS_FAILED,
                      "it has no interfaces: it was unplugged, or is not configured");
    }
    (void)wave_change(wave, save_drivers, "its drivers could not be saved");
    for (size_t i = 0; i < wave->count; i++) {
        struct attempt *attempt = wave->at[i];
        if (!attempt_succeeds(attempt))
            continue;
        if (session_interrupted(session))
            wave_fail(attempt, STATUS_FAILED, "interrupted");
        else if (!pvusb_bind(session->arena, attempt->interfaces, &why))
            wave_fail(attempt, STATUS_FAILED, why);
    }
}

// The backend has it; or it has lost its drivers, and QEMU does not answer whether that is why.
static bool is_taken(struct pvusb_handle *handle, const struct controller *controller,
                     const struct device *device)
{
    enum device_state state = pvusb_device_state(handle, device);
    (void)controller;
    return state == DEVICE_ATTACHED || (state == DEVICE_UNKNOWN && *device->host->drivers);
}

// Whether QEMU has not answered whether it has the device, in the last round of the wait.
static bool is_unproven(const struct pvusb_handle *handle, const struct device *device)
{
    return device->controller->pvusb == PVUSB_QEMU &&
           pvusb_port_has(handle, device) == VERDICT_UNKNOWN;
}

// Why the backend does not have the device.
static const char *why_not_attached(const struct pvusb_handle *handle,
                                    struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    if (session_interrupted(handle->session))
        return "interrupted";
    pvusb_read_states(handle, controller);
    const char *what = controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU";
    return arena_printf(arena,
                        "the backend (%s) did not attach the device within %g s (state: %s); %s",
                        what, PVUSB_STATE_SECONDS * handle->session->timeout_scale,
                        xenbus_state_name(controller->backend_state),
                        xenbus_backend_meaning(controller->backend_state));
}

// Assigns the devices to the backend: their ports name them, and their interfaces are bound. Holds
// the host's lock from the last look at who has them until then.
static void assign(const struct wave *wave)
{
    cleanup_lock struct lock host = LOCK_NONE;
    for (size_t i = 0; i < wave->count; i++)
        wave->at[i]->given = false;
    check_assignable(wave, &host);
    // What other xenusb processes have done until now; they take the host's lock.
    const struct wave free = wave_part(wave, is_seen);
    give_way(&free, record_others_since);
    (void)wave_change(wave, claim_port, NULL);
    for (size_t i = 0; i < wave->count; i++) {
        wave->at[i]->given = attempt_succeeds(wave->at[i]) || wave->at[i]->unsure;
        wave->at[i]->touched |= wave->at[i]->given;
    }
    const struct wave given = wave_part(wave, attempt_succeeds);
    // What xl has done, which takes no lock.
    const bool here = wave_part(&given, is_seen).count == given.count;
    give_way(&given, here ? record_claims_since : record_claims);
    const struct wave bound = wave_part(&given, is_bound_here);
    bind_each(&bound);
}

// Assigns the devices and waits until the backend has them.
static void assign_and_wait(const struct wave *wave)
{
    assign(wave);
    const struct wave seen = wave_part(wave, is_seen);
    wave_wait(&seen, PVUSB_STATE_SECONDS, "the backend to take", is_taken);
    for (size_t i = 0; i < seen.count; i++) {
        struct attempt *attempt = seen.at[i];
        attempt->unproven = attempt->met && is_unproven(wave->handle, attempt->step->device);
        if (!attempt->met)
            wave_fail(attempt, STATUS_TIMEOUT,
                      why_not_attached(wave->handle, attempt->step->controller));
    }
}

// ---- what the guest does with them ----

// Sets each step's remark about its frontend, which is looked at once for each controller.
static void remark_on_frontends(const struct wave *wave)
{
    for (size_t i = 0; i < wave->count; i++) {
        struct step *step = wave->at[i]->step;
        size_t same = 0;
        while (wave->at[same]->step->controller != step->controller)
            same++;
        step->remark = same < i ? wave->at[same]->step->remark
                                : pvusb_frontend_remark(wave->handle, step->controller);
    }
}

static bool can_be_configured(const struct attempt *attempt)
{
    return attempt_succeeds(attempt) && !attempt->step->remark;
}

static bool is_ignored(const struct attempt *attempt)
{
    return attempt_succeeds(attempt) && attempt->ignored;
}

// Sets for each whether the guest has not configured it.
static void await_guest(const struct wave *wave)
{
    struct pvusb_handle *handle = wave->handle;
    const struct wave awaited = wave_part(wave, can_be_configured);
    wave_wait(&awaited,
              handle->guest_ignores_devices ? PVUSB_CONNECT_SECONDS : PVUSB_ARRIVAL_SECONDS,
              "the guest to configure", pvusb_is_configured);
    for (size_t i = 0; i < awaited.count; i++)
        awaited.at[i]->ignored = !awaited.at[i]->met && !session_interrupted(handle->session);
}

// A restored guest believes that its ports still have the devices from when it was saved, and
// ignores a new one of the same speed. Removing the device and adding it again helps. If the guest
// ignores that too, it is not tried for further devices.
static void add_ignored_again(const struct wave *wave)
{
    struct pvusb_handle *handle = wave->handle;
    const struct wave ignored = wave_part(wave, is_ignored);
    if (!ignored.count || handle->guest_ignores_devices)
        return;
    wave_release(&ignored);
    const struct wave again = wave_part(&ignored, attempt_succeeds);
    assign_and_wait(&again);
    await_guest(&again);
    handle->guest_ignores_devices = wave_part(&again, is_ignored).count > 0;
}

// For --require-guest, which waits longer, so that the remark may be out of date.
static void require_guest(const struct wave *wave)
{
    const struct wave seen = wave_part(wave, is_seen);
    wave_wait(&seen, PVUSB_STATE_SECONDS, "the guest's frontend to connect for",
              pvusb_is_connected);
    for (size_t i = 0; i < seen.count; i++) {
        struct attempt *attempt = seen.at[i];
        attempt->step->remark = NULL;
        if (!attempt->met)
            wave_fail(attempt, STATUS_TIMEOUT,
                      pvusb_why_not_connected(wave->handle, attempt->step->controller));
    }
    wave_wait(&seen, PVUSB_STATE_SECONDS, "the guest to configure", pvusb_is_configured);
    for (size_t i = 0; i < seen.count; i++)
        if (is_seen(seen.at[i]) && !seen.at[i]->met)
            wave_fail(seen.at[i], STATUS_TIMEOUT, pvusb_why_not_configured(wave->handle));
}

static void verify(const struct wave *wave)
{
    const struct wave seen = wave_part(wave, is_seen);
    remark_on_frontends(&seen);
    await_guest(&seen);
    add_ignored_again(&seen);
    for (size_t i = 0; i < seen.count; i++)
        if (is_ignored(seen.at[i]))
            seen.at[i]->step->remark = "the guest has not configured it";
    // What is added again by an undo was there before, whatever the guest does with it.
    if (wave->handle->session->require_guest && !wave->handle->session->finishing)
        require_guest(wave);
    if (session_interrupted(wave->handle->session))
        wave_fail_all(&seen, STATUS_FAILED, "interrupted");
}

// ---- the outcome ----

static bool must_be_released(const struct attempt *attempt)
{
    return !attempt_succeeds(attempt) && attempt->given;
}

// Releases those that failed.
static void undo_failed(const struct wave *wave)
{
    struct arena *arena = wave->handle->session->arena;
    const struct wave failed = wave_part(wave, must_be_released);
    struct step **steps = arena_array_of(arena, struct step *, failed.count);
    for (size_t i = 0; i < failed.count; i++)
        steps[i] = failed.at[i]->step;
    const struct wave releases = wave_of_steps(wave->handle, steps, failed.count);
    wave_release(&releases);
    for (size_t i = 0; i < failed.count; i++) {
        struct attempt *attempt = failed.at[i];
        attempt->given = !attempt_succeeds(releases.at[i]);
        if (attempt->given)
            attempt->why = arena_printf(arena, "%s; it could not be released either: %s",
                                        attempt->why, releases.at[i]->why);
    }
}

static void finish(const struct wave *wave, const struct attempt *attempt)
{
    struct step *step = attempt->step;
    bool seen = !step->controller->backend_domain;
    if (!attempt_succeeds(attempt)) {
        step->refused = attempt->status == STATUS_REFUSED && !attempt->touched;
        pvusb_fail(step, attempt->given ? STEP_LEFT : STEP_FAILED, attempt->status, attempt->why);
        return;
    }
    step->state = STEP_DONE;
    step->device->state = seen && !attempt->unproven ? DEVICE_ATTACHED : DEVICE_UNKNOWN;
    if (attempt->unproven)
        step->remark = arena_printf(wave->handle->session->arena, "its state is unknown: %s",
                                    pvusb_why_unknown(wave->handle));
    if (seen)
        saved_device_added(wave->handle->session, step->device);
    else
        step->remark = "its state is unknown: xenusb cannot see the devices of a driver domain";
}

void pvusb_add_devices(struct pvusb_handle *handle, struct step *const *steps, size_t count)
{
    const struct wave wave = wave_of_steps(handle, steps, count);
    assign_and_wait(&wave);
    verify(&wave);
    undo_failed(&wave);
    for (size_t i = 0; i < count; i++)
        finish(&wave, wave.at[i]);
}
