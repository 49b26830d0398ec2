// SPDX-License-Identifier: MIT
// The USB commands of xm and xl, and what does the same here.
#ifndef XENUSB_CLI_OLD_COMMAND_H
#define XENUSB_CLI_OLD_COMMAND_H

#include "../diag.h"

// Prints the xenusb command that does what a command of xm or xl did, given as one line.
// STATUS_REQUEST after a complaint: no such command, or not its words.
enum status old_command_translate(struct arena *arena, struct diags *diags, const char *line);

#endif
