// SPDX-License-Identifier: MIT
// Slices of text, the one number reader of the program, and the one way in which a stranger's
// bytes reach a terminal.
#ifndef XENUSB_TEXT_H
#define XENUSB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

// `size` bytes at `at`, not necessarily NUL-terminated; may hold any byte. Owns nothing.
struct text {
    const char *at;
    size_t size;
};

#define TEXT_EMPTY ((struct text){ NULL, 0 })

static inline struct text text_of(const char *string)
{
    return (struct text){ string, string ? strlen(string) : 0 };
}

// A part of `text` by offsets; both are cut to its size.
struct text text_part(struct text text, size_t from, size_t to);
// Without the blanks (space and tab) at both ends.
struct text text_trim(struct text text);

bool text_is(struct text text, const char *word);
// The same without regard to the case of ASCII letters.
bool text_is_nocase(struct text text, const char *word);
bool text_same(struct text a, struct text b);
// Whether it is one word as people write it where a string with quotes was meant.
bool text_is_bare(struct text text);
bool text_starts(struct text text, const char *prefix);
// The offset of the first `byte` at or after `from`; text.size if there is none.
size_t text_find(struct text text, char byte, size_t from);

enum number_result {
    NUMBER_OK,
    NUMBER_MALFORMED, // no digit, or something behind the digits
    NUMBER_OUT_OF_RANGE
};

// The only reader of numbers: all of `text` must be digits of `base` (10 or 16; base 0 means
// decimal, or hexadecimal behind 0x), and the value must lie between min and max. A leading zero is
// decimal. Blanks and signs are malformed. *value is written on NUMBER_OK only.
enum number_result text_number(struct text text, unsigned base, uint64_t min, uint64_t max,
                               uint64_t *value);

// `text` as it can be shown: control characters, DEL, C1 controls, bidirectional overrides and
// invalid UTF-8 come as \xNN or \u{N}, everything else as it is. At most `limit` bytes of the
// result, then "...". NUL-terminated.
char *text_show(struct arena *arena, struct text text, size_t limit);

// Length in bytes of the UTF-8 sequence at the start of `text`, 1 to 4, with its code point in
// *point; 0 if the bytes are not valid UTF-8 (RFC 3629: shortest form, no surrogates).
size_t text_utf8(struct text text, uint32_t *point);

// Whether a terminal may obey that code point, or show something else than what is there: control
// characters, bidirectional controls, invisible ones.
bool text_unsafe(uint32_t point);

// How many columns of a terminal `text`, made safe by text_show(), takes.
size_t text_width(struct text text);

// Of the words in `choices` (NULL-terminated) the nearest to `word` by edits (insert, remove,
// replace, swap of neighbours), if near enough to be meant; else NULL.
const char *text_nearest(struct text word, const char *const *choices);

#endif
