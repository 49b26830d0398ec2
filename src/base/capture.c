// SPDX-License-Identifier: MIT
#include "capture.h"

#include "arena.h"

#include <string.h>

// What the stream has written at once.
struct capture_part {
    struct capture_part *next;
    struct text text;
};

static ssize_t keep(void *cookie, const char *bytes, size_t size)
{
    struct capture *capture = cookie;
    struct capture_part *part = arena_new_of(capture->arena, struct capture_part);
    part->text = (struct text){ arena_copy(capture->arena, bytes, size), size };
    *capture->last = part;
    capture->last = &part->next;
    capture->size += size;
    return (ssize_t)size;
}

void capture_begin(struct capture *capture, struct arena *arena)
{
    *capture = (struct capture){ .arena = arena };
    capture->last = &capture->parts;
    capture->stream = fopencookie(capture, "w", (cookie_io_functions_t){ .write = keep });
    if (!capture->stream)
        arena_give_up();
}

struct text capture_end(struct capture *capture)
{
    if (fclose(capture->stream) != 0)
        arena_give_up();
    if (capture->parts && !capture->parts->next)
        return capture->parts->text; // arena_copy() has ended it with a NUL
    char *whole = arena_alloc(capture->arena, capture->size + 1), *at = whole;
    for (const struct capture_part *part = capture->parts; part; part = part->next) {
        memcpy(at, part->text.at, part->text.size);
        at += part->text.size;
    }
    return (struct text){ whole, capture->size };
}
