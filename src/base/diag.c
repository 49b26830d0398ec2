// SPDX-License-Identifier: MIT
#include "diag.h"

#include "arena.h"
#include "buffer.h"
#include "json.h"

enum { SHOWN_WIDTH = 160, MESSAGE_MAX = 4096 };

static const struct {
    const char *name;
    const char *color;
} severities[] = {
    [SEVERITY_NOTE] = { "note", "\033[1;36m" },
    [SEVERITY_WARNING] = { "warning", "\033[1;35m" },
    [SEVERITY_ERROR] = { "error", "\033[1;31m" },
};

void diags_init(struct diags *diags, struct arena *arena)
{
    *diags = (struct diags){ .arena = arena };
    diags->last = &diags->first;
}

static struct diag *diag_new(struct diags *diags, const struct diag *like, const char *format,
                             va_list args)
{
    struct diag *diag = arena_new_of(diags->arena, struct diag);
    diag->severity = like->severity;
    diag->code = like->code;
    diag->source = like->source;
    diag->span = like->span;
    diag->message = arena_vprintf(diags->arena, format, args);
    return diag;
}

struct diag *complain_va(struct diags *diags, const struct diag *like, const char *format,
                         va_list args)
{
    diags->errors += like->severity == SEVERITY_ERROR;
    diags->warnings += like->severity == SEVERITY_WARNING;
    if (diags->kept == DIAGS_KEPT) {
        diags->dropped++;
        return &diags->spare;
    }
    struct diag *diag = diag_new(diags, like, format, args);
    diags->kept++;
    *diags->last = diag;
    diags->last = &diag->next;
    return diag;
}

struct diag *complain(struct diags *diags, enum severity severity, enum diag_code code,
                      const struct source *source, struct span span, const char *format, ...)
{
    const struct diag like = { .severity = severity, .code = code, .source = source, .span = span };
    va_list args;
    va_start(args, format);
    struct diag *diag = complain_va(diags, &like, format, args);
    va_end(args);
    return diag;
}

struct diag *complain_error(struct diags *diags, enum diag_code code, const char *format, ...)
{
    const struct diag like = { .severity = SEVERITY_ERROR, .code = code, .span = SPAN_NONE };
    va_list args;
    va_start(args, format);
    struct diag *diag = complain_va(diags, &like, format, args);
    va_end(args);
    return diag;
}

const char *diags_reason(const struct diags *diags, const char *otherwise)
{
    for (const struct diag *at = diags->first; at; at = at->next)
        if (at->severity == SEVERITY_ERROR)
            return at->message;
    return otherwise;
}

enum diag_code diags_code(const struct diags *diags)
{
    for (const struct diag *at = diags->first; at; at = at->next)
        if (at->severity == SEVERITY_ERROR)
            return at->code;
    return CODE_FAILED;
}

struct diag *diag_is(struct diag *diag, enum diag_code code)
{
    diag->code = code;
    return diag;
}

struct diag *diag_hint(struct diags *diags, struct diag *diag, const char *format, ...)
{
    va_list args;
    if (diag == &diags->spare)
        return diag;
    va_start(args, format);
    diag->hint = arena_vprintf(diags->arena, format, args);
    va_end(args);
    return diag;
}

void diag_also(struct diags *diags, struct diag *diag, const struct source *source,
               struct span span, const char *format, ...)
{
    const struct diag like = {
        .severity = SEVERITY_NOTE, .code = CODE_NOTE, .source = source, .span = span
    };
    va_list args;
    if (diag == &diags->spare)
        return;
    va_start(args, format);
    struct diag *also = diag_new(diags, &like, format, args);
    va_end(args);
    while (diag->also)
        diag = diag->also;
    diag->also = also;
}

// The part of a line that is shown: all of it, or a window around the caret.
struct window {
    struct text shown;
    size_t from; // in the line
    bool cut_left, cut_right;
};

