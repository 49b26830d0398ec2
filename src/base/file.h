// SPDX-License-Identifier: MIT
// Writing to file descriptors.
#ifndef XENUSB_BASE_FILE_H
#define XENUSB_BASE_FILE_H

#include "text.h"

// Writes all of it, in as many calls as it takes; a signal does not stop it. False after an error,
// which is in errno; some of it may have been written then.
bool write_all(int fd, struct text text);

#endif
