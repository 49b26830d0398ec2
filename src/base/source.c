// SPDX-License-Identifier: MIT
#include "source.h"

#include "arena.h"

enum { TRAILING_NULS = 2 };

const struct source *source_from_bytes(struct arena *arena, const char *name, const char *bytes,
                                       size_t length)
{
    struct source *source = arena_new_of(arena, struct source);
    char *copy = arena_alloc(arena, length + TRAILING_NULS);
    if (length)
        memcpy(copy, bytes, length);
    source->name = arena_strdup(arena, name);
    source->text = (struct text){ copy, length };
    return source;
}

const struct source *source_from_words(struct arena *arena, const char *name,
                                       const char *const *words, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += strlen(words[i]) + 1;
    char *joined = arena_alloc(arena, length + TRAILING_NULS);
    uint32_t *ends = arena_array_of(arena, uint32_t, count + 1);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(words[i]);
        if (i)
            joined[used++] = ' ';
        memcpy(joined + used, words[i], size);
        used += size;
        ends[i] = (uint32_t)used;
    }
    struct source *source = arena_new_of(arena, struct source);
    source->name = arena_strdup(arena, name);
    source->text = (struct text){ joined, used };
    source->word_ends = ends;
    return source;
}

struct position source_position(const struct source *source, uint32_t offset)
{
    struct text text = source->text;
    if (offset > text.size)
        offset = (uint32_t)text.size;
    struct position position = { 1, 1, TEXT_EMPTY };
    size_t start = 0;
    for (size_t i = text_find(text, '\n', 0); i < offset; i = text_find(text, '\n', start)) {
        position.line++;
        start = i + 1;
    }
    size_t end = text_find(text, '\n', start);
    if (end > start && text.at[end - 1] == '\r')
        end--;
    if (end < offset)
        end = offset;
    position.line_text = text_part(text, start, end);
    for (size_t i = start; i < offset; i++)
        position.column += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return position;
}
