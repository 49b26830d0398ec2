// SPDX-License-Identifier: MIT
#include "handle.h"

#include "base/deadline.h"

bool pvusb_wait(struct pvusb_handle *handle, double seconds, pvusb_condition *condition,
                const struct controller *controller, const struct device *device)
{
    return pvusb_wait_until(handle, deadline_in(seconds * handle->session->timeout_scale),
                            condition, controller, device);
}

bool pvusb_wait_until(struct pvusb_handle *handle, struct deadline deadline,
                      pvusb_condition *condition, const struct controller *controller,
                      const struct device *device)
{
    const double longest = 0.2;
    double pause = 0.005;
    pvusb_begin_round(handle);
    while (!condition(handle, controller, device)) {
        if (!session_pause(handle->session, deadline, pause))
            return false;
        pvusb_begin_round(handle);
        pause = pause * 2 < longest ? pause * 2 : longest;
    }
    return true;
}

void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words)
{
    step->state = state;
    step->words = words;
    step->timed_out = status == STATUS_TIMEOUT;
}
