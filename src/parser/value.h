// SPDX-License-Identifier: MIT
// Values of keys, put together by the grammar of a domain config.
#ifndef XENUSB_PARSER_VALUE_H
#define XENUSB_PARSER_VALUE_H

#include "base/source.h"

struct builder;

enum value_kind {
    VALUE_BROKEN, // already reported
    VALUE_STRING,
    VALUE_NUMBER,   // the text at its place; may have a sign or a fraction
    VALUE_TRUTH,    // True or False
    VALUE_NONE,     // None
    VALUE_WORD,     // a name without quotes
    VALUE_LIST,     // or a tuple
    VALUE_COMPUTED, // an expression that only Python can evaluate
};

// A value as written in the file. `first` and `last` are the literals of a string that consists of
// several, or the items of a list; they are not kept for foreign keys.
struct value {
    enum value_kind kind;
    bool truth;
    bool adjacent; // a literal that follows another one without a '+'
    struct span at;
    struct span computed; // the first part that only Python can evaluate; none if all of it is data
    struct cell *first, *last;
};

// One literal or item of a value.
struct cell {
    struct cell *next;
    struct value value;
};

// --- called by the grammar; parts live in the arena of the builder ---

// A value without parts.
struct value value_plain(enum value_kind kind, struct span at);
struct value value_truth(struct span at, bool truth);

// A string with its prefix and quotes; an f-string is computed.
struct value value_string(const struct builder *builder, struct span at);
// A string literal directly after another one: Python joins them.
struct value value_concat(struct builder *builder, struct value left, struct value right);
// The sum of two strings or of two lists.
struct value value_sum(struct builder *builder, struct value left, struct value right);
// `left operators right`: a sum of strings or of lists is data, anything else is computed. `at` is
// the whole expression.
struct value value_apply(struct builder *builder, struct span at, struct value left,
                         struct span operators, struct value right);
// `operators operand`: a number with its sign is data, anything else is computed.
struct value value_sign(struct builder *builder, struct span at, struct span operators,
                        struct value operand);
struct value value_computed(struct span at);
// An empty list; value_item() appends to it, value_close() sets its place.
struct value value_list(void);
struct value value_item(struct builder *builder, struct value list, struct value item);
// A list of two items.
struct value value_pair(struct builder *builder, struct value first, struct value second);
// An item in parentheses: its value is that of the item.
struct value value_group(struct builder *builder, struct value item);
struct value value_close(struct value list, struct span at);

#endif
