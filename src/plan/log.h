// SPDX-License-Identifier: MIT
// Every change goes to syslog: who, which device, which domain, from where to where.
#ifndef XENUSB_PLAN_LOG_H
#define XENUSB_PLAN_LOG_H

#include "plan.h"

// Logs a step that changed something: one that was done, undone, or left as it must not be. Other
// steps are let pass. Facility daemon; priority notice, or error for what is left.
void log_step(struct arena *arena, const struct domain *domain, const struct step *step);

// The line for it, made safe: "attached SanDisk Ultra (1-1.3, high speed) 0781:5581 to win10 (3),
// controller hci0 port 2; by root for alice". NULL for a step that is not logged.
const char *log_line(struct arena *arena, const struct domain *domain, const struct step *step,
                     const char *who);

// Who is acting: the user, and for whom sudo runs it.
const char *log_who(struct arena *arena);

#endif
