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

static const struct qemu_chardev chardevs[] = {
    { "pty", "pty", NULL, NULL },         { "null", "null", NULL, NULL },
    { "braille", "braille", NULL, NULL }, { "spicevmc", "spicevmc", "name", "type" },
    { "file:", "file", "path", "out" },   { "unix:", "socket", "path", "addr.data.path" },
};

const struct qemu_chardev *qemu_chardev(struct text word, struct text *value)
{
    for (size_t i = 0; i < sizeof chardevs / sizeof *chardevs; i++) {
        const struct qemu_chardev *row = &chardevs[i];
        size_t size = strlen(row->word);
        bool takes_path = row->word[size - 1] == ':';
        if (takes_path ? !text_starts(word, row->word) : !text_is(word, row->word))
            continue;
        *value = takes_path ? text_part(word, size, word.size)
                            : text_of(row->argument ? "usbredir" : NULL);
        return !takes_path || value->size ? row : NULL;
    }
    return NULL;
}

bool qemu_chardev_is_plain(struct text word)
{
    struct text value;
    const struct qemu_chardev *row = qemu_chardev(word, &value);
    return row && text_is(word, row->word);
}

const char *qemu_default_chardev(enum device_kind kind)
{
    return kind == DEVICE_SERIAL ? "pty" : kind == DEVICE_BRAILLE ? "braille" : "spicevmc";
}

struct text qemu_existing_chardev(struct text word)
{
    return text_starts(word, "id:") ? text_part(word, strlen("id:"), word.size) : TEXT_EMPTY;
}
