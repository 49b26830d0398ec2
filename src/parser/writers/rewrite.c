// SPDX-License-Identifier: MIT
#include "rewrite.h"

#include "base/arena.h"
#include "base/capture.h"

void rewrite_init(struct rewrite *rewrite, struct arena *arena, const struct source *source,
                  bool comments)
{
    *rewrite = (struct rewrite){
        .arena = arena, .source = source, .comments = comments, .line_end = rewrite_line_end(source)
    };
    rewrite->end = &rewrite->first;
}

const char *rewrite_line_end(const struct source *source)
{
    size_t end = text_find(source->text, '\n', 0);
    bool crlf = end > 0 && end < source->text.size && source->text.at[end - 1] == '\r';
    return crlf ? "\r\n" : "\n";
}

// --- the original as a comment ---

// Prints the lines of a statement as comments.
static void print_old(FILE *stream, struct text old, struct text indent, const char *line_end)
{
    for (size_t from = 0; from <= old.size;) {
        size_t to = text_find(old, '\n', from);
        struct text line = text_part(old, from, to);
        if (line.size && line.at[line.size - 1] == '\r')
            line.size--;
        fprintf(stream, "%.*s# %s%.*s%s", (int)indent.size, indent.at,
                from ? "" : "was: ", (int)line.size, line.at, line_end);
        from = to + 1;
    }
}

// The length of the string at `from`, including its quotes.
static size_t string_size(struct text text, size_t from)
{
    char quote = text.at[from];
    struct text three = text_part(text, from, from + 3);
    bool triple = three.size == 3 && three.at[1] == quote && three.at[2] == quote;
    size_t at = from + (triple ? 3 : 1);
    for (; at < text.size; at++) {
        if (text.at[at] == '\\')
            at++;
        else if (text.at[at] == quote &&
                 (!triple ||
                  (at + 2 < text.size && text.at[at + 1] == quote && text.at[at + 2] == quote)))
            break;
    }
    at += triple ? 3 : 1;
    return (at < text.size ? at : text.size) - from;
}

// Prints the comments inside a statement.
static void print_inner_comments(FILE *stream, struct text old, struct text indent,
                                 const char *line_end)
{
    for (size_t at = 0; at < old.size;) {
        if (old.at[at] == '\'' || old.at[at] == '"') {
            at += string_size(old, at);
            continue;
        }
        if (old.at[at] != '#') {
            at++;
            continue;
        }
        size_t to = text_find(old, '\n', at);
        struct text line = text_part(old, at, to);
        if (line.size && line.at[line.size - 1] == '\r')
            line.size--;
        fprintf(stream, "%.*s%.*s%s", (int)indent.size, indent.at, (int)line.size, line.at,
                line_end);
        at = to;
    }
}

// The offset of the line that contains `at`. Walks on from the last call, since offsets are mostly
// ascending: searching backwards would be quadratic for long lines.
static uint32_t line_of(struct rewrite *rewrite, uint32_t at)
{
    if (at < rewrite->walked)
        rewrite->walked = rewrite->line = 0;
    for (; rewrite->walked < at; rewrite->walked++)
        if (rewrite->source->text.at[rewrite->walked] == '\n')
            rewrite->line = rewrite->walked + 1;
    return rewrite->line;
}

static bool is_blank(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr(" \t\f\v\r", text.at[i]))
            return false;
    return true;
}

// Whether only blanks follow on the line.
static bool ends_line(const struct rewrite *rewrite, uint32_t at)
{
    struct text text = rewrite->source->text;
    while (at < text.size && strchr(" \t\f\v\r", text.at[at]) && text.at[at])
        at++;
    return at >= text.size || text.at[at] == '\n';
}

// The indentation of a statement, without a BOM. *alone is false, and the indentation empty, if
// something else comes before it on its line.
static struct text indent_of(struct rewrite *rewrite, const struct statement *statement,
                             bool *alone)
{
    uint32_t line = line_of(rewrite, statement->at.from);
    struct text before = text_part(rewrite->source->text, line, statement->at.from);
    if (line == 0 && text_starts(before, "\xef\xbb\xbf"))
        before = text_part(before, 3, before.size);
    *alone = is_blank(before);
    return *alone ? before : TEXT_EMPTY;
}

// The comments to put before a statement, followed by the indentation of its replacement.
static struct text comments_of(struct rewrite *rewrite, const struct statement *statement,
                               struct text text)
{
    const char *line_end = rewrite->line_end;
    struct text old = text_part(rewrite->source->text, statement->at.from, statement->at.to);
    bool alone = false;
    struct text indent = indent_of(rewrite, statement, &alone);
    struct capture capture;
    capture_begin(&capture, rewrite->arena);
    if (rewrite->comments)
        print_old(capture.stream, old, indent, line_end);
    else
        print_inner_comments(capture.stream, old, indent, line_end);
    struct text lines = capture_end(&capture);
    if (!lines.size)
        return lines;
    // The source already has the indentation of the first line, so move it behind the last one.
    struct text rest = text_part(lines, indent.size, lines.size);
    const char *first = alone ? "" : line_end;
    return text_of(arena_printf(rewrite->arena, "%s%.*s%.*s", first, (int)rest.size, rest.at,
                                text.size ? (int)indent.size : 0, indent.at ? indent.at : ""));
}

