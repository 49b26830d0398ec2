// SPDX-License-Identifier: MIT
// One run of the watcher: what apply does, as far as it can be done.
#ifndef XENUSB_CLI_WATCH_RUN_H
#define XENUSB_CLI_WATCH_RUN_H

#include "watch/report.h"

// Brings the domain of a config up to date (watch_act; `context` is not used):
// - what is not plugged in, what somebody has taken away since the last report, and what the domain
//   of an earlier file wants as well, is left out;
// - so is what is refused or fails, and the rest is done;
// - a device of this config that is gone is removed from the guest.
// Nothing is printed: what was wrong is in the report.
enum status watch_run(void *context, struct arena *arena, const struct watch_request *request,
                      struct watch_report *report);

#endif
