// SPDX-License-Identifier: MIT
// Text that is printed into memory. open_memstream() does not serve: without memory its stream
// drops text and reports no error.
#ifndef XENUSB_BASE_CAPTURE_H
#define XENUSB_BASE_CAPTURE_H

#include "text.h"

#include <stdio.h>

struct arena;
struct capture_part;

// One text while it is printed. It is kept in the parts in which it comes, and joined once: an
// arena would keep each copy of a buffer that grows.
struct capture {
    FILE *stream; // where to print
    struct arena *arena;
    struct capture_part *parts, **last;
    size_t size; // of all of them, in bytes
};

// The stream refers to *capture, which must stay where it is. Gives up, as the arena does, when
// memory is exhausted.
void capture_begin(struct capture *capture, struct arena *arena);
// Closes the stream. The text is in the arena and ends with a NUL, which is not counted.
struct text capture_end(struct capture *capture);

#endif
