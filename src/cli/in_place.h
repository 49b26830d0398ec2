// SPDX-License-Identifier: MIT
// Replaces a file so that at every instant either the old or the new one is there, complete.
#ifndef XENUSB_CLI_IN_PLACE_H
#define XENUSB_CLI_IN_PLACE_H

#include "base/diag.h"

// Replaces the content `old` of the file at `path` with `text`. Owner, group and mode are kept; the
// old file is kept as PATH.bak, replacing an earlier one. On failure the file is unchanged and an
// error is reported: STATUS_REFUSED if the path is a symbolic link, has other hard links, is not a
// regular file, or no longer contains `old`; STATUS_FAILED if it cannot be written. After
// STATUS_LEFTOVER, also reported, the file is replaced, but a crash may bring the old one back.
enum status in_place_write(struct arena *arena, struct diags *diags, const char *path,
                           struct text old, struct text text);

#endif
