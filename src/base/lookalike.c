// SPDX-License-Identifier: MIT
#include "lookalike.h"

#include "arena.h"
#include "buffer.h"

// The character that is meant by another one: itself, or 0 if it cannot be seen.
static uint32_t ascii_of(uint32_t point)
{
    if (point >= 0xff01 && point <= 0xff5e)
        return point - 0xff01 + '!'; // full-width
    if ((point >= 0x2010 && point <= 0x2015) || point == 0x2212)
        return '-';
    if (point == 0x00a0 || point == 0x3000)
        return ' ';
    if (point == 0x00ad || (point >= 0x200b && point <= 0x200d) || point == 0xfeff)
        return 0;
    if (point == 0x201c || point == 0x201d || point == 0x201e)
        return '"';
    return point == 0x2018 || point == 0x2019 ? '\'' : point;
}

struct text lookalike_ascii(struct arena *arena, struct text text)
{
    struct buffer ascii = buffer_in(arena);
    bool same = true;
    for (size_t i = 0, size = 0; i < text.size; i += size) {
        uint32_t point = 0;
        size = text_utf8(text_part(text, i, text.size), &point);
        uint32_t meant = size ? ascii_of(point) : point;
        if (!size)
            size = 1;
        if (meant != point && meant)
            buffer_printf(&ascii, "%c", (char)meant);
        else if (meant == point)
            buffer_add(&ascii, text_part(text, i, i + size));
        same = same && meant == point;
    }
    return same ? text : buffer_text(&ascii);
}

bool lookalike_is_quoted(struct text text)
{
    uint32_t point = 0;
    uint32_t meant = text_utf8(text, &point) ? ascii_of(point) : 0;
    return meant != point && (meant == '"' || meant == '\'');
}

bool lookalike_is_dashed(struct text text)
{
    uint32_t point = 0;
    return text_utf8(text, &point) && point != '-' && ascii_of(point) == '-';
}
