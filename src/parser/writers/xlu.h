// SPDX-License-Identifier: MIT
// The grammar of libxlu (tools/libs/util/libxlu_cfg_l.l and _y.y): what xl reads of a domain
// config.
#ifndef XENUSB_PARSER_XLU_H
#define XENUSB_PARSER_XLU_H

#include "base/source.h"

enum xlu_trouble {
    XLU_NONE,
    XLU_BOM,          // a byte order mark
    XLU_LINE_END,     // a carriage return
    XLU_LAST_COMMENT, // a comment on a last line that does not end
    XLU_ESCAPE,       // in a string
    XLU_OTHER,        // anything else that it has no word for
};

struct xlu {
    struct text text;
    size_t at; // where to go on
};

// The next thing that xl would not read; XLU_NONE at the end. *where is its place in the text. Goes
// on behind the line that it stands on.
enum xlu_trouble xlu_next(struct xlu *xlu, struct span *where);

// Whether xl reads all of a text.
bool xlu_reads(struct text text);

#endif
