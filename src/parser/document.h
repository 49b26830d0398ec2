// SPDX-License-Identifier: MIT
// A compiled file together with its statements: what a translation works on.
#ifndef XENUSB_PARSER_DOCUMENT_H
#define XENUSB_PARSER_DOCUMENT_H

#include "config/config.h"
#include "keys.h"

enum statement_kind {
    STATEMENT_USB,      // assigns a USB key
    STATEMENT_COMPUTED, // assigns another key what only Python can compute, or a bare word
    STATEMENT_PYTHON,   // anything else that only Python has, with its block
};

// A statement that a translation may touch. All others are not kept.
struct statement {
    struct statement *next;
    enum statement_kind kind;
    enum key key;         // KEY_FOREIGN where the key is none of ours
    struct span at;       // without what ends it
    struct span name_at;  // the key; none in Python
    struct span value_at; // its value, parentheses included; none in Python
    bool append;          // by +=
    const char *by;       // what stands there instead for xl; NULL: it stays (preamble.h)
};

struct document {
    const struct source *source;
    struct config *config;
    struct statement *statements; // in the order of the file
    bool foreign;                 // another program's form: nothing of its text stands in a config
};

#endif
