// SPDX-License-Identifier: MIT
// The keyboards and pointers of this host. Private to the room.
#ifndef XENUSB_HOST_INPUT_H
#define XENUSB_HOST_INPUT_H

#include "host.h"

enum { INPUT_KEYBOARD = 1 << 0, INPUT_POINTER = 1 << 1 };

// Sets last[i] to the kinds (or'ed) that device i has, and that the host has no more without all of
// these devices; 0 for all if nobody has a session at seat0 (systemd-logind, elogind). A security
// key is a keyboard for the kernel, but not one here. Returns NULL; or, owned by the arena, why
// that is not known for sure.
const char *input_find_last(struct arena *arena, struct host_device *const *devices, size_t count,
                            unsigned *last);

// The functions below only read their arguments.

// Whether the seat has an active session, according to its file in /run/systemd/seats.
bool input_is_active(struct text seat);
// The kinds of an input device, by its capabilities in sysfs, which are bitmaps.
unsigned input_kinds(struct text keys, struct text relative, struct text absolute);

#endif
