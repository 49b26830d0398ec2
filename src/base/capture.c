// SPDX-License-Identifier: MIT
#include "capture.h"

#include "arena.h"

static ssize_t keep(void *cookie, const char *bytes, size_t size)
{
    struct capture *capture = cookie;
    buffer_add(&capture->text, (struct text){ bytes, size });
    return (ssize_t)size;
}

void capture_begin(struct capture *capture, struct arena *arena)
{
    capture->text = buffer_in(arena);
    capture->stream = fopencookie(capture, "w", (cookie_io_functions_t){ .write = keep });
    if (!capture->stream)
        arena_give_up();
}

struct text capture_end(struct capture *capture)
{
    if (fclose(capture->stream) != 0)
        arena_give_up();
    return (struct text){ buffer_string(&capture->text), capture->text.size };
}
