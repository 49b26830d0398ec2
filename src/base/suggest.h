// SPDX-License-Identifier: MIT
// "did you mean": what a mistyped word was probably meant to be.
#ifndef XENUSB_BASE_SUGGEST_H
#define XENUSB_BASE_SUGGEST_H

#include "diag.h"

// The word in `choices` (NULL-terminated) with the smallest edit distance to `word` (insertion,
// deletion, replacement, transposition); NULL if none is near enough to be a likely typo.
const char *text_nearest(struct text word, const char *const *choices);

// The hint for a `word` that is none of `choices` (NULL-terminated): "did you mean 'X'?" for the
// one that was probably meant, else `otherwise`; where that is NULL, "one of: " and all choices.
// Returns `diag`.
struct diag *diag_suggest(struct diags *diags, struct diag *diag, struct text word,
                          const char *const *choices, const char *otherwise)
    __attribute__((returns_nonnull));

#endif
