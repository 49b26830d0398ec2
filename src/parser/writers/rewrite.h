// SPDX-License-Identifier: MIT
// Edits of a text. Everything outside the edits stays the same, byte for byte.
#ifndef XENUSB_PARSER_WRITERS_REWRITE_H
#define XENUSB_PARSER_WRITERS_REWRITE_H

#include "parser/document.h"

#include <stdio.h>

// How to change the statements of one key.
struct replacement {
    bool touch;        // false: leave them as they are
    const char *value; // the new value, of a single statement; NULL: remove them all
};

// The replacement of one statement.
struct edit {
    struct edit *next;
    struct span at;    // the statement, in the source
    struct text lines; // comments to put before it, each with its line end
    struct text text;  // the text that replaces it; may be empty
};

// The edits of one source, in order of their places. The edits live in the arena.
struct rewrite {
    struct arena *arena;
    const struct source *source;
    bool comments; // put the original statement before each edit, as a comment
    const char *line_end;
    uint32_t walked; // how far line_of() has walked
    uint32_t line;   // offset of the line there
    struct edit *first, **end;
};

// Starts without edits. Nothing is copied.
void rewrite_init(struct rewrite *rewrite, struct arena *arena, const struct source *source,
                  bool comments);

// Applies `changes` to the statements of each USB key. A key without a statement is assigned at the
// first statement that changes; false if there is none and such a key has a value.
bool rewrite_keys(struct rewrite *rewrite, const struct statement *statements,
                  const struct replacement changes[KEY_COUNT]);

// Prints the text with its edits.
void rewrite_print(const struct rewrite *rewrite, FILE *stream);

// Prints only the statements of USB keys, with their edits, each on a line of its own.
void rewrite_print_only(const struct rewrite *rewrite, const struct statement *statements,
                        FILE *stream);

// "\r\n" if the first line of the file ends with it, else "\n".
const char *rewrite_line_end(const struct source *source);

#endif
