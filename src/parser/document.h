// SPDX-License-Identifier: MIT
// A compiled file together with its statements: the input of a translation.
#ifndef XENUSB_PARSER_DOCUMENT_H
#define XENUSB_PARSER_DOCUMENT_H

#include "config/config.h"
#include "keys.h"

enum statement_kind {
    STATEMENT_USB,      // assigns a USB key
    STATEMENT_COMPUTED, // assigns a Python expression or a bare word to another key
    STATEMENT_BUILDER,  // builder = 'linux', which only xm knows
    STATEMENT_PYTHON,   // any other Python statement, with its block
};

// A statement that a translation may change; others are not recorded.
struct statement {
    struct statement *next;
    enum statement_kind kind;
    enum key key;         // KEY_FOREIGN if the parser does not read the key
    struct span at;       // without the line end or semicolon
    struct span name_at;  // the key; none for STATEMENT_PYTHON
    struct span value_at; // the value with its parentheses; none for STATEMENT_PYTHON
    bool append;          // uses +=
    const char *resolved; // the replacement for xl (preamble.h); NULL if it stays as it is
};

// Lives in the arena of the parser.
struct document {
    const struct source *source;
    struct config *config;
    struct statement *statements; // in the order of the file
    bool foreign;                 // not a domain config, but another format (foreign.h)
};

#endif
