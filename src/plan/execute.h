// SPDX-License-Identifier: MIT
// Runs a plan, and undoes it if a step fails.
#ifndef XENUSB_PLAN_EXECUTE_H
#define XENUSB_PLAN_EXECUTE_H

#include "backend.h"

// Called for each step as soon as its state is known, in the order in which they run.
typedef void (*step_callback)(void *context, const struct step *step);

// What execute() calls; each function may be NULL.
struct execution {
    step_callback on_step;
    void *context;  // of on_step
    bool keep_done; // if a step fails, run no more of them, but undo none of those that are done
    // Called before the first step, with the whole plan. If it fails, having reported an error,
    // nothing is run.
    enum status (*begin)(struct session *session, const struct plan *plan);
    // Called before the first step is undone.
    void (*undo)(struct session *session, const struct plan *plan);
    // Called after the last step, and again after an undo: writes what is written only once for a
    // run. If it fails after the last step, having reported an error, the run is undone.
    enum status (*save)(const struct session *session);
    // Called at the end, after begin(), unless something was left because a peer did not answer.
    void (*end)(struct session *session);
};

// Runs all steps that change something, each on its backend: removes devices before controllers,
// adds controllers before devices, and runs independent steps together. If a step fails, reports an
// error at its position in the source and undoes everything that was done (or keeps it); a spare
// step may fail, which is neither reported here nor an error. Returns
// STATUS_OK; STATUS_FAILED or STATUS_TIMEOUT if everything was undone; STATUS_LEFTOVER if something
// could not be undone, after reporting it with the command that fixes it.
enum status execute(struct session *session, struct plan *plan, const struct execution *execution);

#endif
