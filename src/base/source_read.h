// SPDX-License-Identifier: MIT
// Reads the file that is to be compiled.
#ifndef XENUSB_BASE_SOURCE_READ_H
#define XENUSB_BASE_SOURCE_READ_H

#include "diag.h"

enum { SOURCE_MAX = 8 * 1024 * 1024 }; // bytes; far more than any config that a person wrote

// Reads a file whole ("-" is standard input) into the arena. Returns NULL after an error: it does
// not exist, may not be read, is a directory, a device or a socket, is larger than SOURCE_MAX, or
// contains NUL bytes.
const struct source *source_read(struct arena *arena, struct diags *diags, const char *path);

#endif
