// SPDX-License-Identifier: MIT
// Recognizes devices that lost their drivers. Private to host/ and its tests.
#ifndef XENUSB_HOST_ORPHAN_H
#define XENUSB_HOST_ORPHAN_H

#include "host.h"

#include <sys/types.h>

// Looks in /proc/<pid>/fd for a process that has the character device with that number open; *pid
// is the first one found, 0 if there is none. Returns false if none was found but some processes
// could not be checked.
bool host_find_opener(struct arena *arena, dev_t number, unsigned *pid);

// Whether a record of the kernel's module tables matches an interface's modalias: "alias PATTERN
// MODULE" in modules.alias, "MODULE.alias=PATTERN" in modules.builtin.modinfo (depmod(8)). *module
// is then its module, owned by the arena.
bool orphan_alias_matches(struct arena *arena, struct text line, const char *modalias,
                          const char **module);

#endif
