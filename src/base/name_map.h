// SPDX-License-Identifier: MIT
// Things by their names, found at once however many there are.
#ifndef XENUSB_NAMES_H
#define XENUSB_NAMES_H

#include "text.h"

struct name_map;

// Empty; lives in the arena.
struct name_map *name_map_new(struct arena *arena) __attribute__((returns_nonnull));

// Gives a name to a thing, unless another has it already: the first one keeps it. The bytes of the
// name must outlive the names.
void name_map_add(struct name_map *names, struct text name, void *thing);

// What has that name, or NULL.
void *name_map_get(const struct name_map *names, struct text name);

#endif
