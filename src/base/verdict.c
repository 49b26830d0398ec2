// SPDX-License-Identifier: MIT
#include "verdict.h"

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {
        [VERDICT_NO] = "no", [VERDICT_YES] = "yes", [VERDICT_UNKNOWN] = "unknown"
    };
    return words[verdict];
}
