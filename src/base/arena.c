// SPDX-License-Identifier: MIT
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 64 * 1024, SMALL_SIZE = 512 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks;
    struct block *reserve;
    size_t used;
    size_t next; // the size of the next block
    bool exhausted;
};

static struct block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

struct arena *arena_new(size_t reserve)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->reserve = block_new(reserve);
    if (!arena->reserve) {
        free(arena);
        return NULL;
    }
    arena->next = BLOCK_SIZE;
    return arena;
}

struct arena *arena_new_small(void)
{
    struct arena *arena = arena_new(0);
    if (arena)
        arena->next = SMALL_SIZE;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena->reserve);
    free(arena);
}

// No buffered output and no cleanup that allocates: neither is reliable at this point.
void arena_give_up(void)
{
    static const char message[] = "xenusb: error: out of memory\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
    _exit(1);
}

// A block with space for `size` bytes: the newest, a new one, or the reserve.
static struct block *block_for(struct arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    if (block && block->size - block->used >= size)
        return block;
    block = arena->exhausted ? NULL : block_new(size > arena->next ? size : arena->next);
    if (block) {
        if (arena->next < BLOCK_SIZE)
            arena->next *= 2;
        block->next = arena->blocks;
        arena->blocks = block;
        return block;
    }
    arena->exhausted = true;
    if (arena->reserve->size - arena->reserve->used < size)
        arena_give_up();
    return arena->reserve;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX - align)
        arena_give_up();
    size = (size + align - 1) / align * align;
    struct block *block = block_for(arena, size);
    void *bytes = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return memset(bytes, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        arena_give_up();
    return arena_alloc(arena, count * size);
}

void arena_reset(struct arena *arena)
{
    struct block *kept = arena->blocks;
    for (struct block *block = kept ? kept->next : NULL, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->reserve->used = 0;
    arena->used = 0;
}

bool arena_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return arena_strdup(arena, format);
    char *string = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(string, (size_t)length + 1, format, args);
    return string;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *string = arena_vprintf(arena, format, args);
    va_end(args);
    return string;
}
