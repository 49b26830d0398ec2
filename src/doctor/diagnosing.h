// SPDX-License-Identifier: MIT
// What the files that answer questions share. Private to doctor/.
#ifndef XENUSB_DOCTOR_DIAGNOSING_H
#define XENUSB_DOCTOR_DIAGNOSING_H

#include "diagnose.h"

// Who the questions are about, and where the answers go.
struct subject {
    struct arena *arena;
    const char *domain; // its name; NULL: this host
    struct findings *findings;
};

// Appends a finding. Never NULL.
struct finding *answer(struct subject *subject, const char *question, enum verdict verdict,
                       const char *evidence);
// Makes it one that needs attention; `fix`: what to do, NULL if that is not known.
void needs_attention(struct subject *subject, struct finding *finding, const char *fix);

// Answers whether a watcher runs (diagnose_watch.c).
void diagnose_watcher(struct subject *subject, const struct watch_view *view);
// Answers whether the domain has what the watcher is to give it, if one runs and has looked.
void diagnose_wanted(struct subject *subject, const struct watch_view *view,
                     const struct domain *domain);

#endif
