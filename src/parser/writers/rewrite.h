// SPDX-License-Identifier: MIT
// Edits of a text: everything outside of them stays as it is, byte for byte.
#ifndef XENUSB_PARSER_REWRITE_H
#define XENUSB_PARSER_REWRITE_H

#include "parser/document.h"

#include <stdio.h>

// What becomes of the statements of one key.
struct replacement {
    bool touch;        // false: they stay as they are
    const char *value; // the value of the one that stands there then; NULL: none does
};

struct edit {
    struct edit *next;
    struct span at;    // what is replaced
    struct text lines; // comments that come before it, each with its line end
    struct text by;    // what stands there instead
};

// Edits of one text, in the order of their places. Lives in the arena.
struct rewrite {
    struct arena *arena;
    const struct source *source;
    bool comments; // whether each edit is preceded by what stood there
    const char *line_end;
    uint32_t walked,
        line; // up to which offset the text was walked, and where that one's line begins
    struct edit *first, **end;
};

void rewrite_init(struct rewrite *rewrite, struct arena *arena, const struct source *source,
                  bool comments);

// Replaces a statement; with comments, what stood there comes before it. Comments inside of the
// statement are never lost. Statements come in the order of the file.
void rewrite_replace(struct rewrite *rewrite, const struct statement *statement, struct text by);

// Replaces the statements of USB keys by what `changes` has for each key. A key that had no
// statement is assigned where the first one changes; false if none does and such a key has a value.
bool rewrite_keys(struct rewrite *rewrite, const struct statement *statements,
                  const struct replacement changes[KEY_COUNT]);

// Prints the text with its edits.
void rewrite_print(const struct rewrite *rewrite, FILE *stream);

// Prints the statements of USB keys alone, each on a line of its own, with their edits.
void rewrite_print_only(const struct rewrite *rewrite, const struct statement *statements,
                        FILE *stream);

// "\n", or "\r\n" in a file whose first line ends so.
const char *rewrite_line_end(const struct source *source);

#endif
