// SPDX-License-Identifier: MIT
// QEMU's names for character devices, and the quoting of its command line.
#ifndef XENUSB_QEMU_WORDS_H
#define XENUSB_QEMU_WORDS_H

#include "base/text.h"
#include "usb/model.h"

// A value for an option of QEMU's command line, with its commas doubled since a single one would
// end it. Owned by the arena, NUL-terminated.
const char *qemu_escape_commas(struct arena *arena, struct text value)
    __attribute__((returns_nonnull));

// A type of character device that chardev= supports (QEMU's qapi/char.json). Constant.
struct qemu_chardev {
    const char *word; // the name in a config; followed by a path if it ends with a colon
    const char *type; // the type of QEMU's backend
    // Where its value (the path, or the type of a spicevmc) goes: the key in a -chardev argument,
    // and the dotted member of the backend's data over QMP. NULL if it has no value.
    const char *argument;
    const char *data;
};

// The type for "pty", "file:PATH", ...; *value is then a part of `word`, or a constant. NULL for
// any other word, or if the path is missing.
const struct qemu_chardev *qemu_chardev(struct text word, struct text *value);
// Whether it is one of those that have no path.
bool qemu_chardev_is_plain(struct text word);
// The default of chardev= for that kind of device. Constant.
const char *qemu_default_chardev(enum device_kind kind) __attribute__((returns_nonnull));
// The NAME in "id:NAME", an existing character device of QEMU; TEXT_EMPTY for any other word.
struct text qemu_existing_chardev(struct text word);

#endif
