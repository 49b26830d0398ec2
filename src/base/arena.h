// SPDX-License-Identifier: MIT
// Memory for what a run computes: everything that is compiled, looked up or planned is allocated
// from one arena and freed with it. Nothing in an arena is freed individually.
#ifndef XENUSB_BASE_ARENA_H
#define XENUSB_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

// Creates an empty arena with `reserve` bytes set aside for when the system runs out of memory.
// Returns NULL if that allocation fails.
struct arena *arena_new(size_t reserve);

// The same without a reserve, for one of many that live long and have little in them: it begins
// with little memory, and gets the more at once the more it has.
struct arena *arena_new_small(void);

void arena_free(struct arena *arena);

static inline void arena_scope(struct arena **arena)
{
    arena_free(*arena);
}
#define cleanup_arena __attribute__((cleanup(arena_scope)))

// Returns `size` zeroed bytes, aligned for any type; never NULL. When the system is out of memory
// the reserve is used, so that what was begun can be undone; when that is used up too, the process
// prints one line and exits with status 1.
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull, malloc));

// Prints "out of memory" to standard error and exits with status 1.
void arena_give_up(void) __attribute__((noreturn));

// Whether the reserve is in use. Check this before changing anything, and undo instead.
bool arena_exhausted(const struct arena *arena);

// Frees everything that was allocated; keeps some of the memory for reuse.
void arena_reset(struct arena *arena);

// Bytes allocated so far.
size_t arena_used(const struct arena *arena);

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, count)                                                         \
    ((type *)arena_alloc_array((arena), (count), sizeof(type)))

// Like arena_alloc() for `count` elements; an overflow counts as out of memory.
void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
    __attribute__((returns_nonnull));

// Copies of strings, NUL-terminated.
char *arena_copy(struct arena *arena, const char *bytes, size_t length)
    __attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *string) __attribute__((returns_nonnull));

// A formatted string.
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((returns_nonnull, format(printf, 2, 0)));

#endif
