// SPDX-License-Identifier: MIT
// Checks a parsed config for contradictions, missing values, and what no controller supports.
#ifndef XENUSB_CONFIG_CHECK_H
#define XENUSB_CONFIG_CHECK_H

#include "base/diag.h"
#include "config.h"

// Runs every check on every controller and device of the config, which must be settled
// (config_settle()) and is not changed. What depends on the guest's type is not checked while that
// is unknown. Returns STATUS_OK, or STATUS_REQUEST after reporting errors; warnings and notes do
// not count.
enum status check_config(struct arena *arena, struct diags *diags, const struct config *config);

// The names of all checks in the order in which they run, static; ends with NULL.
const char *const *check_names(void);

#endif
