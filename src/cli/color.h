// SPDX-License-Identifier: MIT
// Whether output has colours.
#ifndef XENUSB_CLI_COLOR_H
#define XENUSB_CLI_COLOR_H

#include <stdbool.h>

// Whether "always", "auto" or "never".
bool color_is_when(const char *when);

// Whether what is written to that descriptor has colours. "auto": not with NO_COLOR, always with
// CLICOLOR_FORCE, else on a terminal (no-color.org, bixense.com/clicolors).
bool color_on(const char *when, int fd);

#endif
