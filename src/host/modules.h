// SPDX-License-Identifier: MIT
// The module tables of the running kernel, which depmod(8) writes to /lib/modules/<release>.
#ifndef XENUSB_HOST_MODULES_H
#define XENUSB_HOST_MODULES_H

#include "base/text.h"

// Owned by the arena. A table that cannot be read is empty.
struct modules {
    const char *directory;
    struct text alias;   // modules.alias; records end with a newline
    struct text builtin; // modules.builtin.modinfo; records end with a NUL
};

// Reads the tables.
void modules_read(struct arena *arena, struct modules *modules);

// Whether any table could be read.
bool modules_available(const struct modules *modules);

// The module with a driver for an interface, by the interface's modalias; NULL if there is none.
// Owned by the arena.
const char *modules_find(struct arena *arena, const struct modules *modules, const char *modalias);

// Whether a record of a table matches the modalias of a USB interface: "alias PATTERN MODULE" in
// modules.alias, "MODULE.alias=PATTERN" in modules.builtin.modinfo. *module is then its module,
// owned by the arena.
bool modules_alias_matches(struct arena *arena, struct text line, const char *modalias,
                           const char **module);

#endif
