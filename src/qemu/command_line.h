// SPDX-License-Identifier: MIT
// What a QEMU that runs was started with: its arguments, as /proc/PID/cmdline has them, each of
// which ends with a NUL.
#ifndef XENUSB_QEMU_COMMAND_LINE_H
#define XENUSB_QEMU_COMMAND_LINE_H

#include "base/text.h"

// The driver of the device that has this id there (-device); TEXT_EMPTY if none has. A part of the
// arguments, or owned by the arena.
struct text command_line_driver(struct arena *arena, struct text arguments, const char *id);

// An option with one of these names (NULL-terminated, without the dashes) and its value; *rest is
// then what follows. False at the end.
struct command_line_option {
    const char *name; // one of the names
    struct text value;
};
bool command_line_next(struct text *rest, const char *const *names,
                       struct command_line_option *option);
// The value of a key in "HEAD,KEY=VALUE,...", with its commas doubled; HEAD itself for "driver", if
// that is no key. TEXT_EMPTY if there is none.
struct text command_line_member(struct text value, const char *key);

// How many devices there have no id.
unsigned command_line_unnamed(struct arena *arena, struct text arguments);

// Whether QEMU was started with more than these arguments show: with files of options.
bool command_line_is_partial(struct text arguments);

#endif
