// SPDX-License-Identifier: MIT
// Descriptors that are passed to another process.
#ifndef XENUSB_QEMU_PASSING_H
#define XENUSB_QEMU_PASSING_H

#include "base/text.h"

#include <sys/types.h>

// As send(2) without waiting; the descriptor `fd` arrives with the first byte. Returns how many
// bytes were sent, -1 with errno set.
ssize_t passing_send(int socket, struct text bytes, int fd);

#endif
