// SPDX-License-Identifier: MIT
// Devices come and go: one node, and what the backend makes of it.
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "host/host.h"
#include "nodes.h"
#include "qemu/qmp_client.h"
#include "record/change.h"
#include "record/record.h"
#include "record/saved.h"

// Whether it is this host's kernel that has to give the device away.
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

// ---- the node ----

static enum xen_result claim_port(struct change *change)
{
    struct text value, type;
    struct arena *arena = change->session->arena;
    const char *record = nodes_record(arena, change->session->domain->id, change->controller);
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, arena_printf(arena, "%s/type", record), &type);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "its controller is gone");
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, port_path(change), &value);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "the backend has no such port");
    // The backends heed a new device only at a port that was seen to be empty.
    if (result == XEN_OK && value.size)
        return change_refuse(change, STATUS_REFUSED,
                             arena_printf(arena, "xl has taken port %u for %s",
                                          change->device->port.number[0],
                                          text_show(arena, value, BUSID_SIZE)));
    return result == XEN_OK ? xen_write(change->xen, change->in, port_path(change),
                                        text_of(device_busid(change->device)))
                            : result;
}

// Frees the port, unless it has been given to another device by now, or went with its controller.
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

// ---- going ----

// QEMU lets go of a device some time after its node was cleared, and heeds the next one only then.
static bool qemu_released(struct pvusb_handle *handle, const struct controller *controller,
                          const struct device *device)
{
    struct arena *arena = handle->session->arena;
    enum qemu_answer answer = pvusb_query_port(handle, controller->index, device->port.number[0]);
    if (controller->no_backend)
        return true;
    if (answer != QEMU_SILENT)
        return answer == QEMU_NOTHING;
    // Then it is seen by the host, as far as nobody else has taken it by now.
    for (const struct host_interface *at =
             device->host ? host_interfaces(arena, device_busid(device)) : NULL;
         at; at = at->next)
        if (at->driver && strcmp(at->driver, DRIVER_USBFS) == 0)
            return false;
    return true;
}

// Whether the QEMU that had it, or would have, is no more.
static bool qemu_has_gone(const struct pvusb_handle *handle, const struct device *device)
{
    const struct qmp_client *qemu = pvusb_client(handle);
    return controller_uses_pvusb_qemu(device->controller) &&
           (device->controller->no_backend || (qemu && qmp_broken(qemu)));
}

// Gives it back in the safe order (drivers.c). What was done so far need not be all of it. The
// drivers of a device that another guest has by now are not touched.
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
    // A QEMU that ends leaves what it had open without a driver.
    if (device->host && qemu_has_gone(handle, device))
        (void)host_probe(handle->session->arena, device->host->busid, &(const char *){ NULL });
    if (gone)
        return true;
    *timed_out = true;
    *why = arena_printf(handle->session->arena,
                        "its port is free, but QEMU did not let go of it "
                        "within %g s",
                        PVUSB_STATE_SECONDS * handle->session->timeout_scale);
    return false;
}

// Once begun it is not interrupted.
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
    const char *why = "no reason was given";
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
        step->remark = "what its driver domain makes of that cannot be seen from here";
}

// ---- coming ----

// NULL: nobody has it as well.
static const char *other_holder(const struct session *session, const struct device *device)
{
    const char *other;
    return record_other_claim(session, device, &other) == STATUS_OK
               ? other
               : "xenstore cannot be looked at again";
}

static bool is_attached(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)controller;
    return pvusb_device_state(handle, device) == DEVICE_ATTACHED;
}

// Why the backend does not hold it, with the state in which it stands.
static const char *why_not_attached(const struct pvusb_handle *handle,
                                    struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    pvusb_read_states(handle, controller);
    const char *what = controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU";
    return arena_printf(arena,
                        "the backend (%s) did not take the device within %g s: it stands in "
                        "%s; %s",
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
                   arena_printf(handle->session->arena, "%s; and it could not be given back: %s",
                                words, why));
}

// A port number that another QEMU-served controller of the guest uses kills that QEMU; and so does
// a bus id that it cannot open, or one that stands at two ports. The last look showed none of that;
// what it cannot know any more is asked here.
static const char *why_not_assignable(const struct pvusb_handle *handle,
                                      const struct device *device)
{
    if (!device->host)
        return device->controller->backend_domain ? NULL : "the device is not plugged in";
    if (host_address(handle->session->arena, device->host->busid) != device->host->address)
        return "it has been unplugged meanwhile, or plugged in anew";
    return NULL;
}

// Gives it to the backend, and waits until that has it. After a failure *why tells; if it was
// *given, all of it is to be taken back.
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

// A guest that was restored believes that its ports have what they had when it was saved, and heeds
// no device of that speed which comes there: so it goes, and comes once more. Of a guest that takes
// none, that is found out once.
static enum status verify_attached(struct pvusb_handle *handle, struct step *step, bool *given,
                                   const char **why)
{
    struct device *device = step->device;
    bool timed_out = false;
    const char *remark = pvusb_frontend_remark(handle, step->controller);
    bool untaken = !remark && !pvusb_guest_configured(handle, device);
    if (untaken && !handle->guest_ignores_devices) {
        if (!release(handle, device, &timed_out, why))
            return timed_out ? STATUS_TIMEOUT : STATUS_FAILED;
        enum status status = assign(handle, step->controller, device, given, why);
        if (status != STATUS_OK)
            return status;
        untaken = handle->guest_ignores_devices = !pvusb_guest_configured(handle, device);
    }
    if (untaken)
        remark = "the guest has not configured it";
    // A guest that is waited for has more time, so that what was seen until here may be over.
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
            step->remark = "its state is unknown: the driver domain's devices cannot be seen from "
                           "here";
    }
}
