// SPDX-License-Identifier: MIT
#include "buffer.h"

#include "arena.h"

struct buffer buffer_in(struct arena *arena)
{
    return (struct buffer){ .arena = arena };
}

// Makes room for `size` more bytes and a NUL behind them.
static void reserve(struct buffer *buffer, size_t size)
{
    if (size < buffer->capacity - buffer->size)
        return;
    if (size > SIZE_MAX / 2 - 64 - buffer->size)
        arena_give_up();
    buffer->capacity = (buffer->size + size) * 2 + 64;
    char *bytes = arena_alloc(buffer->arena, buffer->capacity);
    if (buffer->size)
        memcpy(bytes, buffer->bytes, buffer->size);
    buffer->bytes = bytes;
}

void buffer_add(struct buffer *buffer, struct text text)
{
    if (!text.size)
        return;
    reserve(buffer, text.size);
    memcpy(buffer->bytes + buffer->size, text.at, text.size);
    buffer->size += text.size;
    buffer->bytes[buffer->size] = '\0';
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, text_of(string));
}

static void print(struct buffer *buffer, const char *format, va_list args)
{
    buffer_add_string(buffer, arena_vprintf(buffer->arena, format, args));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(buffer, format, args);
    va_end(args);
}

void buffer_join(struct buffer *buffer, const char *separator, const char *format, ...)
{
    va_list args;
    if (buffer->size)
        buffer_add_string(buffer, separator);
    va_start(args, format);
    print(buffer, format, args);
    va_end(args);
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){ buffer->bytes, buffer->size };
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->size ? buffer->bytes : "";
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}
