// SPDX-License-Identifier: MIT
// Text that is printed into memory. open_memstream() does not serve: without memory its stream
// drops text and reports no error.
#ifndef XENUSB_BASE_CAPTURE_H
#define XENUSB_BASE_CAPTURE_H

#include "buffer.h"

#include <stdio.h>

// One text while it is printed.
struct capture {
    FILE *stream; // where to print
    struct buffer text;
};

// The stream refers to *capture, which must stay where it is. Gives up, as the arena does, when
// memory is exhausted.
void capture_begin(struct capture *capture, struct arena *arena);
// Closes the stream. The text is in the arena and ends with a NUL, which is not counted.
struct text capture_end(struct capture *capture);

#endif