// `at`, or the end of the character that it would cut.
static size_t between_characters(struct text line, size_t at)
{
    enum { MOST_MORE = 3 };
    for (unsigned i = 0; i < MOST_MORE && at < line.size; i++)
        at += ((unsigned char)line.at[at] & 0xc0) == 0x80;
    return at;
}

static struct window window_around(struct text line, size_t caret)
{
    struct window window = { line, 0, false, false };
    if (line.size <= SHOWN_WIDTH)
        return window;
    window.from = caret > SHOWN_WIDTH / 2 ? caret - SHOWN_WIDTH / 2 : 0;
    size_t to = window.from + SHOWN_WIDTH < line.size ? window.from + SHOWN_WIDTH : line.size;
    window.from = between_characters(line, window.from);
    to = between_characters(line, to);
    window.cut_left = window.from > 0;
    window.cut_right = to < line.size;
    window.shown = text_part(line, window.from, to);
    return window;
}

// The width of a text on the screen, once escaped.
static size_t width_of(struct arena *arena, struct text text)
{
    return text_width(text_of(text_show(arena, text, MESSAGE_MAX)));
}

// Tabs become blanks, so that the caret is under its word.
static struct text without_tabs(struct arena *arena, struct text text)
{
    char *copy = arena_copy(arena, text.at, text.size);
    for (size_t i = 0; i < text.size; i++)
        if (copy[i] == '\t')
            copy[i] = ' ';
    return (struct text){ copy, text.size };
}

static void repeat(FILE *stream, char letter, size_t times)
{
    while (times--)
        fputc(letter, stream);
}

static void print_line(struct diags *diags, const struct diag *diag, struct position place,
                       FILE *stream, const char *color)
{
    struct arena *arena = diags->arena;
    size_t at = (size_t)(diag->source->text.at + diag->span.from - place.line_text.at);
    struct window window = window_around(place.line_text, at);
    size_t to = at + (diag->span.to - diag->span.from);
    size_t end = window.from + window.shown.size;
    if (to > end)
        to = end;

    struct text line = without_tabs(arena, window.shown);
    fprintf(stream, "%5u | %s%s%s\n", place.line, window.cut_left ? "..." : "",
            text_show(arena, line, MESSAGE_MAX), window.cut_right ? "..." : "");
    repeat(stream, ' ', 5);
    fputs(" | ", stream);
    repeat(stream, ' ',
           (window.cut_left ? 3 : 0) + width_of(arena, text_part(line, 0, at - window.from)));
    fprintf(stream, "%s^", color);
    size_t width =
        to > at ? width_of(arena, text_part(line, at - window.from, to - window.from)) : 1;
    repeat(stream, '~', width > 1 ? width - 1 : 0);
    if (diag->hint)
        fprintf(stream, " %s", text_show(arena, text_of(diag->hint), MESSAGE_MAX));
    fprintf(stream, "%s\n", *color ? "\033[0m" : "");
}

static void print_one(struct diags *diags, const struct diag *diag, FILE *stream, bool color)
{
    const char *paint = color ? severities[diag->severity].color : "";
    const char *plain = color ? "\033[0m" : "";
    const char *name =
        diag->source ? text_show(diags->arena, text_of(diag->source->name), 1024) : "xenusb";
    bool placed = diag->source && !span_is_none(diag->span);
    struct position place = { 0 };
    fputs(name, stream);
    if (placed) {
        place = source_position(diag->source, diag->span.from);
        fprintf(stream, ":%u:%u", place.line, place.column);
    }
    fprintf(stream, ": %s%s:%s %s\n", paint, severities[diag->severity].name, plain,
            text_show(diags->arena, text_of(diag->message), MESSAGE_MAX));
    if (placed)
        print_line(diags, diag, place, stream, color ? "\033[1;32m" : "");
    else if (diag->hint)
        fprintf(stream, "        %s\n", text_show(diags->arena, text_of(diag->hint), MESSAGE_MAX));
}

