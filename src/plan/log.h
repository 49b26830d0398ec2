// SPDX-License-Identifier: MIT
// Logs every change to syslog: the user, the device and its place in the domain.
#ifndef XENUSB_PLAN_LOG_H
#define XENUSB_PLAN_LOG_H

#include "plan.h"

// Logs a step that is done, undone or left over; ignores others. The facility is daemon; the
// priority is notice, or err for a step that is left over.
void log_step(struct arena *arena, const struct domain *domain, const struct step *step);

// The line for a step, escaped, in the arena: "attached SanDisk Ultra (1-1.3, high speed) 0781:5581
// to win10 (3), controller hci0 port 2; by root for alice". NULL for a step that is not logged.
const char *log_line(struct arena *arena, const struct domain *domain, const struct step *step,
                     const char *who);

// The user, root or "user 1000", and the user of sudo if it is used: "root for alice". Escaped, in
// the arena.
const char *log_who(struct arena *arena);

#endif
