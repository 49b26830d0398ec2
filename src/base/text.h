// SPDX-License-Identifier: MIT
// Slices of text, the program's only number reader, and the only function that prepares untrusted
// bytes for a terminal.
#ifndef XENUSB_BASE_TEXT_H
#define XENUSB_BASE_TEXT_H

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

// A part of `text` by offsets, which are clamped to its size.
struct text text_part(struct text text, size_t from, size_t to);
// Without leading and trailing blanks (space and tab).
struct text text_trim(struct text text);

// An ASCII letter in lower case; any other byte as it is.
static inline char text_lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool text_is(struct text text, const char *word);
// The same, ignoring the case of ASCII letters.
bool text_is_nocase(struct text text, const char *word);
// Whether it is one of the words, which end with NULL.
bool text_is_among(struct text text, const char *const *words);
bool text_same(struct text a, struct text b);
// Whether it is a single word, as people write it when they forget the quotes of a string.
bool text_is_bare(struct text text);
bool text_starts(struct text text, const char *prefix);
// The offset of the first `byte` at or after `from`; text.size if there is none.
size_t text_find(struct text text, char byte, size_t from);

enum number_result {
    NUMBER_OK,
    NUMBER_MALFORMED, // no digits, or something after the digits
    NUMBER_OUT_OF_RANGE
};

// The program's only number reader: all of `text` must be digits of `base` (8, 10 or 16; 0 means
// decimal, or hexadecimal after 0x), and the value must be within min and max. Leading zeros do not
// mean octal. Blanks and signs are malformed. *value is written only on NUMBER_OK.
enum number_result text_number(struct text text, unsigned base, uint64_t min, uint64_t max,
                               uint64_t *value);

// `text` escaped for a terminal: control characters, DEL, C1 controls, bidirectional overrides and
// invalid UTF-8 become \xNN or \u{N}; everything else is unchanged. After `limit` bytes the result
// is cut and ends in "...". NUL-terminated, owned by the arena.
char *text_show(struct arena *arena, struct text text, size_t limit);

// Length in bytes of the UTF-8 sequence at the start of `text`, 1 to 4, with its code point in
// *point; 0 if the bytes are not valid UTF-8 (RFC 3629: shortest form, no surrogates).
size_t text_utf8(struct text text, uint32_t *point);

// Whether all of it is valid UTF-8.
bool text_is_utf8(struct text text);

// Whether a terminal may interpret that code point or display something misleading: control
// characters, bidirectional controls, invisible characters.
bool text_unsafe(uint32_t point);

// The number of terminal columns of `text`, which text_show() has escaped.
size_t text_width(struct text text);

// Compares two strings for qsort(): numbers come first, sorted by value; names, and different
// spellings of one number, sort bytewise.
int text_by_number(const void *a, const void *b);

#endif
