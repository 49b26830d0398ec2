// SPDX-License-Identifier: MIT
// The text of a string, and where in the file each byte of it stands: escapes and literals that
// stand side by side do not put a complaint beside its word.
#ifndef XENUSB_PARSER_LITERAL_H
#define XENUSB_PARSER_LITERAL_H

#include "build.h"

enum { LITERAL_MAX = 16 * 1024 }; // bytes in the file; no item of a USB key is as long

struct literal {
    struct text text;
    const uint32_t *places; // of each byte of the text in the source, and one behind the last
    struct span at;         // all of it, with its quotes
};

// Decodes a string as Python and libxlu do. Of escapes that they read differently, or that xl
// refuses, Python's meaning holds, with a warning. False after an error.
bool literal_read(struct builder *builder, const struct value *value, struct literal *literal);

// The whole source as it stands, without quotes or escapes.
void literal_plain(struct builder *builder, struct literal *literal);

// Where a part of the text stands in the source.
struct span literal_span(const struct builder *builder, const struct literal *literal, size_t from,
                         size_t to);

#endif
