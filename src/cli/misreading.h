// SPDX-License-Identifier: MIT
// Arguments that were refused, and what could explain it (misread_words.c, misread_names.c).
#ifndef XENUSB_CLI_MISREADING_H
#define XENUSB_CLI_MISREADING_H

#include "misread.h"

struct misread {
    const struct invocation *invocation;
    struct arena *arena;
    struct diags quiet;
    size_t skip; // words before the first that names a device
};

// Whether the verb is that one.
bool misread_is_of(const struct invocation *invocation, const char *verb);

// The command with that word first and without fillers, or with `replaced` at its place.
const char *misread_command(const struct misread *misread, size_t word, const char *replaced);

// Whether people write it between two words that matter: "to", "from".
bool misread_is_filler(const char *word);
// The command without such words, as a hint; NULL if it has none.
const char *misread_filler(const struct invocation *invocation);

// Gives each error that is about a word in place of a device a hint: a device or a controller of
// that name, or a place in it. Looks at the host and the domain.
void misread_names(const struct misread *misread);

#endif
