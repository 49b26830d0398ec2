// SPDX-License-Identifier: MIT
// The USB commands of xm and xl, and what does the same here.
#ifndef XENUSB_CLI_OLD_COMMAND_H
#define XENUSB_CLI_OLD_COMMAND_H

#include "base/diag.h"

// The xenusb command that does what a command of xm or xl did, given as one line. No word of it has
// a blank, or anything else that a shell would not leave alone. NULL after a complaint: no such
// command, or not its words.
const char *old_command_translate(struct arena *arena, struct diags *diags, const char *line);

#endif
