// SPDX-License-Identifier: MIT
// A file that is written anew so that at every instant the old one or the new one is there, whole.
#ifndef XENUSB_CLI_IN_PLACE_H
#define XENUSB_CLI_IN_PLACE_H

#include "base/diag.h"

// Replaces what is in the file at `path`, which held `old`, by `text`. Owner, group and mode stay;
// the old file is beside it as PATH.bak, in place of an earlier one. STATUS_REFUSED after a
// complaint where the path is a link, or a file that has further names, or no file; where it does
// not hold `old` any more; STATUS_FAILED where it cannot be written. Then it is as it was.
enum status in_place_write(struct arena *arena, struct diags *diags, const char *path,
                           struct text old, struct text text);

#endif
