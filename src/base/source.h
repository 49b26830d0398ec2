// SPDX-License-Identifier: MIT
// A text kept whole, and places in it. A place is two byte offsets; lines and columns are counted
// only when they are shown.
#ifndef XENUSB_BASE_SOURCE_H
#define XENUSB_BASE_SOURCE_H

#include "text.h"

struct arena;

// The bytes from `from` up to but not including `to`. {0, 0} means no place.
struct span {
    uint32_t from;
    uint32_t to;
};

#define SPAN_NONE ((struct span){ 0, 0 })

static inline bool span_is_none(struct span span)
{
    return span.from == 0 && span.to == 0;
}

// What is compiled: a file, standard input, or command line arguments. The text is followed by two
// NUL bytes that are not part of it.
struct source {
    const char *name; // for messages: the path as given, "<stdin>", "<command line>"
    struct text text;
    const uint32_t *word_ends; // of source_from_words(): where each word ends; otherwise NULL
};

// The words of a command line, joined by single blanks, so that each has a place.
const struct source *source_from_words(struct arena *arena, const char *name,
                                       const char *const *words, size_t count);

// A source of `length` given bytes, copied.
const struct source *source_from_bytes(struct arena *arena, const char *name, const char *bytes,
                                       size_t length);

// The position of a byte: line and column from 1, the column in characters.
struct position {
    unsigned line;
    unsigned column;
    struct text line_text; // without the line end
};
struct position source_position(const struct source *source, uint32_t offset);

#endif
