// SPDX-License-Identifier: MIT
// Finds the process that holds a device node.
#ifndef XENUSB_HOST_HOLDER_H
#define XENUSB_HOST_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

struct arena;

// Looks in /proc/<pid>/fd for a process that has the character device with that number open; *pid
// is the first one found, 0 if there is none. Returns false if none was found but some processes
// could not be checked.
bool holder_find(struct arena *arena, dev_t number, unsigned *pid);

#endif
