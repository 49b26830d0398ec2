// SPDX-License-Identifier: MIT
#include "xlu.h"

enum token { END, LINE, NAME, VALUE, COMMA, OPEN, CLOSE, ASSIGN, SEMICOLON, BAD };

struct reading {
    struct xlu *xlu;
    struct span at; // the current token
    enum xlu_trouble trouble;
};

static bool is_in(char letter, const char *set)
{
    return letter && strchr(set, letter);
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static size_t span_of(struct text text, size_t from, const char *set)
{
    while (from < text.size && is_in(text.at[from], set))
        from++;
    return from;
}

static enum token bad(struct reading *reading, enum xlu_trouble trouble, size_t from, size_t to)
{
    reading->trouble = trouble;
    reading->at = (struct span){ (uint32_t)from, (uint32_t)to };
    return BAD;
}

static enum token read_string(struct reading *reading, size_t from)
{
    struct text text = reading->xlu->text;
    size_t escape = 0;
    for (size_t at = from + 1; at < text.size && text.at[at] != '\n'; at++) {
        if (text.at[at] == text.at[from]) {
            reading->xlu->at = at + 1;
            return escape ? bad(reading, XLU_ESCAPE, escape, escape + 2) : VALUE;
        }
        if (text.at[at] != '\\')
            continue;
        if (at + 1 < text.size && !is_in(text.at[at + 1], "\"'\\abfnrtv") && !escape)
            escape = at;
        at++;
    }
    return bad(reading, XLU_OTHER, from, from + 1);
}

static enum token read_comment(struct reading *reading, size_t from)
{
    struct text text = reading->xlu->text;
    size_t end = text_find(text, '\n', from);
    reading->xlu->at = end < text.size ? end + 1 : end;
    return end < text.size ? LINE : bad(reading, XLU_LAST_COMMENT, from, end);
}

static enum token read_mark(struct reading *reading, size_t from)
{
    static const struct {
        char letter;
        enum token token;
    } marks[] = { { '\n', LINE }, { ',', COMMA },  { '[', OPEN },
                  { ']', CLOSE }, { '=', ASSIGN }, { ';', SEMICOLON } };
    struct text text = reading->xlu->text;
    reading->xlu->at = from + 1;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (text.at[from] == marks[i].letter)
            return marks[i].token;
    if (text.at[from] == '+' && from + 1 < text.size && text.at[from + 1] == '=') {
        reading->xlu->at = from + 2;
        return ASSIGN;
    }
    if (text.at[from] == '\r' && from + 1 < text.size && text.at[from + 1] == '\n')
        return bad(reading, XLU_LINE_END, from, from + 1);
    if (from == 0 && text_starts(text, "\xef\xbb\xbf")) {
        reading->xlu->at = 3;
        return bad(reading, XLU_BOM, 0, 3);
    }
    return bad(reading, XLU_OTHER, from, from + 1);
}

static enum token next_token(struct reading *reading)
{
    struct text text = reading->xlu->text;
    size_t from = span_of(text, reading->xlu->at, " \t");
    enum token token = END;
    reading->xlu->at = from;
    reading->at = (struct span){ (uint32_t)from, (uint32_t)from };
    if (from >= text.size)
        return END;
    char letter = text.at[from];
    if (letter == '\'' || letter == '"')
        return read_string(reading, from);
    if (letter == '#')
        return read_comment(reading, from);
    if (is_in(letter, LOWER)) {
        reading->xlu->at = span_of(text, from, LOWER DIGITS "._");
        token = NAME;
    } else if (is_in(letter, DIGITS)) {
        reading->xlu->at = span_of(text, from, DIGITS "abcdefx");
        token = VALUE;
    } else {
        token = read_mark(reading, from);
    }
    if (token != BAD)
        reading->at.to = (uint32_t)reading->xlu->at;
    return token;
}

// The next token that is no line end.
static enum token next_inside(struct reading *reading)
{
    enum token token = next_token(reading);
    while (token == LINE)
        token = next_token(reading);
    return token;
}

// Behind an opening bracket. False at the first token that does not belong there.
static bool read_list(struct reading *reading)
{
    unsigned depth = 1;
    bool fresh = true; // a value may come, none was since the last comma
    enum token token = next_inside(reading);
    bool any = false;
    for (;; token = next_inside(reading)) {
        if (token == CLOSE && (any || fresh)) {
            if (--depth == 0)
                return true;
            fresh = false;
            any = true;
        } else if (token == VALUE && fresh) {
            fresh = false;
            any = true;
        } else if (token == OPEN && fresh) {
            depth++;
            any = false;
        } else if (token == COMMA && !fresh) {
            fresh = true;
            any = true;
        } else {
            return false;
        }
    }
}

// One statement, up to what ends it. False at the first token that does not belong there.
static bool read_statement(struct reading *reading, enum token token)
{
    if (token != NAME || next_token(reading) != ASSIGN)
        return false;
    token = next_token(reading);
    if (token == OPEN ? !read_list(reading) : token != VALUE)
        return false;
    token = next_token(reading);
    return token == LINE || token == SEMICOLON || token == END;
}

enum xlu_trouble xlu_next(struct xlu *xlu, struct span *where)
{
    struct reading reading = { .xlu = xlu };
    for (;;) {
        enum token token = next_token(&reading);
        if (token == END)
            return XLU_NONE;
        if (token == LINE || token == SEMICOLON)
            continue;
        if (token != BAD && read_statement(&reading, token))
            continue;
        *where = reading.at;
        if (where->to == where->from)
            where->to++;
        enum xlu_trouble trouble = reading.trouble ? reading.trouble : XLU_OTHER;
        if (trouble == XLU_OTHER || trouble == XLU_ESCAPE)
            xlu->at = text_find(xlu->text, '\n', where->from);
        return trouble;
    }
}

bool xlu_reads(struct text text)
{
    struct xlu xlu = { text, 0 };
    struct span where;
    return xlu_next(&xlu, &where) == XLU_NONE;
}
