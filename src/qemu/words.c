// SPDX-License-Identifier: MIT
#include "words.h"

#include "base/buffer.h"

const char *qemu_escape_commas(struct arena *arena, struct text value)
{
    struct buffer escaped = buffer_in(arena);
    for (size_t from = 0, to; from < value.size; from = to) {
        to = text_find(value, ',', from);
        buffer_add(&escaped, text_part(value, from, to));
        if (to < value.size) {
            buffer_add_string(&escaped, ",,");
            to++;
        }
    }
    return buffer_string(&escaped);
}
