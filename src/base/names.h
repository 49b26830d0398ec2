// SPDX-License-Identifier: MIT
// Things by their names, found at once however many there are.
#ifndef XENUSB_NAMES_H
#define XENUSB_NAMES_H

#include "text.h"

struct names;

// Empty; lives in the arena.
struct names *names_new(struct arena *arena) __attribute__((returns_nonnull));

// Gives a name to a thing, unless another has it already: the first one keeps it. The bytes of the
// name must outlive the names.
void names_add(struct names *names, struct text name, void *thing);

// What has that name, or NULL.
void *names_get(const struct names *names, struct text name);

#endif
