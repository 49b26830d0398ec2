// SPDX-License-Identifier: MIT
// Fixes problems that have just been found for the second time; decides nothing itself. The caller
// holds the locks: the domain's, the host's and libxl's for device changes for problems in a
// domain, the host's for the others. Private to doctor/.
#ifndef XENUSB_DOCTOR_FIX_H
#define XENUSB_DOCTOR_FIX_H

#include "examine.h"
#include "repair.h"

// Who is told of each problem whose state is now known.
struct fix_report {
    problem_callback *on_problem;
    void *context;
};

// Fixes those of the domain's problems that are still PROBLEM_FOUND, in this order: correct its
// records and notes, record what is missing there, remove what is gone. None stays PROBLEM_FOUND.
// STATUS_OK if all of them were fixed; otherwise the worst status, with errors in the session's
// diags.
enum status fix_domain(struct examined *examined, struct problems *problems,
                       const struct fix_report *report);

// Fixes one problem of xenstore or of this host. Returns as above.
enum status fix_one(const struct session *session, struct problem *problem,
                    const struct fix_report *report);

#endif
