// SPDX-License-Identifier: MIT
// Reading and writing whole files.
#ifndef XENUSB_BASE_FILE_H
#define XENUSB_BASE_FILE_H

#include "text.h"

// Writes all of it, in as many calls as it takes; a signal does not stop it. False after an error,
// which is in errno; some of it may have been written then.
bool write_all(int fd, struct text text);

// Reads to the end, but at most `most` bytes, of which *size were read; a signal does not stop it.
// False after an error, which is in errno.
bool read_up_to(int fd, char *bytes, size_t most, size_t *size);

#endif
