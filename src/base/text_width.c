// SPDX-License-Identifier: MIT
#include "text.h"

// Ranges of code points that are not one column wide: East Asian wide characters, pictographs, and
// the most common combining marks. Not wcwidth(), because its answers depend on the locale.
static const struct {
    uint32_t from, to;
    unsigned columns;
} unusual[] = {
    { 0x0300, 0x036f, 0 },   { 0x0483, 0x0489, 0 },   { 0x0591, 0x05bd, 0 },
    { 0x0610, 0x061a, 0 },   { 0x064b, 0x065f, 0 },   { 0x0e31, 0x0e31, 0 },
    { 0x0e34, 0x0e3a, 0 },   { 0x0e47, 0x0e4e, 0 },   { 0x1100, 0x115f, 2 },
    { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },   { 0x20d0, 0x20ff, 0 },
    { 0x2e80, 0x303e, 2 },   { 0x3041, 0x3098, 2 },   { 0x3099, 0x309a, 0 },
    { 0x309b, 0xa4cf, 2 },   { 0xa960, 0xa97f, 2 },   { 0xac00, 0xd7a3, 2 },
    { 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },
    { 0xfe30, 0xfe6f, 2 },   { 0xff01, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
    { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 },
    { 0x20000, 0x3fffd, 2 },
};

static unsigned columns_of(uint32_t point)
{
    for (size_t i = 0; i < sizeof unusual / sizeof *unusual && point >= unusual[i].from; i++)
        if (point <= unusual[i].to)
            return unusual[i].columns;
    return 1;
}

size_t text_width(struct text text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t point = 0;
        size_t length = text_utf8(text_part(text, i, text.size), &point);
        width += length ? columns_of(point) : 1;
        i += length ? length : 1;
    }
    return width;
}
