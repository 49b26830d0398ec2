// SPDX-License-Identifier: MIT
// The decoded text of a string, with the place of each of its bytes in the file, so that
// diagnostics point at the right word despite escapes and joined literals.
#ifndef XENUSB_PARSER_LITERAL_H
#define XENUSB_PARSER_LITERAL_H

#include "builder.h"

enum { LITERAL_MAX = 16 * 1024 }; // bytes in the file, quotes included

// Lives in the arena of the builder.
struct literal {
    struct text text;
    const uint32_t *places; // source offset of each byte of the text, and one for its end
    struct span at;         // all of it, with its quotes
};

// Decodes a string value as Python and libxlu do. If they differ, or xl refuses an escape, Python's
// meaning is used, with a warning. False after reporting an error.
bool literal_read(struct builder *builder, const struct value *value, struct literal *literal);

// Makes the whole source one literal, without decoding anything.
void literal_plain(struct builder *builder, struct literal *literal);

// The source span of the text from offset `from` up to `to`.
struct span literal_span(const struct builder *builder, const struct literal *literal, size_t from,
                         size_t to);

#endif
