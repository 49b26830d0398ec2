// SPDX-License-Identifier: MIT
// What xl will not read of a translation, said at the places of the file that was translated.
#ifndef XENUSB_PARSER_XLU_JUDGE_H
#define XENUSB_PARSER_XLU_JUDGE_H

#include "parser/translate.h"
#include "rewrite.h"

// Complains line by line of what xl will not read of `result`, which is the file as `rewrite` makes
// it. An error takes the place of what was warned of in the same statement. What is about the file
// as a whole, such as its line ends, is a warning: it does not hold up the translation.
void xlu_judge(const struct writing *writing, const struct rewrite *rewrite, struct text result);

#endif
