// SPDX-License-Identifier: MIT
// Attaches and releases devices: writes one node, then waits for the backend.
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "host/holders.h"
#include "nodes.h"
#include "qemu/qmp_client.h"
#include "record/change.h"
#include "record/record.h"
#include "record/saved.h"

// Whether the device must be bound to this host's usbback.
static bool is_local_usbback(const struct device *device)
{
    return device->controller->pvusb == PVUSB_KERNEL && !device->controller->backend_domain;
}

static struct change change_of(const struct pvusb_handle *handle, const struct device *device)
{
    return (struct change){ .session = handle->session,
                            .xen = handle->session->xen,
                            .controller = device->controller,
                            .device = device };
}

static const char *port_path(const struct change *change)
{
    return nodes_port(change->session->arena, change->session->domain->id, change->controller,
                      change->device->port.number[0]);
}

static enum xen_result claim_port(struct change *change)
{
    struct text value, type;
    struct arena *arena = change->session->arena;
    const char *record = nodes_record(arena, change->session->domain->id, change->controller);
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, arena_printf(arena, "%s/type", record), &type);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "its controller no longer exists");
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, port_path(change), &value);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "the backend has no such port");
    // The backends notice a new device only at a port that they have seen empty.
    if (result == XEN_OK && value.size)
        return change_refuse_taken(change, value);
    return result == XEN_OK ? xen_write(change->xen, change->in, port_path(change),
                                        text_of(device_busid(change->device)))
                            : result;
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
    return ours && value.size ? xen_write(change->xen, change->in, port_path(change), TEXT_EMPTY)
                              : XEN_OK;
}

// QEMU releases a device some time after its node was cleared, and accepts the next one only then.
static bool qemu_released(struct pvusb_handle *handle, const struct controller *controller,
                          const struct device *device)
{
    struct arena *arena = handle->session->arena;
    enum qemu_port answer = pvusb_query_port(handle, controller->index, device->port.number[0]);
    if (controller->no_backend)
        return true;
    if (answer != QEMU_PORT_UNKNOWN)
        return answer == QEMU_PORT_EMPTY;
    // If QEMU does not answer, the device is released when usbfs has none of its interfaces.
    for (const struct host_interface *at =
             device->host ? host_interfaces(arena, device_busid(device)) : NULL;
         at; at = at->next)
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

// Releases a device in the safe order (drivers.c), also one that was attached only in part. Does
// not change the drivers of a device that another guest has by now.
static bool release_all(struct pvusb_handle *handle, const struct device *device, bool *timed_out,
                        const char **why)
{
    const char *other;
    struct change change = change_of(handle, device);
    bool bound_here = is_local_usbback(device) && device->selector.criteria & SELECT_BUSID;
    bool ours =
        bound_here && (record_other_claim(handle->session, device, &other) != STATUS_OK || !other);
    if (ours && !pvusb_unbind(handle, device_busid(device), why))
        return false;
    enum status status = change_attempt(&change, free_port, why);
    if (status != STATUS_OK) {
        *timed_out = status == STATUS_TIMEOUT;
        return false;
    }
    if (bound_here)
        return !ours || pvusb_rebind(handle, device_busid(device), why);
    bool gone = device->controller->backend_domain ||
                pvusb_wait(handle, PVUSB_STATE_SECONDS, qemu_released, device->controller, device);
    // The devices of a dead QEMU have no driver.
    if (device->host && qemu_has_gone(handle, device))
        (void)host_probe(handle->session->arena, device->host->busid, &(const char *){ NULL });
    if (gone)
        return true;
    *timed_out = true;
    *why = arena_printf(handle->session->arena,
                        "its port is free, but QEMU did not release it within %g s",
                        PVUSB_STATE_SECONDS * handle->session->timeout_scale);
    return false;
}

// An interrupt does not stop it halfway.
static bool release(struct pvusb_handle *handle, const struct device *device, bool *timed_out,
                    const char **why)
{
    bool finishing = handle->session->finishing;
    handle->session->finishing = true;
    bool given_back = release_all(handle, device, timed_out, why);
    handle->session->finishing = finishing;
    return given_back;
}

void pvusb_remove_device(struct pvusb_handle *handle, struct step *step)
{
    const char *why = "no reason given";
    bool timed_out = false;
    if (!release(handle, step->device, &timed_out, &why)) {
        pvusb_fail(step, STEP_LEFT, timed_out ? STATUS_TIMEOUT : STATUS_FAILED, why);
        return;
    }
    enum status status = saved_device_removed(handle->session, step->device);
    if (status != STATUS_OK) {
        pvusb_fail(step, STEP_LEFT, status, "libxl's saved config could not be locked");
        return;
    }
    step->state = STEP_DONE;
    if (step->controller->backend_domain)
        step->remark = "xenusb cannot see whether its driver domain released it";
}

// Another guest that has the device too, for a message; NULL if there is none.
static const char *other_holder(const struct session *session, const struct device *device)
{
    const char *other;
    return record_other_claim(session, device, &other) == STATUS_OK
               ? other
               : "xenstore could not be read again";
}

static bool is_attached(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)controller;
    return pvusb_device_state(handle, device) == DEVICE_ATTACHED;
}

