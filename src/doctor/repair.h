// SPDX-License-Identifier: MIT
// Mends ailments. Nothing here decides what is one: what is given was found twice, and its domain's
// turn, the host's and libxl's lock for devices are held.
#ifndef XENUSB_REPAIR_H
#define XENUSB_REPAIR_H

#include "plan/execute.h"
#include "problem.h"

// Told of each ailment as soon as its state is known.
typedef void (*problem_told)(void *context, const struct problem *problem);

struct repair {
    struct session *session; // of the domain; for those of the host and of xenstore: of none
    problem_told on_problem;
    void *context;
};

// Mends those among `ailments` that are of the session's domain and still found, by the look that
// they were found by: notes and ports by tidying, what no record knows by recording it, what is
// gone by removing it. STATUS_OK if all are mended; otherwise those that are AILMENT_LEFT have
// their words.
enum status repair_domain(const struct repair *repair, const struct record *record,
                          const struct topology *topology, struct problems *problems);

// Removes one that xenstore as a whole has, or lets the kernel give an orphan its driver.
enum status repair_one(const struct repair *repair, struct problem *problem);

// The line for syslog, made safe: "mended controller 1 of win10 (3): QEMU has none; by root".
const char *repair_line(struct arena *arena, const struct problem *problem, const char *who);

#endif
