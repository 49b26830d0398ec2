// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "recording.h"
#include "saved.h"

// Writes the same nodes as libxl__device_usbctrl_add_xenstore and libxl__device_generic_add.
static enum xen_result write_controller(struct change *change)
{
    const struct controller *controller = change->controller;
    struct arena *arena = change->session->arena;
    const char *at = change_libxl_path(change, "");
    struct text type;
    enum xen_result result =
        xen_read(change->xen, change->in, change_libxl_path(change, "/type"), &type);
    // QEMU has just accepted the id, so a record of an emulated controller with it is left over.
    if (result == XEN_OK && !text_is(type, "devicemodel"))
        return change_refuse(change, STATUS_REFUSED,
                             "xl has taken its index for another controller");
    result = change_ignore_absent(result);
    if (result == XEN_OK)
        result = xen_remove(change->xen, change->in, at);
    if (result == XEN_OK)
        result = change_write(change, at, "type", "devicemodel");
    if (result == XEN_OK)
        result = change_write(change, at, "usb-ver",
                              arena_printf(arena, "%u", controller->model->version));
    if (result == XEN_OK)
        result =
            change_write(change, at, "num-ports", arena_printf(arena, "%u", controller->ports));
    if (result == XEN_OK)
        result = change_write(change, at, "port", "");
    for (unsigned port = 1; result == XEN_OK && port <= controller->ports; port++)
        result = change_write(change, at, arena_printf(arena, "port/%u", port), "");
    return result;
}

static enum xen_result add_controller(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK && record_expresses_controller(change->controller))
        result = write_controller(change);
    return result == XEN_OK ? note_controller(change) : result;
}

static enum xen_result remove_controller(struct change *change)
{
    enum xen_result result = XEN_OK;
    if (record_expresses_controller(change->controller))
        result = change_remove_up(change, change_libxl_path(change, ""));
    if (result == XEN_OK)
        result = note_drop(change, "controller",
                           record_key(change->session->arena, change->controller->id));
    return result;
}

enum status record_controller_added(const struct session *session,
                                    const struct controller *controller)
{
    struct change change = { .session = session, .xen = session->xen, .controller = controller };
    if (!change_has_xen(session))
        return STATUS_OK;
    enum status status = change_make(&change, "a controller", add_controller);
    if (status != STATUS_OK)
        return status;
    status = saved_controller_added(session, controller);
    if (status != STATUS_OK)
        status = status_worse(
            status, change_make(&change, "the removal of a controller", remove_controller));
    return status;
}

enum status record_controller_removed(const struct session *session,
                                      const struct controller *controller)
{
    struct change change = { .session = session, .xen = session->xen, .controller = controller };
    if (!change_has_xen(session))
        return STATUS_OK;
    enum status status = change_make(&change, "the removal of a controller", remove_controller);
    return status == STATUS_OK ? saved_controller_removed(session, controller) : status;
}

static enum xen_result take_port(struct change *change)
{
    struct text value, type;
    const struct device *device = change->device;
    const char *busid = device_busid(device);
    enum xen_result result = change_read_port(change, device->port.number[0], &value);
    if (result != XEN_OK || !*busid)
        return result;
    if (value.size && !text_is(value, busid))
        return change_refuse_taken(change, value);
    result = xen_read(change->xen, change->in, change_libxl_path(change, "/type"), &type);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "xl has removed the controller");
    if (result != XEN_OK)
        return result;
    return xen_write(change->xen, change->in, change_port_path(change, device->port.number[0]),
                     text_of(busid));
}

static enum xen_result add_device(struct change *change)
{
    const struct device *device = change->device;
    enum xen_result result = change_check_domain(change);
    if (result != XEN_OK)
        return result;
    if (record_expresses_device(device))
        return take_port(change);
    if (record_hides_port(device))
        result =
            xen_remove(change->xen, change->in, change_port_path(change, device->port.number[0]));
    return result == XEN_OK ? note_device(change) : result;
}

// Marks the port as free, unless it belongs to another device by now.
static enum xen_result free_port(struct change *change)
{
    struct text value, type;
    const struct device *device = change->device;
    const char *busid = device_busid(device);
    unsigned port = device->port.number[0];
    enum xen_result result = change_read_port(change, port, &value);
    if (result != XEN_OK)
        return result;
    bool other = device->kind != DEVICE_HOSTDEV || (*busid && !text_is(value, busid));
    if (value.size && other)
        return XEN_OK;
    // Without the controller's record, or without such a port, there is nothing to free.
    result = xen_read(change->xen, change->in, change_libxl_path(change, "/type"), &type);
    if (result != XEN_OK || port > change->controller->ports)
        return change_ignore_absent(result);
    return xen_write(change->xen, change->in, change_port_path(change, port), TEXT_EMPTY);
}

static enum xen_result remove_device(struct change *change)
{
    const struct device *device = change->device;
    enum xen_result result = XEN_OK;
    if (device->port.depth == 1 && record_expresses_controller(device->controller))
        result = free_port(change);
    if (result == XEN_OK && *device->id)
        result = note_drop(change, "device", record_key(change->session->arena, device->id));
    return result;
}

// Leaves libxl's saved configuration alone.
static enum status remove_record(const struct session *session, const struct device *device)
{
    struct change change = {
        .session = session, .xen = session->xen, .controller = device->controller, .device = device
    };
    return change_make(&change, "the removal of a device", remove_device);
}

enum status record_device_removed(const struct session *session, const struct device *device)
{
    if (!change_has_xen(session))
        return STATUS_OK;
    enum status status = remove_record(session, device);
    return status == STATUS_OK ? saved_device_removed(session, device) : status;
}

enum status record_device_added(const struct session *session, const struct device *device)
{
    struct change change = {
        .session = session, .xen = session->xen, .controller = device->controller, .device = device
    };
    if (!change_has_xen(session))
        return STATUS_OK;
    enum status status = change_make(&change, "a device", add_device);
    if (status != STATUS_OK || !device->host)
        return status;
    const char *other;
    status = record_other_claim(session, device, &other);
    if (status == STATUS_OK && other) {
        complain_error(session->diags, "%s", other);
        status = STATUS_REFUSED;
    }
    if (status == STATUS_OK)
        status = saved_device_added(session, device);
    return status == STATUS_OK ? status : status_worse(status, remove_record(session, device));
}
