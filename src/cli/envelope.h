// SPDX-License-Identifier: MIT
// What --json prints: one object, whatever becomes of the run. main() prints it at the end, with
// the status and all complaints; a verb adds what it has found or done.
#ifndef XENUSB_CLI_ENVELOPE_H
#define XENUSB_CLI_ENVELOPE_H

#include "command.h"

#include <stdio.h>

struct json_writer;
struct envelope_member;

// Of one run. Zeroed: nothing was added.
struct envelope {
    bool wanted;                   // --json was given, perhaps on a command line that is wrong
    bool changed;                  // the run has changed something that it has not undone
    struct envelope_member *first; // what verbs have added, in the order in which they began
};

// For the elements of that member, an array. All calls of a run with that name, which must outlive
// it, return the same writer. Only to be called with --json. "complaints" may be written to as
// well; those of the diagnostics follow.
struct json_writer *envelope_list(const struct invocation *invocation, const char *name);
// For the value of that member, to be written once.
struct json_writer *envelope_value(const struct invocation *invocation, const char *name);

// Notes that something was changed. With or without --json; not to be called in a dry run.
void envelope_changed(const struct invocation *invocation);

// Whether the run prints an envelope.
bool envelope_is_wanted(const struct invocation *invocation, enum status status);
// Prints it, with the complaints, which are kept.
void envelope_print(const struct invocation *invocation, enum status status, FILE *stream);

#endif
