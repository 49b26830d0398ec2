// SPDX-License-Identifier: MIT
#include "old_words.h"

#include "base/arena.h"
#include "base/buffer.h"

static struct span span_of(size_t at)
{
    return (struct span){ (uint32_t)at, (uint32_t)at + 1 };
}

static size_t refuse_shell(const struct old *old, size_t at)
{
    struct diag *diag = complain(old->diags, SEVERITY_ERROR, CODE_INVALID, old->source, span_of(at),
                                 "a shell would not read this as it is");
    diag_hint(old->diags, diag, "give one command without variables, or quote it");
    return 0;
}

// Appends the quoted part at `from` to the word, and returns the offset after it; 0 after reporting
// that the quote is open.
static size_t unquote(const struct old *old, struct buffer *word, size_t from)
{
    struct text text = old->source->text;
    char quote = text.at[from];
    size_t at = from + 1;
    for (; at < text.size && (quote == '\\' || text.at[at] != quote); at++) {
        bool escape = quote == '"' && text.at[at] == '\\' && at + 1 < text.size &&
                      strchr("$`\"\\", text.at[at + 1]);
        if (quote == '"' && !escape && strchr("$`", text.at[at]))
            return refuse_shell(old, at);
        at += escape;
        buffer_add(word, text_part(text, at, at + 1));
        if (quote == '\\')
            return at + 1;
    }
    if (at < text.size)
        return at + 1;
    complain(old->diags, SEVERITY_ERROR, CODE_INVALID, old->source, span_of(from),
             "this quote is not closed");
    return 0;
}

// Reads the word at `from` as a shell would; returns the offset after it, or 0 after reporting an
// error.
static size_t read_word(struct old *old, size_t from)
{
    struct text text = old->source->text;
    struct buffer word = buffer_in(old->arena);
    size_t at = from;
    while (at < text.size && !strchr(" \t", text.at[at])) {
        if (strchr("'\"\\", text.at[at])) {
            at = unquote(old, &word, at);
        } else if (strchr("$`*?[]{}()<>|&;#~!\n", text.at[at])) {
            at = refuse_shell(old, at);
        } else {
            buffer_add(&word, text_part(text, at, at + 1));
            at++;
        }
        if (!at)
            return 0;
    }
    if (old->count < WORDS_MAX) {
        old->word[old->count] = buffer_text(&word);
        old->at[old->count++] = (struct span){ (uint32_t)from, (uint32_t)at };
    }
    return at;
}

bool old_words_split(struct old *old)
{
    struct text text = old->source->text;
    for (size_t at = 0; at < text.size;) {
        if (strchr(" \t", text.at[at]))
            at++;
        else if (!(at = read_word(old, at)))
            return false;
    }
    return true;
}

void old_words_drop(struct old *old, size_t count)
{
    memmove(old->word, old->word + count, (WORDS_MAX - count) * sizeof *old->word);
    memmove(old->at, old->at + count, (WORDS_MAX - count) * sizeof *old->at);
    old->count -= count;
}

void old_words_drop_options(struct old *old)
{
    while (old->count > 1 && old->word[1].size > 1 && old->word[1].at[0] == '-') {
        for (size_t i = 1; i < old->word[1].size; i++)
            if (!strchr("vfNtT", old->word[1].at[i]))
                return;
        old->word[1] = old->word[0];
        old->at[1] = old->at[0];
        old_words_drop(old, 1);
    }
}

void old_words_split_pairs(struct old *old)
{
    for (size_t i = 1; i < old->count && old->count < WORDS_MAX; i++) {
        struct text word = old->word[i];
        size_t comma = text_find(word, ',', 0);
        if (comma == word.size || text_find(word, '=', comma) == word.size ||
            text_find(word, '=', 0) > comma)
            continue;
        memmove(old->word + i + 1, old->word + i, (old->count - i) * sizeof *old->word);
        memmove(old->at + i + 1, old->at + i, (old->count - i) * sizeof *old->at);
        old->word[i] = text_part(word, 0, comma);
        old->word[i + 1] = text_part(word, comma + 1, word.size);
        old->count++;
        diag_hint(old->diags,
                  complain(old->diags, SEVERITY_WARNING, CODE_WARNING, old->source, old->at[i],
                           "xl reads keys that are joined by commas as one"),
                  "it takes one key=value for each word");
    }
}
