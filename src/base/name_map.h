// SPDX-License-Identifier: MIT
// A hash table from names to things.
#ifndef XENUSB_BASE_NAME_MAP_H
#define XENUSB_BASE_NAME_MAP_H

#include "text.h"

struct name_map;

// Empty; lives in the arena.
struct name_map *name_map_new(struct arena *arena) __attribute__((returns_nonnull));

// Adds a thing under a name; if the name is taken, the first thing keeps it. The bytes of the name
// must outlive the map.
void name_map_add(struct name_map *names, struct text name, void *thing);

// The thing with that name, or NULL.
void *name_map_get(const struct name_map *names, struct text name);

#endif
