// SPDX-License-Identifier: MIT
#include "diag_code.h"

static const char *const names[DIAG_CODES] = {
    [CODE_NOTE] = "note",
    [CODE_WARNING] = "warning",
    [CODE_INVALID] = "invalid",
    [CODE_FAILED] = "failed",
};

const char *diag_code_name(enum diag_code code)
{
    return names[code];
}
