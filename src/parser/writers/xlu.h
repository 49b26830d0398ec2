// SPDX-License-Identifier: MIT
// The grammar of libxlu (tools/libs/util/libxlu_cfg_l.l and _y.y), by which xl reads a domain
// config.
#ifndef XENUSB_PARSER_WRITERS_XLU_H
#define XENUSB_PARSER_WRITERS_XLU_H

#include "base/source.h"

// What libxlu refuses.
enum xlu_fault {
    XLU_NONE,
    XLU_BOM,          // a byte order mark
    XLU_LINE_END,     // a carriage return
    XLU_LAST_COMMENT, // a comment on a last line without a newline
    XLU_ESCAPE,       // an escape in a string
    XLU_OTHER,        // any other syntax error
};

// A text that is being checked; begin with at = 0.
struct xlu {
    struct text text;
    size_t at; // offset of the next token
};

// Finds the next fault and sets *where to its place in the text; XLU_NONE at the end of the text.
// The next call continues after the line of the fault.
enum xlu_fault xlu_next(struct xlu *xlu, struct span *where);

// Whether xl accepts the whole text.
bool xlu_reads(struct text text);

#endif
