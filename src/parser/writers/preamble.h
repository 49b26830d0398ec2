// SPDX-License-Identifier: MIT
// The Python at the head of old files (xmexample.hvm of Xen 3 and its many copies). Its result on
// x86-64 is always the same, so it can be replaced by plain assignments.
#ifndef XENUSB_PARSER_WRITERS_PREAMBLE_H
#define XENUSB_PARSER_WRITERS_PREAMBLE_H

#include "parser/translate.h"

// Sets `resolved` of the Python statements that plain assignments can replace: imports, the
// architecture of the machine, a choice that depends on it, and sums of strings and of such
// variables. Removes the warnings about them from `diags`.
void preamble_resolve(struct arena *arena, struct diags *diags, const struct document *document);

#endif
