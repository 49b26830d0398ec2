// SPDX-License-Identifier: MIT
// What a domain has, as a config that asks for it: "apply" of it has nothing to do.
#ifndef XENUSB_CLI_AS_CONFIG_H
#define XENUSB_CLI_AS_CONFIG_H

#include "command.h"
#include "parser/translate.h"

// The dialect that --to names; NULL after reporting that there is none.
const struct translation *dialect_named(const struct invocation *invocation, const char *name);

// Prints it in the dialect of `target`. Whatever is not in it is a comment there, and a warning;
// the status is then STATUS_FAILED.
enum status as_config_print(const struct invocation *invocation, const struct world *world,
                            const struct translation *target);

#endif
