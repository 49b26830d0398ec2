// SPDX-License-Identifier: MIT
// How orphaned devices are recognized. Private to host/, and for its tests.
#ifndef XENUSB_HOST_ORPHAN_H
#define XENUSB_HOST_ORPHAN_H

#include "host.h"

#include <sys/types.h>

// Whether a process has the character device of that number open, by /proc/<pid>/fd: *pid is that
// process, 0 if there is none. False if not all processes could be checked.
bool host_opened(struct arena *arena, dev_t number, unsigned *pid);

// Whether a line of the kernel's module tables fits an interface's modalias: "alias PATTERN MODULE"
// of modules.alias, "MODULE.alias=PATTERN" of modules.builtin.modinfo (depmod(8)). *module is its
// module. Pure.
bool orphan_alias_fits(struct arena *arena, struct text line, const char *modalias,
                       const char **module);

#endif
