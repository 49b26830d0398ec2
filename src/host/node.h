// SPDX-License-Identifier: MIT
// The nodes of host devices in /dev/bus/usb, and who may open them.
#ifndef XENUSB_HOST_NODE_H
#define XENUSB_HOST_NODE_H

#include "base/verdict.h"
#include "host.h"

#include <sys/stat.h>

// Opens the device's node for reading and writing; -1 with errno set. The caller closes it.
int host_node_open(const struct host_device *device);

// Whether a process may open the device's node, by its ids and capabilities, in its root directory
// and mount namespace. Access control lists are not read.
enum verdict host_node_may_open(struct arena *arena, unsigned pid,
                                const struct host_device *device);

// Whether a process with this /proc/PID/status may read and write a file with that owner and mode.
// Only reads its arguments.
enum verdict node_is_permitted(struct text status, const struct stat *node);

#endif