// Replaces a statement; with `comments`, the original goes before it as a comment. Comments inside
// the statement are always kept. Must be called in the order of the file.
static void replace(struct rewrite *rewrite, const struct statement *statement, struct text text)
{
    struct edit *edit = arena_new_of(rewrite->arena, struct edit);
    edit->at = statement->at;
    edit->lines = comments_of(rewrite, statement, text);
    edit->text = text;
    // Nothing follows the comment, so the line end of the statement ends it.
    size_t end = strlen(rewrite->line_end);
    if (!text.size && edit->lines.size >= end && ends_line(rewrite, statement->at.to))
        edit->lines.size -= end;
    *rewrite->end = edit;
    rewrite->end = &edit->next;
}

// --- keys ---

// "key = value" to replace a statement of that key; keeps the original text before the value.
static const char *assigned(struct rewrite *rewrite, const struct statement *statement,
                            const char *value)
{
    struct text before =
        text_part(rewrite->source->text, statement->at.from, statement->value_at.from);
    if (statement->append || before.size > 64 || memchr(before.at, '\n', before.size))
        return arena_printf(rewrite->arena, "%s = %s", key_name(statement->key), value);
    return arena_printf(rewrite->arena, "%.*s%s", (int)before.size, before.at, value);
}

static bool has_statement(const struct statement *statements, enum key key)
{
    for (; statements; statements = statements->next)
        if (statements->kind == STATEMENT_USB && statements->key == key)
            return true;
    return false;
}

// Appends a line to the statements in `before`: "key = value", or, without a key, just `value`.
static const char *append_line(struct rewrite *rewrite, const char *before, struct text indent,
                               const char *key, const char *value)
{
    return arena_printf(rewrite->arena, "%s%s%.*s%s%s%s", before, *before ? rewrite->line_end : "",
                        *before ? (int)indent.size : 0, indent.at ? indent.at : "", key ? key : "",
                        key ? " = " : "", value);
}

bool rewrite_keys(struct rewrite *rewrite, const struct statement *statements,
                  const struct replacement changes[KEY_COUNT])
{
    bool begun = false, written[KEY_COUNT] = { false }, stated[KEY_COUNT];
    for (int key = 0; key < KEY_COUNT; key++)
        stated[key] = has_statement(statements, (enum key)key);
    for (const struct statement *at = statements; at; at = at->next) {
        if (at->kind != STATEMENT_USB && at->resolved)
            replace(rewrite, at, text_of(at->resolved));
        if (at->kind != STATEMENT_USB || !changes[at->key].touch)
            continue;
        bool alone = false;
        struct text indent = indent_of(rewrite, at, &alone);
        const char *text = "";
        for (int key = 0; key < KEY_COUNT && !begun; key++)
            if (changes[key].touch && changes[key].value && !stated[key])
                text =
                    append_line(rewrite, text, indent, key_name((enum key)key), changes[key].value);
        if (changes[at->key].value && !written[at->key]) {
            const char *own = assigned(rewrite, at, changes[at->key].value);
            text = append_line(rewrite, text, indent, NULL, own);
            written[at->key] = true;
        }
        begun = true;
        replace(rewrite, at, text_of(text));
    }
    for (int key = 0; key < KEY_COUNT && !begun; key++)
        if (changes[key].touch && changes[key].value)
            return false;
    return true;
}

void rewrite_print(const struct rewrite *rewrite, FILE *stream)
{
    struct text text = rewrite->source->text;
    uint32_t done = 0;
    for (const struct edit *at = rewrite->first; at; at = at->next) {
        fwrite(text.at + done, 1, at->at.from - done, stream);
        fwrite(at->lines.at, 1, at->lines.size, stream);
        fwrite(at->text.at, 1, at->text.size, stream);
        done = at->at.to;
    }
    fwrite(text.at + done, 1, text.size - done, stream);
}

void rewrite_print_only(const struct rewrite *rewrite, const struct statement *statements,
                        FILE *stream)
{
    const char *line_end = rewrite->line_end;
    const struct edit *edit = rewrite->first;
    for (const struct statement *at = statements; at; at = at->next) {
        if (at->kind != STATEMENT_USB)
            continue;
        while (edit && edit->at.from < at->at.from)
            edit = edit->next;
        struct text text = text_part(rewrite->source->text, at->at.from, at->at.to);
        if (edit && edit->at.from == at->at.from) {
            fwrite(edit->lines.at, 1, edit->lines.size, stream);
            text = edit->text;
        }
        fwrite(text.at, 1, text.size, stream);
        if (text.size || (edit && edit->at.from == at->at.from && edit->lines.size))
            fputs(line_end, stream);
    }
}
