// SPDX-License-Identifier: MIT
#include "checking.h"

struct diag *check_error(struct checking *checking, enum diag_code code, struct span at,
                         const char *format, ...)
{
    const struct diag like = {
        .severity = SEVERITY_ERROR, .code = code, .source = checking->config->source, .span = at
    };
    va_list args;
    va_start(args, format);
    struct diag *diag = complain_va(checking->diags, &like, format, args);
    va_end(args);
    return diag;
}

struct diag *check_warning(struct checking *checking, enum diag_code code, struct span at,
                           const char *format, ...)
{
    const struct diag like = {
        .severity = SEVERITY_WARNING, .code = code, .source = checking->config->source, .span = at
    };
    va_list args;
    va_start(args, format);
    struct diag *diag = complain_va(checking->diags, &like, format, args);
    va_end(args);
    return diag;
}

unsigned check_bit(const struct checking *checking, const struct check *check)
{
    unsigned bit = 1;
    for (const struct check *const *at = checking->checks; *at != check; at++)
        bit <<= 1;
    return bit;
}

bool check_passed(const struct checking *checking, const struct config_controller *controller,
                  const struct check *check)
{
    unsigned failed = checking->controllers_failed[controller->index];
    return !controller->broken && !(failed & check_bit(checking, check));
}
