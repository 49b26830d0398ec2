// SPDX-License-Identifier: MIT
// Judges a compiled config: what contradicts itself, what no controller can do, what is missing.
#ifndef XENUSB_CHECK_H
#define XENUSB_CHECK_H

#include "base/diag.h"
#include "config.h"

// Runs every check on every controller and device of a wish (a file, or the words of `attach` and
// `controller add`) and fills in the numbers of ports that were left to the default, with a note
// where the default is lowered to what the controller can have. The guest's type may have been
// filled in from the running domain before; while it is unknown, what depends on it is not judged.
// STATUS_OK, or STATUS_REQUEST after errors.
enum status check_config(struct arena *arena, struct diags *diags, struct config *config);

// Names of all checks in the order in which they run, NULL-terminated.
const char *const *check_names(void);

#endif
