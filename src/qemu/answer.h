// SPDX-License-Identifier: MIT
// The types of QMP answers. Private to the room.
#ifndef XENUSB_QEMU_ANSWER_H
#define XENUSB_QEMU_ANSWER_H

#include "base/json.h"

#include <stdbool.h>

// Whether what a command returned is a list as QEMU's schema (qapi/qom.json, qapi/block-core.json)
// has it. True for commands that return no list. Anything else must not pass for an empty list: it
// would mean that QEMU has nothing.
bool answer_is_valid(const char *command, const struct json *value);

#endif
