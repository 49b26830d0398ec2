// SPDX-License-Identifier: MIT
// What is done about the steps of a command that was killed: resume.h says which of them are kept,
// and which are undone.
#ifndef XENUSB_WORLD_RESUME_STEPS_H
#define XENUSB_WORLD_RESUME_STEPS_H

#include "base/buffer.h"
#include "bring.h"
#include "plan/plan.h"
#include "record/journal.h"

// One journal that is resumed.
struct resuming {
    struct arena *arena;
    struct diags *diags; // of the command
    struct diags quiet;  // why something could not be done
    struct session *session;
    struct topology *topology;
    const struct journal *journal;
    struct plan plan;     // what is removed
    struct stray *strays; // what is at neither place of a move, to be brought to one of them
    bool ran;             // all that could be done about the steps was tried
    struct buffer done;   // for messages
};

// Keeps or undoes each step of the journal in the session's domain, of which `topology` is all that
// was read; `plan` must be empty. STATUS_OK if that was possible; the status of what failed
// otherwise, with the reason in `quiet`.
enum status resume_steps(struct resuming *resuming);

// Logs a step of what is resumed: execution.on_step, with a struct resuming as its context.
void resume_log_step(void *context, const struct step *step);

#endif
