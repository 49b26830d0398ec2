// SPDX-License-Identifier: MIT
// The result of a translation, printed as text or as one JSON object.
#ifndef XENUSB_CLI_OUTCOME_H
#define XENUSB_CLI_OUTCOME_H

#include "command.h"
#include "xen/advice.h"

struct outcome {
    const char *to;                // the dialect
    struct text output;            // the translation; `at` is NULL if there is none
    bool in_place;                 // the output was written to the file, so it is not printed
    bool unchanged;                // it equals the file's content
    const char *backup;            // the old file; NULL if there is none
    struct advice_command command; // for a command of xm or xl: the xenusb command
};

// Prints the result of a successful translation.
void outcome_print(const struct invocation *invocation, const struct outcome *outcome);

// Prints one object with the result and all diagnostics; those are then not printed again. Returns
// the exit status, which may be worse than `status` if the output cannot be represented in JSON.
enum status outcome_print_json(const struct invocation *invocation, const struct outcome *outcome,
                               enum status status);

#endif
