// SPDX-License-Identifier: MIT
#include "duration.h"

enum { WHOLE_MAX = 1000000, DIGITS_MAX = 3 };

bool decimal_read(struct text text, double *number)
{
    uint64_t whole = 0, part = 0;
    size_t dot = text_find(text, '.', 0);
    struct text behind = text_part(text, dot + 1, text.size);
    if (text_number(text_part(text, 0, dot), 10, 0, WHOLE_MAX, &whole) != NUMBER_OK)
        return false;
    if (dot < text.size &&
        (behind.size > DIGITS_MAX || text_number(behind, 10, 0, WHOLE_MAX, &part) != NUMBER_OK))
        return false;
    double below = (double)part;
    for (size_t i = 0; i < behind.size; i++)
        below /= 10;
    *number = (double)whole + below;
    return true;
}

bool duration_read(struct text text, double *seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = { { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
    size_t digits = 0;
    while (digits < text.size && strchr("0123456789.", text.at[digits]))
        digits++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!text_is(text_part(text, digits, text.size), units[i].name))
            continue;
        if (!decimal_read(text_part(text, 0, digits), seconds))
            return false;
        *seconds *= units[i].seconds;
        return true;
    }
    return false;
}
