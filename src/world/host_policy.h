// SPDX-License-Identifier: MIT
// The policy of this host, from its file.
#ifndef XENUSB_WORLD_HOST_POLICY_H
#define XENUSB_WORLD_HOST_POLICY_H

#include "base/diag.h"
#include "config/policy.h"

// Reads the policy at `path` ("-" is standard input) and reports all of its errors. NULL if there
// is no such file, which allows everything, and is an error if it is `required`. A file that cannot
// be read, or has errors, is a policy that is `broken`.
const struct policy *host_policy_read(struct arena *arena, struct diags *diags, const char *path,
                                      bool required);

// The same for POLICY_PATH, without reporting: `broken` has the first error.
const struct policy *host_policy(struct arena *arena);

#endif
