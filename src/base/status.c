// SPDX-License-Identifier: MIT
#include "status.h"

#include <stddef.h>

enum status status_worse(enum status a, enum status b)
{
    static const enum status by_weight[] = { STATUS_LEFTOVER, STATUS_TIMEOUT, STATUS_FAILED,
                                             STATUS_REFUSED,  STATUS_REQUEST, STATUS_CHANGES };
    for (size_t i = 0; i < sizeof by_weight / sizeof *by_weight; i++)
        if (a == by_weight[i] || b == by_weight[i])
            return by_weight[i];
    return STATUS_OK;
}
