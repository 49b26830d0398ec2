// SPDX-License-Identifier: MIT
// What a QEMU that runs was started with: its arguments, as /proc/PID/cmdline has them, each of
// which ends with a NUL.
#ifndef XENUSB_QEMU_COMMAND_LINE_H
#define XENUSB_QEMU_COMMAND_LINE_H

#include "base/text.h"

// The driver of the device that has this id there (-device); TEXT_EMPTY if none has. A part of the
// arguments, or owned by the arena.
struct text command_line_driver(struct arena *arena, struct text arguments, const char *id);

// How many devices there have no id.
unsigned command_line_unnamed(struct arena *arena, struct text arguments);

// Whether QEMU was started with more than these arguments show: with files of options.
bool command_line_is_partial(struct text arguments);

#endif
