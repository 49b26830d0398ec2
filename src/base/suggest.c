// SPDX-License-Identifier: MIT
#include "suggest.h"

#include "buffer.h"

enum { NEAR_LENGTH = 32 }; // longer words are not compared

// Edits between two words of at most NEAR_LENGTH bytes: Damerau-Levenshtein with swaps of
// neighbours only.
static unsigned edits(struct text a, struct text b)
{
    unsigned rows[3][NEAR_LENGTH + 1] = { { 0 } };
    for (size_t j = 0; j <= b.size; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.size; i++) {
        unsigned *now = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned same = text_lower(a.at[i - 1]) == text_lower(b.at[j - 1]) ? 0 : 1;
            unsigned best = above[j - 1] + same;
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && text_lower(a.at[i - 1]) == text_lower(b.at[j - 2]) &&
                           text_lower(a.at[i - 2]) == text_lower(b.at[j - 1]);
            if (swapped && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a.size % 3][b.size];
}

const char *text_nearest(struct text word, const char *const *choices)
{
    const char *nearest = NULL;
    unsigned best = 0;
    if (word.size == 0 || word.size > NEAR_LENGTH)
        return NULL;
    for (; *choices; choices++) {
        struct text choice = text_of(*choices);
        size_t longer = word.size > choice.size ? word.size : choice.size;
        size_t shorter = word.size + choice.size - longer;
        // It takes at least so many edits as one is longer.
        if (choice.size > NEAR_LENGTH || longer - shorter > 1 + longer / 5 ||
            text_same(word, choice))
            continue;
        unsigned distance = edits(word, choice);
        bool near = distance <= 1 + longer / 5 && distance < choice.size;
        if (near && (!nearest || distance < best)) {
            nearest = *choices;
            best = distance;
        }
    }
    return nearest;
}

struct diag *diag_suggest(struct diags *diags, struct diag *diag, struct text word,
                          const char *const *choices, const char *otherwise)
{
    const char *nearest = text_nearest(word, choices);
    if (nearest)
        return diag_hint(diags, diag, "did you mean '%s'?", nearest);
    if (otherwise)
        return diag_hint(diags, diag, "%s", otherwise);
    struct buffer list = buffer_in(diags->arena);
    for (; *choices; choices++)
        buffer_join(&list, ", ", "%s", *choices);
    return diag_hint(diags, diag, "one of: %s", buffer_string(&list));
}
