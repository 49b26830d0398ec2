// SPDX-License-Identifier: MIT
#include "shell.h"

static bool is_printable(struct text word)
{
    uint32_t point = 0;
    for (size_t i = 0, size; i < word.size; i += size) {
        size = text_utf8(text_part(word, i, word.size), &point);
        if (size == 0 || text_unsafe(point))
            return false;
    }
    return true;
}

// Whether no shell gives any of these bytes a meaning. '=' has one only at the start of a word.
static bool is_plain(struct text word)
{
    for (size_t i = 0; i < word.size; i++) {
        char lower = text_lower(word.at[i]);
        bool alphanumeric = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (!alphanumeric && !(word.at[i] && strchr("_-+.,:/=@%", word.at[i])))
            return false;
    }
    return word.size > 0 && *word.at != '=';
}

static void add_quoted(struct buffer *line, struct text word)
{
    buffer_add_string(line, "'");
    for (size_t from = 0, to; from <= word.size; from = to + 1) {
        to = text_find(word, '\'', from);
        buffer_add(line, text_part(word, from, to));
        buffer_add_string(line, to < word.size ? "'\\''" : "'");
    }
}

// In double quotes bash expands '!', so that is escaped as well.
static void add_printf(struct buffer *line, struct text word)
{
    buffer_add_string(line, "\"$(printf '");
    for (size_t i = 0; i < word.size; i++) {
        struct text byte = text_part(word, i, i + 1);
        if (*byte.at == '%')
            buffer_add_string(line, "%%");
        else if (*byte.at >= ' ' && *byte.at < 0x7f && !strchr("'\\!", *byte.at))
            buffer_add(line, byte);
        else
            buffer_printf(line, "\\%03o", (unsigned)(unsigned char)*byte.at);
    }
    buffer_add_string(line, "')\"");
}

void shell_add_word(struct buffer *line, struct text word)
{
    if (line->size)
        buffer_add_string(line, " ");
    if (is_plain(word))
        buffer_add(line, word);
    else if (is_printable(word))
        add_quoted(line, word);
    else
        add_printf(line, word);
}
