// SPDX-License-Identifier: MIT
// Devices that a killed command was moving and had removed from one place, but not added to the
// other one yet.
#ifndef XENUSB_WORLD_BRING_H
#define XENUSB_WORLD_BRING_H

#include "base/buffer.h"
#include "record/journal.h"
#include "world.h"

// Such a device.
struct stray {
    struct stray *next;
    const struct journal_step *step;     // the step of the move for the place where it shall be
    const struct controller *controller; // of that place
};

// Those of a journal, by what its domain has: a move is completed if its place exists and the
// command had not begun to undo it, else undone. A device for which neither place exists is not
// among them. In the arena.
struct stray *strays_find(struct arena *arena, const struct journal *journal,
                          const struct topology *topology);

// Adds them in a world that was opened for that domain after all else was resumed, with its lock
// held. They are looked at and checked as for attach. Appends what was done to `done`. Statuses as
// from plan_make() and execute(), after reporting errors in the session's diagnostics.
enum status strays_bring(struct world *world, struct host *host, const struct stray *strays,
                         const struct execution *execution, struct buffer *done);

#endif
