// SPDX-License-Identifier: MIT
// A string that grows, in an arena: appending costs what is appended, however long it is already.
#ifndef XENUSB_BASE_BUFFER_H
#define XENUSB_BASE_BUFFER_H

#include "text.h"

#include <stdarg.h>

// Made by buffer_in(). Read it through buffer_text() and buffer_string(); `size` bytes are in it.
struct buffer {
    struct arena *arena;
    char *bytes;
    size_t size;
    size_t capacity;
};

// An empty one. It takes no memory before something is appended.
struct buffer buffer_in(struct arena *arena);

void buffer_add(struct buffer *buffer, struct text text);
void buffer_add_string(struct buffer *buffer, const char *string);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// As buffer_printf, with the separator before it unless the buffer is still empty.
void buffer_join(struct buffer *buffer, const char *separator, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// What was appended so far, which may hold any byte. It is not touched by what is appended later.
struct text buffer_text(const struct buffer *buffer);
// The same, NUL-terminated until something more is appended; "" for an empty buffer.
const char *buffer_string(const struct buffer *buffer) __attribute__((returns_nonnull));

// Empties it, but keeps its memory: texts that were taken from it before are overwritten.
void buffer_clear(struct buffer *buffer);

#endif
