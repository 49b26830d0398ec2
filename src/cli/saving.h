// SPDX-License-Identifier: MIT
// What the verbs say about whether a domain can be saved and restored.
#ifndef XENUSB_CLI_SAVING_H
#define XENUSB_CLI_SAVING_H

#include "plan/restorable.h"

struct job;

// Whether the domain of a job can be restored if it is saved before anything is changed; no verdict
// is needed, and VERDICT_NO is returned, for a QEMU that the user named: its toolstack is not
// known.
enum verdict saving_before(const struct job *job);
// After a successful run of the job's plan: notes what has made a domain that was restorable, or
// may have been, unrestorable, once; and each controller that prevents it and has no device any
// longer.
void saving_note(const struct job *job, enum verdict before);

// What list prints below the table about a domain that could not be restored; NULL otherwise. Safe
// to print.
const char *saving_line(struct arena *arena, const struct domain *domain,
                        const struct restorable *restorable);

#endif
