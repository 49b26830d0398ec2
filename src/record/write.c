// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "recording.h"
#include "saved.h"

// Whether libxl's record may have nodes of a controller with that index, by what was read before.
static bool may_be_recorded(const struct change *change)
{
    const struct record *record = change->session->record;
    const struct record_controller *at = record ? record->controllers : NULL;
    while (at && (int)at->index != change->controller->index)
        at = at->next;
    return at || !record;
}

// Writes the same nodes as libxl__device_usbctrl_add_xenstore and libxl__device_generic_add.
enum xen_result change_put_controller(struct change *change)
{
    const struct controller *controller = change->controller;
    struct arena *arena = change->session->arena;
    const char *at = change_libxl_path(change, "");
    enum xen_result result = change_write(change, at, "type", "devicemodel");
    if (result == XEN_OK)
        result = change_write(change, at, "usb-ver",
                              arena_printf(arena, "%u", controller->model->version));
    if (result == XEN_OK)
        result =
            change_write(change, at, "num-ports", arena_printf(arena, "%u", controller->ports));
    for (unsigned port = 1; result == XEN_OK && port <= controller->ports; port++)
        result = change_write(change, at, arena_printf(arena, "port/%u", port), "");
    return result;
}

static enum xen_result write_controller(struct change *change)
{
    struct text type;
    enum xen_result result = change_read_type(change, &type);
    // QEMU has just accepted the id, so a record of an emulated controller with it is left over.
    if (result == XEN_OK && !text_is(type, "devicemodel"))
        return change_refuse(change, STATUS_REFUSED,
                             "xl has taken its index for another controller");
    if (result == XEN_OK || (result == XEN_ABSENT && may_be_recorded(change)))
        result = xen_remove(change->xen, change->in, change_libxl_path(change, ""));
    result = change_ignore_absent(result);
    return result == XEN_OK ? change_put_controller(change) : result;
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
        result = note_drop_controller(change);
    return result;
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
    result = change_read_type(change, &type);
    if (result == XEN_ABSENT)
        return change_refuse(change, STATUS_FAILED, "libxl's record does not have the controller");
    if (result != XEN_OK)
        return result;
    result = xen_write(change->xen, change->in, change_port_path(change, device->port.number[0]),
                       text_of(busid));
    return result == XEN_OK ? label_put(change) : result;
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
    result = change_read_type(change, &type);
    if (result != XEN_OK || port > change->controller->ports)
        return change_ignore_absent(result);
    return xen_write(change->xen, change->in, change_port_path(change, port), TEXT_EMPTY);
}

static enum xen_result remove_device(struct change *change)
{
    const struct device *device = change->device;
    enum xen_result result = XEN_OK;
    if (device->port.depth == 1 && record_expresses_controller(device->controller)) {
        result = free_port(change);
        if (result == XEN_OK)
            result = label_drop(change);
    }
    if (result == XEN_OK && *device->id)
        result = note_drop(change, "device", record_key(change->session->arena, device->id));
    return result;
}

static enum xen_result record_item(struct change *change)
{
    static change_body *const bodies[][2] = { { add_controller, remove_controller },
                                              { add_device, remove_device } };
    return bodies[change->device != NULL][change->op == STEP_REMOVE](change);
}

static const char *name_item(const struct step *step)
{
    static const char *const names[][2] = { { "a controller", "the removal of a controller" },
                                            { "a device", "the removal of a device" } };
    return names[step->device != NULL][step->op == STEP_REMOVE];
}

// Records the items, none of which has failed yet, and reports each reason for a refusal once.
static enum status record_items(const struct session *session, struct change_item *items,
                                size_t count)
{
    const struct domain *domain = session->domain;
    struct change change = { .session = session, .xen = session->xen };
    const char *why, *reported = NULL;
    enum status status = change_attempt_all(&change, items, count, record_item, &why);
    for (size_t i = 0; i < count; i++) {
        if (items[i].status == STATUS_OK)
            continue;
        status = status_worse(status, items[i].status);
        if (!reported || strcmp(reported, items[i].why) != 0)
            complain_error(session->diags, CODE_UNWRITABLE,
                           "cannot record %s of domain %s (%d): %s", name_item(items[i].step),
                           domain->name, domain->id, items[i].why);
        reported = items[i].why;
    }
    return status;
}

