// SPDX-License-Identifier: MIT
// The whole diagnosis: what this host and its domains support, and what is wrong with them.
//
//     options -> examination      which domains, over one connection to xenstore   (examine.h)
//             -> facts            what is asked beyond a look at a domain          (facts.h)
//             -> problems         records that are wrong, orphaned devices         (problem.h)
//             -> findings         questions and answers, for people and scripts    (diagnose.h)
//
// repair.h takes the same problems, checks each a second time and fixes it (fix.h).
#ifndef XENUSB_DOCTOR_DOCTOR_H
#define XENUSB_DOCTOR_DOCTOR_H

#include "diagnose.h"

struct doctor_options {
    struct arena *arena; // owns every result
    struct diags *diags;
    const char *domain;         // the name or id of the only domain to examine; NULL: all of them
    bool forget;                // repair: remove journals that cannot be read
    const char *verb, *command; // repair: for its own journal
    double timeout_scale;       // factor for every time limit
    double undo_scale;          // repair: the same for what a killed command has left
};

// Examines this host and its domains and fills *findings; changes nothing. Without Xen only the
// host is examined. What could not be looked at is a finding that needs attention. If a domain was
// asked for: STATUS_REQUEST if there is no such domain, or else what xen_open() returns, after an
// error in options->diags; *findings then holds what could be found out.
enum status doctor_run(const struct doctor_options *options, struct findings *findings);

#endif
