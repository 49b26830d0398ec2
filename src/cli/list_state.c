// SPDX-License-Identifier: MIT
#include "list_state.h"

#include "base/arena.h"
#include "xen/advice.h"

// The state of both ends of a PVUSB controller.
static const char *ends_of(struct arena *arena, const struct controller *controller)
{
    return arena_printf(arena, "backend (%s) %s, frontend %s", controller->driver,
                        xenbus_state_name(controller->backend_state),
                        xenbus_state_name(controller->frontend_state));
}

const char *list_state_of_controller(struct arena *arena, const struct controller *controller)
{
    if (controller->stale)
        return "only in libxl's record; QEMU does not have it";
    if (controller->no_backend)
        return arena_printf(arena, "no backend serves it: %s", controller->no_backend);
    return controller->pvusb ? ends_of(arena, controller) : NULL;
}

const char *list_state_of(struct arena *arena, const struct device *device)
{
    const struct controller *controller = device->controller;
    const char *state = device_state_name(device->state);
    if (device->reason)
        state = arena_printf(arena, "%s: %s", state, device->reason);
    else if (device->state == DEVICE_WAITING)
        state = "waiting for the device to be plugged in";
    if (controller->pvusb && !controller->no_backend &&
        controller->frontend_state != XENBUS_CONNECTED)
        state = arena_printf(arena, "%s; %s", state, ends_of(arena, controller));
    return state;
}

enum tone list_tone_of(const struct controller *controller, const struct device *device)
{
    static const enum tone tones[DEVICE_STATES] = {
        [DEVICE_ATTACHED] = TONE_GOOD,     [DEVICE_PRESENT] = TONE_GOOD,
        [DEVICE_WAITING] = TONE_USED,      [DEVICE_GONE] = TONE_BAD,
        [DEVICE_MISFIT] = TONE_BAD,        [DEVICE_HELD] = TONE_USED,
        [DEVICE_UNAUTHORIZED] = TONE_USED, [DEVICE_UNKNOWN] = TONE_BAD,
    };
    if (controller->stale || controller->no_backend)
        return TONE_BAD;
    return device ? tones[device->state] : TONE_PLAIN;
}

const char *list_advice_of(struct arena *arena, const struct domain *domain,
                           const struct device *device)
{
    if (device->state != DEVICE_GONE || device->report.ended || !device->controller->backend)
        return NULL;
    if (device->returns)
        return advice(arena, ADVICE_RETURN, domain, device->now->busid);
    return advice(arena, ADVICE_DETACH, domain, device_word(arena, device));
}
