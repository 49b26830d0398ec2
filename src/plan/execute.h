// SPDX-License-Identifier: MIT
// Runs a plan, and undoes it if a step fails.
#ifndef XENUSB_PLAN_EXECUTE_H
#define XENUSB_PLAN_EXECUTE_H

#include "backend.h"

// Called for each step as soon as its state is known, in the order in which they run.
typedef void (*step_callback)(void *context, const struct step *step);

// Runs all steps of the plan that change something, each on the backend of its controller or
// server: controllers before devices when adding, devices before controllers when removing, steps
// that do not depend on each other together. If one fails, everything that was done is undone in
// reverse, and a complaint stands at the words that asked for the failed one. STATUS_OK;
// STATUS_FAILED or STATUS_TIMEOUT when all was undone; STATUS_LEFTOVER when something stayed, which
// the complaint names together with the command that fixes it.
enum status execute(struct session *session, struct plan *plan, step_callback on_step,
                    void *context);

#endif
