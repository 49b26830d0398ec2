// SPDX-License-Identifier: MIT
// The Python that stands at the head of old files (xmexample.hvm of Xen 3, and all that was copied
// from it): what it comes to on x86-64 is always the same.
#ifndef XENUSB_PARSER_PREAMBLE_H
#define XENUSB_PARSER_PREAMBLE_H

#include "parser/translate.h"

// Sets `by` of the statements of Python that can be told in plain assignments: imports, the
// machine's architecture, a choice by it, and sums of strings with what came of those. The warnings
// about them are settled.
void preamble_resolve(struct arena *arena, struct diags *diags, const struct document *document);

#endif
