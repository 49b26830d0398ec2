// SPDX-License-Identifier: MIT
// What QEMU calls things, and how its command line is written.
#ifndef XENUSB_QEMU_WORDS_H
#define XENUSB_QEMU_WORDS_H

#include "base/text.h"
#include "usb/model.h"

// A value for an option of QEMU's command line: a comma would end it there, and is doubled. Owned
// by the arena, NUL-terminated.
const char *qemu_escape_commas(struct arena *arena, struct text value)
    __attribute__((returns_nonnull));

// A character device that chardev= can ask for (QEMU's qapi/char.json).
struct qemu_chardev {
    const char *word; // as a config names it; followed by a path if it ends with a colon
    const char *type; // of QEMU's backend
    // Where its value goes, the path or what a spicevmc carries: the key of a -chardev argument,
    // and the dotted member of the backend's data over QMP. NULL: it has no value.
    const char *argument;
    const char *data;
};

// The row for "pty", "file:PATH", ..., and its value. NULL for any other word, and where the path
// is missing.
const struct qemu_chardev *qemu_chardev(struct text word, struct text *value);
// What a device of that kind is connected to unless its config says otherwise.
const char *qemu_default_chardev(enum device_kind kind) __attribute__((returns_nonnull));
// NAME of "id:NAME", a character device that QEMU has already; TEXT_EMPTY for any other word.
struct text qemu_existing_chardev(struct text word);

#endif
