// SPDX-License-Identifier: MIT
#include "xlu.h"

enum token { END, LINE, NAME, VALUE, COMMA, OPEN, CLOSE, ASSIGN, SEMICOLON, BAD };

struct xlu_reader {
    struct xlu *xlu;
    struct span at; // the current token
    enum xlu_fault fault;
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

static enum token bad(struct xlu_reader *xlu_reader, enum xlu_fault fault, size_t from, size_t to)
{
    xlu_reader->fault = fault;
    xlu_reader->at = (struct span){ (uint32_t)from, (uint32_t)to };
    return BAD;
}

static enum token read_string(struct xlu_reader *xlu_reader, size_t from)
{
    struct text text = xlu_reader->xlu->text;
    size_t escape = 0;
    for (size_t at = from + 1; at < text.size && text.at[at] != '\n'; at++) {
        if (text.at[at] == text.at[from]) {
            xlu_reader->xlu->at = at + 1;
            return escape ? bad(xlu_reader, XLU_ESCAPE, escape, escape + 2) : VALUE;
        }
        if (text.at[at] != '\\')
            continue;
        if (at + 1 < text.size && !is_in(text.at[at + 1], "\"'\\abfnrtv") && !escape)
            escape = at;
        at++;
    }
    return bad(xlu_reader, XLU_OTHER, from, from + 1);
}

static enum token read_comment(struct xlu_reader *xlu_reader, size_t from)
{
    struct text text = xlu_reader->xlu->text;
    size_t end = text_find(text, '\n', from);
    xlu_reader->xlu->at = end < text.size ? end + 1 : end;
    return end < text.size ? LINE : bad(xlu_reader, XLU_LAST_COMMENT, from, end);
}

static enum token read_symbol(struct xlu_reader *xlu_reader, size_t from)
{
    static const struct {
        char letter;
        enum token token;
    } symbols[] = { { '\n', LINE }, { ',', COMMA },  { '[', OPEN },
                    { ']', CLOSE }, { '=', ASSIGN }, { ';', SEMICOLON } };
    struct text text = xlu_reader->xlu->text;
    xlu_reader->xlu->at = from + 1;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (text.at[from] == symbols[i].letter)
            return symbols[i].token;
    if (text.at[from] == '+' && from + 1 < text.size && text.at[from + 1] == '=') {
        xlu_reader->xlu->at = from + 2;
        return ASSIGN;
    }
    if (text.at[from] == '\r' && from + 1 < text.size && text.at[from + 1] == '\n')
        return bad(xlu_reader, XLU_LINE_END, from, from + 1);
    if (from == 0 && text_starts(text, "\xef\xbb\xbf")) {
        xlu_reader->xlu->at = 3;
        return bad(xlu_reader, XLU_BOM, 0, 3);
    }
    return bad(xlu_reader, XLU_OTHER, from, from + 1);
}

static enum token next_token(struct xlu_reader *xlu_reader)
{
    struct text text = xlu_reader->xlu->text;
    size_t from = span_of(text, xlu_reader->xlu->at, " \t");
    enum token token = END;
    xlu_reader->xlu->at = from;
    xlu_reader->at = (struct span){ (uint32_t)from, (uint32_t)from };
    if (from >= text.size)
        return END;
    char letter = text.at[from];
    if (letter == '\'' || letter == '"')
        return read_string(xlu_reader, from);
    if (letter == '#')
        return read_comment(xlu_reader, from);
    if (is_in(letter, LOWER)) {
        xlu_reader->xlu->at = span_of(text, from, LOWER DIGITS "._");
        token = NAME;
    } else if (is_in(letter, DIGITS)) {
        xlu_reader->xlu->at = span_of(text, from, DIGITS "abcdefx");
        token = VALUE;
    } else {
        token = read_symbol(xlu_reader, from);
    }
    if (token != BAD)
        xlu_reader->at.to = (uint32_t)xlu_reader->xlu->at;
    return token;
}

// The next token that is not a line end.
static enum token next_inside(struct xlu_reader *xlu_reader)
{
    enum token token = next_token(xlu_reader);
    while (token == LINE)
        token = next_token(xlu_reader);
    return token;
}

// Reads the rest of a list, after its opening bracket. False at a token that does not belong there.
static bool read_list(struct xlu_reader *xlu_reader)
{
    unsigned depth = 1;
    bool fresh = true; // a value may come: there was none since the last comma
    for (;;) {
        enum token token = next_inside(xlu_reader);
        if (token == CLOSE) {
            if (--depth == 0)
                return true;
            fresh = false;
        } else if (token == VALUE && fresh) {
            fresh = false;
        } else if (token == OPEN && fresh) {
            depth++;
        } else if (token == COMMA && !fresh) {
            fresh = true;
        } else {
            return false;
        }
    }
}

// Reads a statement with its end. False at a token that does not belong there.
static bool read_statement(struct xlu_reader *xlu_reader, enum token token)
{
    if (token != NAME || next_token(xlu_reader) != ASSIGN)
        return false;
    token = next_token(xlu_reader);
    if (token == OPEN ? !read_list(xlu_reader) : token != VALUE)
        return false;
    token = next_token(xlu_reader);
    return token == LINE || token == SEMICOLON || token == END;
}

enum xlu_fault xlu_next(struct xlu *xlu, struct span *where)
{
    struct xlu_reader xlu_reader = { .xlu = xlu };
    for (;;) {
        enum token token = next_token(&xlu_reader);
        if (token == END)
            return XLU_NONE;
        if (token == LINE || token == SEMICOLON)
            continue;
        if (token != BAD && read_statement(&xlu_reader, token))
            continue;
        *where = xlu_reader.at;
        if (where->to == where->from)
            where->to++;
        enum xlu_fault fault = xlu_reader.fault ? xlu_reader.fault : XLU_OTHER;
        if (fault == XLU_OTHER || fault == XLU_ESCAPE)
            xlu->at = text_find(xlu->text, '\n', where->from);
        return fault;
    }
}

bool xlu_reads(struct text text)
{
    struct xlu xlu = { text, 0 };
    struct span where;
    return xlu_next(&xlu, &where) == XLU_NONE;
}