// Why the backend does not have the device.
static const char *why_not_attached(const struct pvusb_handle *handle,
                                    struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    pvusb_read_states(handle, controller);
    const char *what = controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU";
    return arena_printf(arena,
                        "the backend (%s) did not attach the device within %g s (state: %s); %s",
                        what, PVUSB_STATE_SECONDS * handle->session->timeout_scale,
                        xenbus_state_name(controller->backend_state),
                        xenbus_backend_meaning(controller->backend_state));
}

static void undo_add(struct pvusb_handle *handle, struct step *step, enum status status,
                     const char *words)
{
    const char *why = NULL;
    bool timed_out = false;
    if (release(handle, step->device, &timed_out, &why))
        pvusb_fail(step, STEP_FAILED, status, words);
    else
        pvusb_fail(step, STEP_LEFT, status,
                   arena_printf(handle->session->arena, "%s; it could not be released either: %s",
                                words, why));
}

// QEMU aborts if two of its controllers use the same port number, if it cannot open a busid, or if
// two ports have the same busid. The plan excludes all of that as of the last look; this checks
// what may have changed since, and whether another has taken the device.
static const char *why_not_assignable(const struct pvusb_handle *handle,
                                      const struct device *device)
{
    if (!device->host)
        return device->controller->backend_domain ? NULL : "it is not plugged in";
    if (host_address(handle->session->arena, device->host->busid) != device->host->address)
        return "it was unplugged or replugged meanwhile";
    const struct host_guest guest = { .domain = handle->session->domain->id };
    struct host_hold hold;
    host_await_holders(handle->session, &device->host, &hold, 1);
    return host_hold_show(handle->session->arena, &hold, &guest);
}

// Assigns the device to the backend and waits until that has it. On failure *why is set; if *given
// is set too, the caller must release the device.
static enum status assign(struct pvusb_handle *handle, struct controller *controller,
                          const struct device *device, bool *given, const char **why)
{
    struct change change = change_of(handle, device);
    *why = why_not_assignable(handle, device);
    enum status status = *why ? STATUS_FAILED : change_attempt(&change, claim_port, why);
    *given = status == STATUS_OK;
    if (status != STATUS_OK)
        return status;
    *why = other_holder(handle->session, device);
    if (*why)
        return STATUS_REFUSED;
    if (controller->backend_domain)
        return STATUS_OK;
    if (is_local_usbback(device) && !pvusb_bind(handle, device_busid(device), why))
        return STATUS_FAILED;
    if (pvusb_wait(handle, PVUSB_STATE_SECONDS, is_attached, controller, device))
        return STATUS_OK;
    *why = why_not_attached(handle, controller);
    return STATUS_TIMEOUT;
}

// A restored guest believes that its ports still have the devices from when it was saved, and
// ignores a new one of the same speed. Removing the device and adding it again helps. If the guest
// ignores that too, it is not tried for further devices.
static enum status verify_attached(struct pvusb_handle *handle, struct step *step, bool *given,
                                   const char **why)
{
    struct device *device = step->device;
    bool timed_out = false;
    const char *remark = pvusb_frontend_remark(handle, step->controller);
    bool ignored = !remark && !pvusb_guest_configured(handle, device);
    if (ignored && !handle->guest_ignores_devices) {
        if (!release(handle, device, &timed_out, why))
            return timed_out ? STATUS_TIMEOUT : STATUS_FAILED;
        enum status status = assign(handle, step->controller, device, given, why);
        if (status != STATUS_OK)
            return status;
        ignored = handle->guest_ignores_devices = !pvusb_guest_configured(handle, device);
    }
    if (ignored)
        remark = "the guest has not configured it";
    // --require-guest waits longer, so the remark may be out of date.
    bool required = handle->session->require_guest;
    *why = required ? pvusb_wait_for_guest(handle, device) : NULL;
    step->remark = required ? NULL : remark;
    return *why ? STATUS_TIMEOUT : STATUS_OK;
}

void pvusb_add_device(struct pvusb_handle *handle, struct step *step)
{
    struct device *device = step->device;
    bool given = false, seen = !step->controller->backend_domain;
    const char *why = NULL;
    enum status status = assign(handle, step->controller, device, &given, &why);
    if (status == STATUS_OK && seen)
        status = verify_attached(handle, step, &given, &why);
    if (status == STATUS_OK && seen) {
        why = "libxl's saved config could not be locked";
        status = saved_device_added(handle->session, device);
    }
    if (status != STATUS_OK && given) {
        undo_add(handle, step, status, why);
    } else if (status != STATUS_OK) {
        pvusb_fail(step, STEP_FAILED, status, why);
    } else {
        step->state = STEP_DONE;
        device->state = seen ? DEVICE_ATTACHED : DEVICE_UNKNOWN;
        if (!seen)
            step->remark = "its state is unknown: xenusb cannot see the devices of a driver domain";
    }
}
