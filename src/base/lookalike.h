// SPDX-License-Identifier: MIT
// Characters that word processors and other keyboards write in place of ASCII: dashes, quotes,
// full-width forms.
#ifndef XENUSB_BASE_LOOKALIKE_H
#define XENUSB_BASE_LOOKALIKE_H

#include "text.h"

struct arena;

// With ASCII in their place, and without what cannot be seen. The text itself if it has none of
// them.
struct text lookalike_ascii(struct arena *arena, struct text text);
// Whether it begins with a typographic quote.
bool lookalike_is_quoted(struct text text);
// Whether it begins with a dash that is not '-', as where an option was pasted.
bool lookalike_is_dashed(struct text text);

#endif
