// SPDX-License-Identifier: MIT
// An answer that may not be known: what could not be looked at is never "no".
#ifndef XENUSB_BASE_VERDICT_H
#define XENUSB_BASE_VERDICT_H

enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_UNKNOWN };

// For scripts: "no", "yes" or "unknown".
const char *verdict_word(enum verdict verdict);

#endif
