// SPDX-License-Identifier: MIT
// What the grammar of a domain config calls for whole statements: each of its actions is one call,
// to this or to value.h.
#ifndef XENUSB_PARSER_BUILD_H
#define XENUSB_PARSER_BUILD_H

#include "builder.h"

// The left side of an assignment.
struct assignment {
    struct span at; // the key
    bool append;    // `+=`, not `=`
};

// `key =` or `key +=`: the value that follows belongs to that key.
struct assignment build_target(struct builder *builder, struct span at, bool append);
// A whole assignment. `at` is the value with any parentheses around it.
void build_assign(struct builder *builder, struct assignment target, struct value value,
                  struct span at);
// Records a Python statement that was skipped.
void build_python(struct builder *builder, struct span at);

// Reports a syntax error: `wanted` was expected at `at`.
void build_unexpected(struct builder *builder, struct span at, const char *wanted);

#endif
