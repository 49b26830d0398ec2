// SPDX-License-Identifier: MIT
#include "adopt.h"

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