static bool is_new_host_device(const struct change_item *item)
{
    return item->status == STATUS_OK && item->step->op == STEP_ADD && item->step->device &&
           item->step->device->host;
}

// Removes the new records of these items again; the record of one that fails is left over.
static enum status take_back(const struct session *session, struct change_item *const *items,
                             size_t count)
{
    enum status status = STATUS_OK;
    struct change_item *removals = arena_array_of(session->arena, struct change_item, count);
    struct step *steps = arena_array_of(session->arena, struct step, count);
    for (size_t i = 0; i < count; i++) {
        steps[i] = *items[i]->step;
        steps[i].op = STEP_REMOVE;
        removals[i].step = &steps[i];
        status = status_worse(status, items[i]->status);
    }
    (void)record_items(session, removals, count);
    for (size_t i = 0; i < count; i++)
        if (removals[i].status != STATUS_OK)
            status = items[i]->status = STATUS_LEFTOVER;
    return status;
}

// Takes back the records of those of the devices that another record claims too.
static enum status give_way(const struct session *session, struct change_item *items, size_t count)
{
    struct change_item **taken = arena_array_of(session->arena, struct change_item *, count);
    struct record_claim *claims = NULL;
    size_t first = 0, found = 0;
    while (first < count && !is_new_host_device(&items[first]))
        first++;
    if (first == count)
        return STATUS_OK;
    const struct device **devices = arena_array_of(session->arena, const struct device *, count);
    size_t device_count = 0;
    for (size_t i = first; i < count; i++)
        if (is_new_host_device(&items[i]))
            devices[device_count++] = items[i].step->device;
    enum status read = record_rivals_since(session, devices, device_count, &claims);
    for (size_t i = first; i < count; i++) {
        if (!is_new_host_device(&items[i]))
            continue;
        const char *other = record_other_claim(session, claims, items[i].step->device);
        if (other)
            complain_error(session->diags, CODE_IN_USE, "%s", other);
        items[i].status = other ? STATUS_REFUSED : read;
        if (items[i].status != STATUS_OK)
            taken[found++] = &items[i];
    }
    return found ? take_back(session, taken, found) : read;
}

static void note_saved(const struct session *session, const struct step *step)
{
    const bool added = step->op == STEP_ADD;
    if (step->device)
        (added ? saved_device_added : saved_device_removed)(session, step->device);
    else
        (added ? saved_controller_added : saved_controller_removed)(session, step->controller);
}

enum status record_steps(const struct session *session, struct step *const *steps, size_t count,
                         enum status *outcomes)
{
    struct change_item *items = arena_array_of(session->arena, struct change_item, count);
    size_t *places = arena_array_of(session->arena, size_t, count);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        outcomes[i] = STATUS_OK;
        if (steps[i]->state != STEP_DONE || !change_has_xen(session))
            continue;
        places[found] = i;
        items[found++].step = steps[i];
    }
    if (!found)
        return STATUS_OK;
    enum status status = record_items(session, items, found);
    status = status_worse(status, give_way(session, items, found));
    for (size_t i = 0; i < found; i++) {
        outcomes[places[i]] = items[i].status;
        if (items[i].status == STATUS_OK)
            note_saved(session, items[i].step);
    }
    return status;
}

enum status record_one(const struct session *session, enum step_op op,
                       struct controller *controller, struct device *device)
{
    struct step step = { .op = op, .state = STEP_DONE, .controller = controller, .device = device };
    struct step *const steps[] = { &step };
    enum status outcome;
    return record_steps(session, steps, 1, &outcome);
}
