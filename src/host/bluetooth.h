// SPDX-License-Identifier: MIT
// Bluetooth adapters. Private to the room.
#ifndef XENUSB_HOST_BLUETOOTH_H
#define XENUSB_HOST_BLUETOOTH_H

#include "base/verdict.h"

struct arena;

// Whether the adapter of that name ("hci0") is up. If that is unknown, *why is the reason.
enum verdict bluetooth_is_up(struct arena *arena, const char *name, const char **why);

#endif
