// SPDX-License-Identifier: MIT
#include "meant.h"

struct controller *meant_controller(const struct topology *topology,
                                    const struct journal_step *step)
{
    struct controller *at = topology->controllers;
    while (at &&
           ((at->pvusb != PVUSB_ANY) != step->pvusb ||
            (step->index >= 0 ? at->index != step->index : strcmp(at->name, step->name) != 0)))
        at = at->next;
    return at;
}

static bool is_meant(const struct device *device, const struct journal_step *step)
{
    bool same_port = !step->port.depth || port_same(device->port, step->port);
    return same_port && strcmp(device_kind_name(device), step->kind) == 0 &&
           strcmp(device->kind == DEVICE_HOSTDEV ? device_busid(device) : "", step->busid) == 0;
}

struct device *meant_device(const struct controller *controller, const struct journal_step *step)
{
    struct device *at = controller ? controller->devices : NULL;
    while (at && !is_meant(at, step))
        at = at->next;
    return at;
}

bool device_is_given(const struct device *device)
{
    return device->state == DEVICE_ATTACHED || device->state == DEVICE_PRESENT ||
           device->state == DEVICE_UNKNOWN;
}
