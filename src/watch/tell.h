// SPDX-License-Identifier: MIT
// What a run has changed, and what is not as its file wants it: one line for each, only if it is
// different from the report before.
#ifndef XENUSB_WATCH_TELL_H
#define XENUSB_WATCH_TELL_H

#include "report.h"

#include <stdio.h>

struct telling {
    const char *domain, *file;
    const struct watch_report *last; // the report before, also of an earlier instance; NULL: none
    const struct watch_report *now;
};

// Prints the differences as text, or each as one JSON object in a line of its own
// (docs/json/watch.json). Returns how many there are.
unsigned tell_text(struct arena *arena, const struct telling *telling, FILE *stream);
unsigned tell_json(struct arena *arena, const struct telling *telling, FILE *stream);

#endif
