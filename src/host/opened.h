// SPDX-License-Identifier: MIT
// Nodes of USB devices that a process has open. Private to holders.c.
#ifndef XENUSB_HOST_OPENED_H
#define XENUSB_HOST_OPENED_H

#include "base/scope.h"
#include "holders.h"

// The minor number of the device's node.
unsigned opened_minor(const struct host_device *device);

// The next node of a USB device in /proc/PID/fd; false at the end.
bool opened_next(DIR *dir, unsigned *minor);

// Why a file in /proc could not be read, for messages. Owned by the arena.
const char *opened_why_not(struct arena *arena, const char *path, int error);

#endif
