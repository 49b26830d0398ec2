// SPDX-License-Identifier: MIT
// Translates the USB commands of xm and xl.
#ifndef XENUSB_CLI_OLD_COMMAND_H
#define XENUSB_CLI_OLD_COMMAND_H

#include "xen/advice.h"

// The xenusb command that does the same as `line`, a command of xm or xl as a shell would read it.
// No words after reporting an error: not such a command, or wrong arguments.
struct advice_command old_command_translate(struct arena *arena, struct diags *diags,
                                            const char *line);

#endif
