// SPDX-License-Identifier: MIT
// The words of a command of xm or xl that is being translated.
#ifndef XENUSB_CLI_OLD_WORDS_H
#define XENUSB_CLI_OLD_WORDS_H

#include "base/diag.h"

enum { WORDS_MAX = 16 };

// A command being translated; `word` starts after the verb.
struct old {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct text word[WORDS_MAX];
    struct span at[WORDS_MAX];
    size_t count;
};

// Splits the source as a shell would. False after reporting what is not a simple command.
bool old_words_split(struct old *old);
// Removes the first words.
void old_words_drop(struct old *old, size_t count);
// Removes the options of xl before its command: -v, -vvv, -f, -N, -t, -T.
void old_words_drop_options(struct old *old);
// Splits "version=3,ports=6" into two words, with a warning: xl would ignore what follows the first
// number.
void old_words_split_pairs(struct old *old);

#endif
