// SPDX-License-Identifier: MIT
#include "text.h"

#include "arena.h"

struct text text_part(struct text text, size_t from, size_t to)
{
    if (to > text.size)
        to = text.size;
    if (from > to)
        from = to;
    return (struct text){ text.at ? text.at + from : NULL, to - from };
}

struct text text_trim(struct text text)
{
    while (text.size && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.size--;
    }
    while (text.size && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
        text.size--;
    return text;
}

bool text_is_among(struct text text, const char *const *words)
{
    while (*words && !text_is(text, *words))
        words++;
    return *words;
}

bool text_same(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    return a.size == 0 || (a.at && b.at && memcmp(a.at, b.at, a.size) == 0);
}

bool text_is(struct text text, const char *word)
{
    return text_same(text, text_of(word));
}

bool text_is_nocase(struct text text, const char *word)
{
    size_t i = 0;
    while (i < text.size && word[i] && text_lower(text.at[i]) == text_lower(word[i]))
        i++;
    return i == text.size && !word[i];
}

bool text_is_bare(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (strchr(" \t\r\n'\"()[]{}%+", text.at[i]))
            return false;
    return text.size > 0;
}

bool text_starts(struct text text, const char *prefix)
{
    return text_same(text_part(text, 0, strlen(prefix)), text_of(prefix));
}

size_t text_find(struct text text, char byte, size_t from)
{
    while (from < text.size && text.at[from] != byte)
        from++;
    return from < text.size ? from : text.size;
}

// The value of a digit in any base up to 16; 16 if it is not a digit.
static unsigned digit_value(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (unsigned)(letter - '0');
    letter = text_lower(letter);
    if (letter >= 'a' && letter <= 'f')
        return (unsigned)(letter - 'a' + 10);
    return 16;
}

enum number_result text_number(struct text text, unsigned base, uint64_t min, uint64_t max,
                               uint64_t *value)
{
    if (base == 0) {
        bool hex = text.size > 2 && text.at[0] == '0' && text_lower(text.at[1]) == 'x';
        base = hex ? 16 : 10;
        if (hex)
            text = text_part(text, 2, text.size);
    }
    if (text.size == 0)
        return NUMBER_MALFORMED;
    uint64_t sum = 0;
    bool overflow = false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = digit_value(text.at[i]);
        if (digit >= base)
            return NUMBER_MALFORMED;
        overflow = overflow || sum > (UINT64_MAX - digit) / base;
        sum = sum * base + digit;
    }
    if (overflow || sum < min || sum > max)
        return NUMBER_OUT_OF_RANGE;
    *value = sum;
    return NUMBER_OK;
}

size_t text_utf8(struct text text, uint32_t *point)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {
        { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
    };
    if (!text.at || text.size == 0)
        return 0;
    uint8_t first = (uint8_t)text.at[0];
    for (size_t length = 1; length <= 4; length++) {
        if ((first & forms[length - 1].mask) != forms[length - 1].lead)
            continue;
        if (text.size < length)
            return 0;
        uint32_t sum = first & (uint8_t)~forms[length - 1].mask;
        for (size_t i = 1; i < length; i++) {
            if (((uint8_t)text.at[i] & 0xc0) != 0x80)
                return 0;
            sum = sum << 6 | ((uint8_t)text.at[i] & 0x3f);
        }
        bool surrogate = sum >= 0xd800 && sum <= 0xdfff;
        if (sum < forms[length - 1].least || sum > 0x10ffff || surrogate)
            return 0;
        *point = sum;
        return length;
    }
    return 0;
}

// Code points that move the cursor, change the terminal's state or reverse the direction of text.
bool text_unsafe(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point >= 0xe0000;
}

char *text_show(struct arena *arena, struct text text, size_t limit)
{
    enum { LONGEST = 12 };
    static const char hex[] = "0123456789abcdef";
    size_t size = text.size < limit ? text.size : limit;
    char *shown = arena_alloc(arena, size * 4 + LONGEST + sizeof "...");
    size_t used = 0;
    for (size_t i = 0; i < text.size;) {
        if (used >= limit)
            return memcpy(shown + used, "...", sizeof "..."), shown;
        uint32_t point = 0;
        size_t length = text_utf8(text_part(text, i, text.size), &point);
        if (length == 0 || (length == 1 && text_unsafe(point))) {
            uint8_t byte = (uint8_t)text.at[i++];
            char escape[] = { '\\', 'x', hex[byte >> 4], hex[byte & 15] };
            memcpy(shown + used, escape, sizeof escape);
            used += sizeof escape;
        } else if (text_unsafe(point)) {
            char escape[LONGEST] = "\\u{";
            size_t at = 3;
            for (int shift = 20; shift >= 0; shift -= 4)
                if (point >> shift)
                    escape[at++] = hex[point >> shift & 15];
            escape[at++] = '}';
            memcpy(shown + used, escape, at);
            used += at;
            i += length;
        } else {
            memcpy(shown + used, text.at + i, length);
            used += length;
            i += length;
        }
    }
    return shown;
}

bool text_is_utf8(struct text text)
{
    uint32_t point;
    for (size_t i = 0, size; i < text.size; i += size)
        if (!(size = text_utf8(text_part(text, i, text.size), &point)))
            return false;
    return true;
}

int text_by_number(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *other = *(const char *const *)b;
    uint64_t left = UINT64_MAX, right = UINT64_MAX;
    (void)text_number(text_of(one), 10, 0, UINT64_MAX - 1, &left);
    (void)text_number(text_of(other), 10, 0, UINT64_MAX - 1, &right);
    return left != right ? (left > right) - (left < right) : strcmp(one, other);
}
