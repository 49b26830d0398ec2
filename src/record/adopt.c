// SPDX-License-Identifier: MIT
#include "adopt.h"

#include "base/arena.h"
#include "recording.h"

static const struct record_controller *recorded(const struct record *record,
                                                const struct controller *controller)
{
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        if (controller->index >= 0 && at->index == (unsigned)controller->index)
            return at;
    return NULL;
}

static bool is_noted(const struct record *record, bool of_device, const char *id)
{
    for (const struct record_note *at = record->notes; at; at = at->next)
        if (at->of_device == of_device && strcmp(at->id, id) == 0)
            return true;
    return false;
}

bool record_lacks_controller(const struct record *record, const struct controller *controller)
{
    return !controller->pvusb && !controller->stale && controller->present &&
           record_expresses_controller(controller) && !recorded(record, controller);
}

bool record_lacks_note(const struct record *record, const struct controller *controller)
{
    return !controller->pvusb && !controller->stale && controller->present &&
           text_starts(text_of(controller->id), "xenusb") &&
           !is_noted(record, false, controller->id);
}

// The value of its port in libxl's record; NULL if that has no such port.
static const char *recorded_value(const struct record *record, const struct device *device)
{
    const struct record_controller *in_record = recorded(record, device->controller);
    unsigned port = device->port.number[0];
    bool in_libxl = device->port.depth == 1 && in_record && in_record->kind == RECORD_EMULATED &&
                    port <= in_record->ports && record_expresses_controller(device->controller);
    return in_libxl ? in_record->port[port] : NULL;
}

bool record_lacks_device(const struct record *record, const struct device *device)
{
    const char *value = recorded_value(record, device);
    if (device->kind != DEVICE_HOSTDEV || device->state != DEVICE_ATTACHED || !device->host ||
        !*device->id || !*device->path)
        return false;
    if (!record_expresses_device(device))
        return !is_noted(record, true, device->id);
    return !value || strcmp(value, device->host->busid) != 0;
}

// ---- controllers that QEMU was started with ----

// Whether it was in libxl's record before, while this QEMU ran.
static enum xen_result was_adopted(const struct session *session, const struct record *record,
                                   const struct controller *controller, bool *was)
{
    struct text qemu;
    struct arena *arena = session->arena;
    *was = false;
    if (record->foreign || record->former || !is_noted(record, false, controller->id))
        return XEN_OK;
    enum xen_result result =
        xen_read(session->xen, NULL,
                 arena_printf(arena, "/xenusb/%d/controller/%s/qemu", session->domain->id,
                              record_key(arena, controller->id)),
                 &qemu);
    *was = result == XEN_OK && text_is(qemu, note_started_with(arena, controller));
    return change_ignore_absent(result);
}

enum status record_find_adoptions(const struct session *session, const struct record *record,
                                  struct topology *topology)
{
    enum xen_result result = XEN_OK;
    if (!change_has_xen(session))
        return STATUS_OK;
    for (struct controller *at = topology->controllers; at && result == XEN_OK; at = at->next) {
        bool was = false;
        if (!record_lacks_controller(record, at))
            continue;
        at->adoption = at->at_start == VERDICT_YES ? ADOPTION_DUE : ADOPTION_UNSURE;
        if (at->adoption == ADOPTION_DUE)
            result = was_adopted(session, record, at, &was);
        if (was)
            at->adoption = ADOPTION_RELEASED;
    }
    if (result == XEN_OK)
        return STATUS_OK;
    complain_error(session->diags, CODE_UNREADABLE, "cannot read the notes of domain %s (%d): %s",
                   session->domain->name, session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, result);
}

static enum xen_result adopt(struct change *change)
{
    struct text type;
    enum xen_result result = change_read_type(change, &type);
    if (result != XEN_ABSENT) // xl has just added another one with that index
        return result;
    result = change_check_domain(change);
    if (result == XEN_OK)
        result = change_put_controller(change);
    return result == XEN_OK ? note_controller(change) : result;
}

enum xen_result adopt_controllers(struct change *change)
{
    enum xen_result result = XEN_OK;
    for (const struct controller *at = change->topology->controllers; at && result == XEN_OK;
         at = at->next) {
        change->controller = at;
        if (at->adoption == ADOPTION_DUE)
            result = adopt(change);
    }
    return result;
}