// Orders by place in the text; diagnostics without a place come last.
static bool stands_before(const struct diag *a, const struct diag *b)
{
    bool a_placed = a->source && !span_is_none(a->span);
    bool b_placed = b->source && !span_is_none(b->span);
    if (!a_placed || !b_placed || a->source != b->source)
        return a_placed && !b_placed;
    return a->span.from < b->span.from;
}

static void sort_by_place(struct diags *diags)
{
    struct diag *sorted = NULL;
    for (struct diag *diag = diags->first, *next; diag; diag = next) {
        struct diag **at = &sorted;
        next = diag->next;
        while (*at && !stands_before(diag, *at))
            at = &(*at)->next;
        diag->next = *at;
        *at = diag;
    }
    diags->first = sorted;
    diags->last = &diags->first;
    while (*diags->last)
        diags->last = &(*diags->last)->next;
}

static void forget(struct diags *diags)
{
    diags->first = NULL;
    diags->last = &diags->first;
    diags->kept = 0;
    diags->dropped = 0;
}

void diags_print(struct diags *diags, FILE *stream, bool color)
{
    sort_by_place(diags);
    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        for (const struct diag *part = diag; part; part = part->also)
            print_one(diags, part, stream, color);
    if (diags->dropped)
        fprintf(stream, "... and %u more\n", diags->dropped);
    forget(diags);
}

static void write_place(struct json_writer *json, const struct diag *diag)
{
    json_key(json, "place");
    if (!diag->source || span_is_none(diag->span)) {
        json_put_null(json);
        return;
    }
    struct position place = source_position(diag->source, diag->span.from);
    json_open_object(json);
    json_add_integer(json, "line", place.line);
    json_add_integer(json, "column", place.column);
    json_add_integer(json, "from", diag->span.from);
    json_add_integer(json, "to", diag->span.to);
    json_close(json);
}

static void write_one(struct json_writer *json, const struct diag *diag, enum diag_code code)
{
    json_open_object(json);
    json_add_string(json, "severity", severities[diag->severity].name);
    json_add_string(json, "code", diag_code_name(code));
    json_add_string(json, "message", diag->message);
    json_add_string(json, "hint", diag->hint);
    json_add_string(json, "file", diag->source ? diag->source->name : NULL);
    write_place(json, diag);
    json_close(json);
}

void diags_write_json(struct diags *diags, struct json_writer *json)
{
    sort_by_place(diags);
    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        for (const struct diag *part = diag; part; part = part->also)
            write_one(json, part, diag->code);
}

void diags_append(struct diags *diags, struct diags *from)
{
    *diags->last = from->first;
    if (from->first)
        diags->last = from->last;
    diags->kept += from->kept;
    diags->errors += from->errors;
    diags->warnings += from->warnings;
    diags->dropped += from->dropped;
    forget(from);
}

void diags_print_summary(const struct diags *diags, const char *name, FILE *stream)
{
    unsigned errors = diags->errors, warnings = diags->warnings;
    if (!errors && !warnings)
        return;
    if (errors)
        fprintf(stream, "%u error%s%s", errors, errors == 1 ? "" : "s", warnings ? ", " : "");
    if (warnings)
        fprintf(stream, "%u warning%s", warnings, warnings == 1 ? "" : "s");
    fprintf(stream, " in %s\n", text_show(diags->arena, text_of(name), 1024));
}

static bool is_within(const struct diag *diag, const struct source *source, struct span span)
{
    return diag->source == source && diag->span.from >= span.from && diag->span.to <= span.to;
}

bool diags_within(const struct diags *diags, const struct source *source, struct span span)
{
    for (const struct diag *at = diags->first; at; at = at->next)
        if (at->severity != SEVERITY_NOTE && is_within(at, source, span))
            return true;
    return false;
}

void diags_settle(struct diags *diags, const struct source *source, struct span span)
{
    struct diag **at = &diags->first;
    while (*at) {
        if ((*at)->severity != SEVERITY_WARNING || !is_within(*at, source, span)) {
            at = &(*at)->next;
            continue;
        }
        *at = (*at)->next;
        diags->warnings--;
        diags->kept--;
    }
    diags->last = at;
}
