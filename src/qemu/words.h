// SPDX-License-Identifier: MIT
// What QEMU calls things, and how its command line is written.
#ifndef XENUSB_QEMU_WORDS_H
#define XENUSB_QEMU_WORDS_H

#include "base/text.h"

// A value for an option of QEMU's command line: a comma would end it there, and is doubled. Owned
// by the arena, NUL-terminated.
const char *qemu_escape_commas(struct arena *arena, struct text value)
    __attribute__((returns_nonnull));

#endif
