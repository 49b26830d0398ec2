// SPDX-License-Identifier: MIT
// Translates the USB commands of xm and xl.
#ifndef XENUSB_CLI_OLD_COMMAND_H
#define XENUSB_CLI_OLD_COMMAND_H

#include "base/diag.h"

// The xenusb command that does the same as `line`, a command of xm or xl. None of its words has
// blanks or characters that a shell would interpret. NULL after reporting an error: not such a
// command, or wrong arguments.
const char *old_command_translate(struct arena *arena, struct diags *diags, const char *line);

#endif
