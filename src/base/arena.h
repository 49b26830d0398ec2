// SPDX-License-Identifier: MIT
// Memory for thoughts: everything that is compiled, looked up or planned lives in one arena and
// goes with it. Nothing in an arena is freed alone.
#ifndef XENUSB_ARENA_H
#define XENUSB_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

// Makes an empty arena that keeps `reserve` bytes back for the time when the system has none left.
// Returns NULL if there is no memory for that either.
struct arena *arena_new(size_t reserve);

void arena_free(struct arena *arena);

static inline void arena_scope(struct arena **arena)
{
    arena_free(*arena);
}
#define cleanup_arena __attribute__((cleanup(arena_scope)))

// Returns `size` zeroed bytes, aligned for any type; never NULL. When the system gives no memory
// the reserve serves, so that what was begun can be undone; when that is used up as well, one line
// is printed and the process ends with status 1.
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull, malloc));

// Says on standard error that there is no memory, in one line, and ends the process with status 1.
void arena_give_up(void) __attribute__((noreturn));

// Whether the reserve had to be touched. Whoever is about to change something asks first, and
// undoes instead.
bool arena_exhausted(const struct arena *arena);

// Forgets everything that was handed out; some of the memory is kept for what comes next.
void arena_reset(struct arena *arena);

// Bytes handed out so far.
size_t arena_used(const struct arena *arena);

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, count)                                                         \
    ((type *)arena_alloc_array((arena), (count), sizeof(type)))

// As arena_alloc for `count` elements; a product that overflows counts as exhausted memory.
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
