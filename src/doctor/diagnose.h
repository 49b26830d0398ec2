// SPDX-License-Identifier: MIT
// What `doctor` answers, from what was looked up. Pure.
#ifndef XENUSB_DIAGNOSE_H
#define XENUSB_DIAGNOSE_H

#include "facts.h"
#include "problem.h"

struct finding {
    struct finding *next;
    const char *domain; // its name; NULL: about this host
    const char *question;
    enum verdict answer;
    const char *evidence; // what was looked up
    const char *mend;     // a command, or what to do; NULL
    bool attention;
};

struct findings {
    struct finding *first;
    struct finding **last;
    unsigned attention; // how many need it
};
void findings_init(struct findings *findings);

// "yes", "no", "cannot know"
const char *verdict_name(enum verdict verdict);

void diagnose_host(struct arena *arena, const struct host_facts *facts, struct findings *findings);

// `topology` NULL: the domain could not be looked at; `why_not` then says why, if that was tried.
void diagnose_domain(struct arena *arena, const struct domain *domain,
                     const struct host_facts *host, const struct domain_facts *facts,
                     const struct topology *topology, const char *why_not,
                     struct findings *findings);

// One for each ailment of that domain (-1: of this host, and of what is no domain any more); one
// that says that there is none, or (`looked` false) that nobody knows.
void diagnose_problems(struct arena *arena, const struct domain *domain,
                       const struct problems *problems, bool looked, struct findings *findings);

#endif
