// SPDX-License-Identifier: MIT
// Turns facts, topologies and problems into `doctor`'s questions and answers. Pure.
#ifndef XENUSB_DOCTOR_DIAGNOSE_H
#define XENUSB_DOCTOR_DIAGNOSE_H

#include "facts.h"
#include "problem.h"

struct finding {
    struct finding *next;
    const char *domain; // its name; NULL: about this host
    const char *question;
    enum verdict answer;
    const char *evidence; // what the answer is based on
    const char *fix;      // a command, or what else to do; NULL: nothing to do
    bool attention;       // something is wrong
    bool symptom;         // the question is whether something is wrong
    bool notable;         // people are told in any case: something may be lost
};

// A list, in the order in which it is printed. Elements belong to the arena.
struct findings {
    struct finding *first;
    struct finding **last;
    unsigned attention; // how many need attention
};

// Makes the list empty.
void findings_init(struct findings *findings);

// "yes", "no", "cannot know"
const char *verdict_name(enum verdict verdict);

// Appends what is known about this host.
void diagnose_host(struct arena *arena, const struct host_facts *facts, struct findings *findings);

// What was found out about one domain.
struct domain_diagnosis {
    const struct domain *domain;
    const struct host_facts *host;
    const struct domain_facts *facts;
    const struct topology *topology; // NULL: it could not be examined,
    const char *why_not;             // for this reason; NULL if that was not attempted
};

// Appends what is known about that domain, its problems aside.
void diagnose_domain(struct arena *arena, const struct domain_diagnosis *known,
                     struct findings *findings);

// Appends a finding for each problem of that domain (NULL: of this host and of xenstore), or one
// that says that there are none; `unread`: that this is not known, because of what could not be
// looked at.
void diagnose_problems(struct arena *arena, const struct domain *domain,
                       const struct problems *problems, const struct part *unread,
                       struct findings *findings);

// Appends that something about this host or its domains could not be looked at, which needs
// attention: `question` is what is not known for this reason.
void diagnose_unread(struct arena *arena, const char *question, const char *why,
                     struct findings *findings);

#endif
