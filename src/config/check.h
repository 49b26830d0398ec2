// SPDX-License-Identifier: MIT
// Checks a compiled config: contradictions, what no controller can do, what is missing.
#ifndef XENUSB_CHECK_H
#define XENUSB_CHECK_H

#include "base/diag.h"
#include "config.h"

// Runs every check on every controller and device that a file, or the words of `attach` and
// `controller add`, ask for. The config must be settled (config_settle); nothing in it is changed.
// While the guest's type is unknown, what depends on it is not checked. Returns STATUS_OK, or
// STATUS_REQUEST after errors; warnings and notes do not count.
enum status check_config(struct arena *arena, struct diags *diags, const struct config *config);

// Names of all checks in the order in which they run, NULL-terminated.
const char *const *check_names(void);

#endif
