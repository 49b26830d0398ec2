// SPDX-License-Identifier: MIT
// What stands inside one quoted string, or in the words of a command line: pairs of key and value,
// perhaps behind a first word of its own.
#ifndef XENUSB_PARSER_SPEC_H
#define XENUSB_PARSER_SPEC_H

#include "literal.h"

// A part of a spec. Texts are without the blanks around them, values without their double quotes.
struct spec_pair {
    struct spec_pair *next;
    struct text key, value;
    struct span key_at, value_at;
    bool loose;          // blanks or quotes stand where xl does not take them
    bool trailing_blank; // behind the value: xl counts it to the value
};

struct spec {
    struct spec *next;
    struct text text; // all of it
    struct span at;   // with the quotes, if it has any
    struct text head; // a first word that is no pair; size 0 if there is none
    struct span head_at;
    struct span empty_at; // the first comma that has nothing on one side; none if there is none
    struct spec_pair *pairs;
    bool broken; // complained of already
};

enum { PAIRS_MAX = 64 }; // of one spec

// Reads one string of the file.
struct spec *spec_of_literal(struct builder *builder, const struct literal *literal);

// Reads the whole source as words, each one a spec; if there is none, an empty one.
struct spec *specs_of_words(struct builder *builder);

// --- the verbs of the grammar; places are offsets in the literal ---

struct spec_builder {
    struct builder *builder;
    const struct literal *literal;
    uint32_t offset; // of the lexer
    struct spec *specs, **end;
    struct spec *spec; // the one that is being read
    struct spec_pair **pairs_end;
    unsigned pairs;
};

void spec_head(struct spec_builder *specs, struct span word);
void spec_pair(struct spec_builder *specs, struct span key, struct span value);
void spec_nothing(struct spec_builder *specs, struct span at);
void spec_unexpected(struct spec_builder *specs, struct span at);
// One spec ends at that offset, and the next may begin.
void spec_end(struct spec_builder *specs, struct span at);

#endif
