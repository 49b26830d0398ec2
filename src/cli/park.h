// SPDX-License-Identifier: MIT
// What park and unpark share between one guest and all of them.
#ifndef XENUSB_CLI_PARK_H
#define XENUSB_CLI_PARK_H

#include "command.h"

// One of the verbs, for one domain.
struct park_run {
    const struct invocation *invocation;
    bool all;         // only guests with something to do are shown
    struct text said; // --json: what became of the guest, as an object; empty if it was not found
};
// Does it for that domain. Reports errors to the diagnostics of the invocation.
typedef enum status park_one(struct park_run *run, const char *domain);

// Does it for all domains, each in a process of its own, several at the same time, within one time
// limit. What each prints is printed as soon as it has ended. Returns the worst status.
enum status park_all(const struct invocation *invocation, park_one *act);

#endif
