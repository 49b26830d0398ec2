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
// command had not begun to undo it, else undone. One to another domain, whose journal was resumed
// before, is undone unless that domain has the device. A device for which neither place exists is
// not among them. In the arena. Statuses as from record_claims().
enum status strays_find(const struct session *session, const struct journal *journal,
                        const struct topology *topology, struct stray **strays);

// Adds them after all else was resumed, with that domain's lock held, in a world that is opened for
// that: what is added must have been looked at after it was removed. They are checked as for
// attach. Appends what was done to `done`. Statuses as from world_open_domain(), plan_make() and
// execute(), after reporting errors.
enum status strays_bring(const struct world_options *options, struct xen *xen,
                         const struct domain *domain, const struct stray *strays,
                         const struct execution *execution, struct buffer *done);

#endif
