// SPDX-License-Identifier: MIT
// Runs a plan, and undoes it if a step fails.
#ifndef XENUSB_PLAN_EXECUTE_H
#define XENUSB_PLAN_EXECUTE_H

#include "backend.h"

// Called for each step as soon as its state is known, in the order in which they run.
typedef void (*step_callback)(void *context, const struct step *step);

// Runs all steps that change something, each on its backend: removes devices before controllers,
// adds controllers before devices, and runs independent steps together. If a step fails, reports an
// error at its position in the source and undoes everything that was done. Returns STATUS_OK;
// STATUS_FAILED or STATUS_TIMEOUT if everything was undone; STATUS_LEFTOVER if something could not
// be undone, after reporting it with the command that fixes it.
enum status execute(struct session *session, struct plan *plan, step_callback on_step,
                    void *context);

#endif
