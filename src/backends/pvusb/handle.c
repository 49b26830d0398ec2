// SPDX-License-Identifier: MIT
#include "handle.h"

struct waiting pvusb_waiting(const struct pvusb_handle *handle, double seconds, const char *what)
{
    return waiting_until(deadline_in(seconds * handle->session->timeout_scale), what);
}

bool pvusb_pause(const struct pvusb_handle *handle, struct waiting *waiting, double *pause)
{
    const double shortest = 0.001, longest = 0.2, growth = 1.5;
    double next = *pause > 0 ? *pause * growth : shortest;
    *pause = next < longest ? next : longest;
    pvusb_begin_round(handle);
    return session_pause(handle->session, waiting, *pause);
}

bool pvusb_wait(struct pvusb_handle *handle, struct waiting waiting, pvusb_condition *condition,
                const struct controller *controller, const struct device *device)
{
    double pause = 0;
    bool met;
    pvusb_begin_round(handle);
    while (!(met = condition(handle, controller, device)) && pvusb_pause(handle, &waiting, &pause))
        ;
    waiting_end(&waiting);
    return met;
}

void pvusb_fail(struct step *step, enum step_state state, enum status status, const char *words)
{
    step->state = state;
    step->words = words;
    step->timed_out = status == STATUS_TIMEOUT;
}
