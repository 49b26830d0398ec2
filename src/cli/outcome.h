// SPDX-License-Identifier: MIT
// What a translation came to: printed for people, or as one JSON object for scripts.
#ifndef XENUSB_CLI_OUTCOME_H
#define XENUSB_CLI_OUTCOME_H

#include "command.h"

struct outcome {
    const char *to;      // the dialect
    struct text output;  // what was made; none: `at` is NULL
    char *bytes;         // the same, to be freed
    bool in_place;       // the output is in the file now, and not to be printed
    bool unchanged;      // it is what stood in the file already
    const char *backup;  // the old file, where there is one
    const char *command; // for a command of xm or xl: ours
};

// Prints the outcome of a translation that went well.
void outcome_print(const struct invocation *invocation, const struct outcome *outcome);

// Prints an object with all of it, the complaints included, which are forgotten then: those are the
// answer of a script's question too.
enum status outcome_print_json(const struct invocation *invocation, const struct outcome *outcome,
                               enum status status);

#endif
