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

// Adds the result of a successful translation to the JSON. STATUS_REQUEST after reporting that JSON
// cannot hold it.
enum status outcome_write_json(const struct invocation *invocation, const struct outcome *outcome);

#endif
