// SPDX-License-Identifier: MIT
// Finds what can be fixed, and fixes what is still there at a second look.
#ifndef XENUSB_DOCTOR_REPAIR_H
#define XENUSB_DOCTOR_REPAIR_H

#include "doctor.h"

// Called with each problem as soon as it is fixed, left or gone.
typedef void problem_callback(void *context, const struct problem *problem);

struct repair {
    const struct doctor_options *options;
    struct problems problems; // what repair_find() found; repair_run() updates state and failure
    problem_callback *on_problem;    // may be NULL
    void *context;                   // for on_problem
    struct examination *examination; // private
};

// Connects to xenstore and finds the domains. The caller has set options, on_problem and context.
// To be closed in any case. Statuses as from examination_open(): unless a domain was asked for,
// this host can be examined even if it fails.
enum status repair_open(struct repair *repair);
void repair_close(struct repair *repair);
#define cleanup_repair __attribute__((cleanup(repair_close)))

// Completes or undoes what killed commands have left open (world/resume.h). Returns for how many.
unsigned repair_resume(struct repair *repair);

// The first look: fills repair->problems and changes nothing. If a domain was asked for, problems
// of other domains are left out. A status other than STATUS_OK, the worst of all, means that
// something could not be examined; what was found elsewhere is still in the list. A device of this
// host whose owner is not known is in it as PROBLEM_LEFT.
enum status repair_find(struct repair *repair);

// Takes the locks, looks again, and fixes what repair_find() found and is still there. STATUS_OK if
// everything was fixed or gone; otherwise the worst status, after errors in options->diags.
enum status repair_run(struct repair *repair);

#endif
