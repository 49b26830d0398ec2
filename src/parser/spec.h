// SPDX-License-Identifier: MIT
// Specs: the content of one quoted string, or of one argument on a command line. A spec is a list
// of key=value pairs, optionally with a bare word before them.
#ifndef XENUSB_PARSER_SPEC_H
#define XENUSB_PARSER_SPEC_H

#include "literal.h"

// One key=value. The texts are without surrounding blanks, values without their double quotes, in
// which two of them are one.
struct spec_pair {
    struct spec_pair *next;
    struct text key, value;
    struct span key_at, value_at;
    bool loose;          // has blanks or quotes that xl does not accept
    bool trailing_blank; // after the value: xl reads it as part of the value
    bool quoted;         // the value was in double quotes
};

// Lives in the arena of the builder.
struct spec {
    struct spec *next;
    struct text text; // all of it
    struct span at;   // with the quotes, if it has any
    struct text head; // the bare word before the pairs; size 0 if there is none
    struct span head_at;
    struct span empty_at; // the first comma with an empty item next to it; none if there is none
    struct spec_pair *pairs;
    bool broken; // has an error, already reported
};

enum { PAIRS_MAX = 64 }; // per spec

// What to do if a comma after the value of that pair belongs to it; NULL if that cannot be meant.
const char *spec_comma_hint(struct arena *arena, const struct spec_pair *pair);

// Reads one string of the file. Never NULL; reports errors.
struct spec *spec_of_literal(struct builder *builder, const struct literal *literal);

// Reads the whole source as blank-separated specs. Never NULL: without any, returns an empty spec.
struct spec *specs_of_words(struct builder *builder);

// --- called by the grammar; spans are offsets in the literal ---

struct spec_builder {
    struct builder *builder;
    const struct literal *literal;
    uint32_t offset; // of the lexer in the literal
    size_t word;     // of a command line: the one that the lexer is in
    struct spec *specs, **end;
    struct spec *spec; // the current one
    struct spec_pair **pairs_end;
    const struct spec_pair *last;
    unsigned pairs;
};

// A bare word before the pairs.
void spec_head(struct spec_builder *specs, struct span word);
void spec_pair(struct spec_builder *specs, struct span key, struct span value);
// An empty item: nothing between two commas, or after the last one.
void spec_empty_item(struct spec_builder *specs, struct span at);
// Reports a syntax error.
void spec_unexpected(struct spec_builder *specs, struct span at);
// Ends the current spec, which is at `at`, and begins the next one.
void spec_end(struct spec_builder *specs, struct span at);

#endif
