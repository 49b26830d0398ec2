// SPDX-License-Identifier: MIT
#include "handle.h"

#include "base/deadline.h"

bool pvusb_wait(struct pvusb_handle *handle, double seconds, pvusb_condition *condition,
                const struct controller *controller, const struct device *device)
{
    return pvusb_wait_until(handle, deadline_in(seconds * handle->session->timeout_scale),
                            condition, controller, device);
}

bool pvusb_pause(const struct pvusb_handle *handle, struct deadline deadline, double *pause)
{
    const double shortest = 0.001, longest = 0.2, growth = 1.5;
    double next = *pause > 0 ? *pause * growth : shortest;
    *pause = next < longest ? next : longest;
    pvusb_begin_round(handle);
    return session_pause(handle->session, deadline, *pause);
}

bool pvusb_wait_until(struct pvusb_handle *handle, struct deadline deadline,
                      pvusb_condition *condition, const struct controller *controller,
                      const struct device *device)
{
    double pause = 0;
    pvusb_begin_round(handle);
    while (!condition(handle, controller, device))
        if (!pvusb_pause(handle, deadline, &pause))
            return false;
    return true;
}

void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words)
{
    step->state = state;
    step->words = words;
    step->timed_out = status == STATUS_TIMEOUT;
}
