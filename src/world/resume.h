// SPDX-License-Identifier: MIT
// Completes or undoes what commands have left open that were killed, by their journals.
#ifndef XENUSB_WORLD_RESUME_H
#define XENUSB_WORLD_RESUME_H

#include "world.h"

// To be called by a command that changes something, before it takes locks of its own; `domains` are
// all domains. For each with a journal whose owner is dead, that is, whose lock is free:
// - what was to be added and is there is kept, and recorded if it was not; what is there only in
//   part is removed; if the command had failed and was being undone, all of it is removed;
// - what was to be removed and is still there is removed;
// - then libxl's saved configuration is completed, and the journal is removed.
// Each is reported as a note, and logged; as a warning if something could not be removed, which is
// not tried again. If a domain cannot be looked at, because its QEMU does not answer for example,
// that is a warning too, and its journal stays. Waits for QEMUs that do not answer for one
// time limit in total. Without Xen, does this for the QEMU of the session only. Returns how many
// were completed or undone.
unsigned resume_journals(const struct session *session, const struct world_options *options,
                         const struct domain *domains, size_t count);

#endif
