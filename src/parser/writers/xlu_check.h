// SPDX-License-Identifier: MIT
// Reports what xl would refuse in a translation, at the places of the original file.
#ifndef XENUSB_PARSER_WRITERS_XLU_CHECK_H
#define XENUSB_PARSER_WRITERS_XLU_CHECK_H

#include "parser/translate.h"
#include "rewrite.h"

// Reports, line by line, what xl would refuse in `result`, which `rewrite` has produced. An error
// replaces the warnings about the same statement. Faults of the file as a whole, such as its line
// ends, are only warnings, so that they do not prevent the translation.
void xlu_check(const struct writing *writing, const struct rewrite *rewrite, struct text result);

#endif
