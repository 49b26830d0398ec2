// SPDX-License-Identifier: MIT
#include "adopt.h"

#include "base/arena.h"
#include "recording.h"
#include "xen/advice.h"

static const struct record_controller *recorded(const struct record *record,
                                                const struct controller *controller)
{
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        if (controller->index >= 0 && at->index == (unsigned)controller->index)
            return at;
    return NULL;
}

static bool is_noted(const struct record *record, const struct device *device)
{
    for (const struct record_note *at = record->notes; at; at = at->next)
        if (at->of_device && strcmp(at->id, device->id) == 0)
            return true;
    return false;
}

bool record_lacks_controller(const struct record *record, const struct controller *controller)
{
    return !controller->pvusb && !controller->stale && controller->present &&
           record_expresses_controller(controller) && !recorded(record, controller);
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
        return !is_noted(record, device);
    return !value || strcmp(value, device->host->busid) != 0;
}

bool record_lacks_any(const struct record *record, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (record_lacks_controller(record, at))
            return true;
        for (const struct device *device = at->devices; device; device = device->next)
            if (!at->pvusb && record_lacks_device(record, device))
                return true;
    }
    return false;
}

// Whether it has a name of its own, and not only libxl's index.
static bool has_name(const struct controller *controller)
{
    uint64_t number = 0;
    return text_number(text_of(controller->name), 10, 0, INT32_MAX, &number) != NUMBER_OK;
}

enum status record_adopt_controller(const struct session *session, struct controller *controller)
{
    controller->unnamed = !has_name(controller);
    return record_one(session, STEP_ADD, controller, NULL);
}

static bool is_still_there(const struct topology *again, const struct controller *controller,
                           const struct device *device)
{
    for (const struct controller *at = again->controllers; at; at = at->next) {
        if (strcmp(at->id, controller->id) != 0)
            continue;
        const struct device *there = device ? at->devices : NULL;
        while (there && strcmp(there->id, device->id) != 0)
            there = there->next;
        return !device || there;
    }
    return false;
}

// Records one of them. A refusal does not keep the command from what it is for.
static enum status adopt_one(const struct session *session, struct controller *controller,
                             struct device *device)
{
    struct session own = *session;
    struct diags quiet;
    struct arena *arena = session->arena;
    const char *what = device ? arena_printf(arena, "%s at controller %s", device->host->busid,
                                             device_position(arena, device))
                              : arena_printf(arena, "controller %s", controller->name);
    diags_init(&quiet, arena);
    own.diags = &quiet;
    enum status status = device ? record_one(&own, STEP_ADD, controller, device)
                                : record_adopt_controller(&own, controller);
    if (status == STATUS_OK) {
        complain(session->diags, SEVERITY_NOTE, NULL, SPAN_NONE,
                 "%s of %s (%d) was not recorded, since a command was killed: it is now", what,
                 session->domain->name, session->domain->id);
        return STATUS_OK;
    }
    struct diag *diag =
        complain(session->diags, status == STATUS_REFUSED ? SEVERITY_WARNING : SEVERITY_ERROR, NULL,
                 SPAN_NONE, "%s of %s (%d) is not recorded: %s", what, session->domain->name,
                 session->domain->id, diags_reason(&quiet, "xenstore could not be changed"));
    advise(session->diags, diag, ADVICE_REPAIR, session->domain, NULL);
    return status == STATUS_REFUSED ? STATUS_OK : status;
}

enum status record_adopt(const struct session *session, const struct record *record,
                         const struct topology *topology, const struct topology *again)
{
    enum status status = STATUS_OK;
    for (struct controller *at = topology->controllers; at && status == STATUS_OK; at = at->next) {
        if (at->pvusb)
            continue;
        if (record_lacks_controller(record, at) && is_still_there(again, at, NULL))
            status = adopt_one(session, at, NULL);
        for (struct device *device = at->devices; device && status == STATUS_OK;
             device = device->next)
            if (record_lacks_device(record, device) && is_still_there(again, at, device))
                status = adopt_one(session, at, device);
    }
    return status;
}

static enum xen_result rename_all(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    for (const struct controller *at = change->topology->controllers; at && result == XEN_OK;
         at = at->next) {
        change->controller = at;
        if (at->renamed)
            result = note_controller(change);
    }
    return result;
}

enum status record_rename(const struct session *session, const struct topology *topology)
{
    struct change change = { .session = session, .xen = session->xen, .topology = topology };
    bool any = false;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        any |= at->renamed;
    if (!any || !change_has_xen(session))
        return STATUS_OK;
    enum status status = change_make(&change, "the name of a controller", rename_all);
    for (const struct controller *at = topology->controllers; at && status == STATUS_OK;
         at = at->next)
        if (at->renamed)
            complain(session->diags, SEVERITY_NOTE, NULL, SPAN_NONE,
                     "controller %d of %s (%d) is named %s from now on", at->index,
                     session->domain->name, session->domain->id, at->name);
    return status;
}
