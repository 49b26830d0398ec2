// SPDX-License-Identifier: MIT
// Releases devices: clears their ports in one transaction, then waits for the backend. Those of
// usbback in the safe order (drivers.c).
#include "release.h"

#include "base/arena.h"
#include "host/bind.h"
#include "host/holders.h"
#include "nodes.h"
#include "qemu/qmp_client.h"
#include "record/record.h"
#include "record/saved.h"

#include <errno.h>

bool is_local_usbback(const struct device *device)
{
    return device->controller->pvusb == PVUSB_KERNEL && !device->controller->backend_domain;
}

const char *port_path(const struct change *change)
{
    return nodes_port(change->session->arena, change->session->domain->id, change->controller,
                      change->device->port.number[0]);
}

// Clears the port, unless another device uses it by now or the controller is gone.
static enum xen_result free_port(struct change *change)
{
    struct text value;
    enum xen_result result = xen_read(change->xen, change->in, port_path(change), &value);
    if (result != XEN_OK)
        return change_ignore_absent(result);
    bool ours = !(change->device->selector.criteria & SELECT_BUSID) ||
                text_is(value, device_busid(change->device));
    if (!ours || !value.size)
        return XEN_OK;
    result = xen_write(change->xen, change->in, port_path(change), TEXT_EMPTY);
    return result == XEN_OK ? label_drop(change) : result;
}

static enum xen_result forget_drivers(struct change *change)
{
    return xen_remove(change->xen, change->in,
                      nodes_drivers(change->session->arena, device_busid(change->device)));
}

// QEMU releases a device some time after its node was cleared, and accepts the next one only then.
static bool qemu_released(struct pvusb_handle *handle, const struct controller *controller,
                          const struct device *device)
{
    struct arena *arena = handle->session->arena;
    if (controller->no_backend)
        return true;
    enum verdict has = pvusb_has_port(handle, controller->index, device->port.number[0]);
    if (has != VERDICT_UNKNOWN)
        return has == VERDICT_NO;
    // If QEMU does not answer, the device is released when usbfs has none of its interfaces.
    if (!device_on_host(device))
        return true;
    const struct host_interface *interfaces = host_interfaces(arena, device_busid(device));
    if (errno)
        return false;
    for (const struct host_interface *at = interfaces; at; at = at->next)
        if (at->driver && strcmp(at->driver, DRIVER_USBFS) == 0)
            return false;
    return true;
}

// Whether the QEMU that served the device has exited.
static bool qemu_has_gone(const struct pvusb_handle *handle, const struct device *device)
{
    const struct qmp_client *qemu = pvusb_client(handle);
    return controller_uses_pvusb_qemu(device->controller) &&
           (device->controller->no_backend || (qemu && qmp_broken(qemu)));
}

// Whether its interfaces may be bound to usbback.
static bool is_bound_here(const struct attempt *attempt)
{
    const struct device *device = attempt->step->device;
    return is_local_usbback(device) && device->selector.criteria & SELECT_BUSID;
}

static bool is_bound_elsewhere(const struct attempt *attempt)
{
    return !is_bound_here(attempt);
}

static bool is_seen(const struct attempt *attempt)
{
    return attempt_succeeds(attempt) && !attempt->step->controller->backend_domain;
}

// The part of a wave whose drivers may be changed: not those of a device that another guest has by
// now, as far as the claims can be read. One that cannot be read does not keep a device here: its
// own port has it.
static struct wave find_ours(const struct wave *wave)
{
    struct wave ours = *wave;
    const struct session *session = wave->handle->session;
    struct record_claim *claims = NULL;
    if (!wave->count)
        return ours;
    (void)record_claims_here(session, &claims); // also gives those that it could read
    ours.count = 0;
    ours.at = arena_array_of(session->arena, struct attempt *, wave->count);
    for (size_t i = 0; i < wave->count; i++)
        if (!record_other_claim(session, claims, wave->at[i]->step->device))
            ours.at[ours.count++] = wave->at[i];
    return ours;
}

static void unbind_each(const struct wave *wave)
{
    const char *why = NULL;
    for (size_t i = 0; i < wave->count; i++)
        if (!pvusb_unbind(wave->handle->session, device_busid(wave->at[i]->step->device), &why))
            wave_fail(wave->at[i], STATUS_FAILED, why);
}

static void rebind_each(const struct wave *wave)
{
    const char *why = NULL;
    for (size_t i = 0; i < wave->count; i++)
        if (attempt_succeeds(wave->at[i]) &&
            !pvusb_rebind(wave->handle->session, device_busid(wave->at[i]->step->device), &why))
            wave_fail(wave->at[i], STATUS_FAILED, why);
    // Keep the saved drivers for another attempt if binding failed (libxl removes them even then).
    (void)wave_change(wave, forget_drivers, "its saved drivers could not be removed from xenstore");
}

// Under the host's lock, so that no device is given to another guest while its drivers change.
static void release_from_usbback(const struct wave *wave)
{
    cleanup_lock struct lock host = LOCK_NONE;
    const struct session *session = wave->handle->session;
    enum status status = wave->count ? lock_host(session, &host) : STATUS_OK;
    if (status != STATUS_OK) {
        wave_fail_all(wave, status, host_why_not_locked(session));
        return;
    }
    const struct wave ours = find_ours(wave);
    unbind_each(&ours);
    (void)wave_change(wave, free_port, NULL);
    rebind_each(&ours);
}

static void await_qemu(const struct wave *wave)
{
    const struct session *session = wave->handle->session;
    wave_wait(wave, PVUSB_STATE_SECONDS, "QEMU to release", qemu_released);
    for (size_t i = 0; i < wave->count; i++) {
        struct attempt *attempt = wave->at[i];
        const struct device *device = attempt->step->device;
        // The devices of a dead QEMU have no driver.
        const struct host_device *there = device_on_host(device);
        if (there && qemu_has_gone(wave->handle, device))
            (void)host_probe(session->arena, there->busid, &(const char *){ NULL });
        if (!attempt->met)
            wave_fail(attempt, STATUS_TIMEOUT,
                      arena_printf(session->arena,
                                   "its port is free, but QEMU did not release it within %g s",
                                   PVUSB_STATE_SECONDS * session->timeout_scale));
    }
}

static void release_from_others(const struct wave *wave)
{
    (void)wave_change(wave, free_port, NULL);
    const struct wave served = wave_part(wave, is_seen);
    await_qemu(&served);
}

void wave_release(const struct wave *wave)
{
    struct session *session = wave->handle->session;
    const struct wave bound = wave_part(wave, is_bound_here),
                      others = wave_part(wave, is_bound_elsewhere);
    bool finishing = session->finishing;
    session->finishing = true;
    release_from_usbback(&bound);
    release_from_others(&others);
    session->finishing = finishing;
}

void pvusb_remove_devices(struct pvusb_handle *handle, struct step *const *steps, size_t count)
{
    const struct wave wave = wave_of_steps(handle, steps, count);
    wave_release(&wave);
    for (size_t i = 0; i < count; i++) {
        struct attempt *attempt = wave.at[i];
        if (!attempt_succeeds(attempt)) {
            pvusb_fail(steps[i], STEP_LEFT, attempt->status, attempt->why);
            continue;
        }
        steps[i]->state = STEP_DONE;
        saved_device_removed(handle->session, steps[i]->device);
        if (steps[i]->controller->backend_domain)
            steps[i]->remark = "xenusb cannot see whether its driver domain released it";
    }
}
