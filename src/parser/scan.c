// SPDX-License-Identifier: MIT
#include "scan.h"

#include "config.tab.h"

void scan_init(struct scan *scan, struct builder *builder)
{
    *scan = (struct scan){ .builder = builder, .fresh = true, .start = true };
}

void scan_advance(struct scan *scan, size_t length)
{
    scan->at = (struct span){ scan->offset, scan->offset + (uint32_t)length };
    scan->offset = scan->at.to;
}

int scan_unread(struct scan *scan, uint32_t keep)
{
    scan->offset = scan->at.to = scan->at.from + keep;
    return (int)keep;
}

int scan_token(struct scan *scan, int token)
{
    scan->fresh = scan->start = false;
    return token;
}

struct span scan_here(const struct scan *scan)
{
    return (struct span){ scan->offset, scan->offset };
}

bool scan_open(struct scan *scan, int closer)
{
    scan_token(scan, 0);
    if (scan->depth < NESTING_MAX) {
        scan->open[scan->depth++] = (struct bracket){ closer, scan->at };
        return true;
    }
    scan->too_deep = 1;
    scan->damaged = true;
    diag_hint(scan->builder->diags,
              builder_error(scan->builder, scan->at, "brackets are nested more than %d deep",
                            NESTING_MAX),
              "no domain config needs that");
    return false;
}

static struct bracket pop(struct scan *scan)
{
    struct bracket open = scan->open[--scan->depth];
    scan->damaged = scan->damaged && scan->depth;
    return open;
}

static char closer_letter(int closer)
{
    switch (closer) {
    case CONFIG_LIST_END: return ']';
    case CONFIG_TUPLE_END: return ')';
    default: return '}';
    }
}

int scan_close(struct scan *scan, int closer)
{
    scan_token(scan, 0);
    if (!scan->depth)
        return closer;
    struct bracket open = pop(scan);
    if (open.closer != closer) {
        struct diag *diag = builder_error(scan->builder, scan->at, "expected '%c', not '%c'",
                                          closer_letter(open.closer), closer_letter(closer));
        diag_also(scan->builder->diags, diag, scan->builder->source, open.at,
                  "to close this bracket");
    }
    return open.closer;
}

bool scan_deep(struct scan *scan, int step)
{
    scan->too_deep += (unsigned)step;
    return scan->too_deep == 0;
}

bool scan_is_unclosed(const struct scan *scan)
{
    return scan->depth && scan->fresh && scan->open[scan->depth - 1].closer == CONFIG_LIST_END &&
           python_assigns(scan);
}

void scan_unclosed(struct scan *scan)
{
    struct bracket open = scan->open[scan->depth - 1];
    scan->closing = true;
    if (scan->damaged)
        return;
    struct diag *diag = builder_error(scan->builder, open.at, "this bracket is never closed");
    diag_hint(scan->builder->diags, diag, "'%c' is missing", closer_letter(open.closer));
    if (!scan->ended)
        diag_also(scan->builder->diags, diag, scan->builder->source, scan->at,
                  "the next statement begins here");
}

int scan_next_closer(struct scan *scan)
{
    if (scan->depth)
        return pop(scan).closer;
    scan->closing = false;
    scan->start = scan->fresh = true;
    return CONFIG_NEWLINE;
}

void scan_line(struct scan *scan)
{
    struct text end = builder_text(scan->builder, scan->at);
    if (end.size && end.at[end.size - 1] == '\r' && !scan->carriage) {
        scan->carriage = true;
        diag_hint(scan->builder->diags,
                  builder_error(scan->builder, (struct span){ scan->at.to - 1, scan->at.to },
                                "a carriage return alone ends this line"),
                  "xl refuses it, and editors may show the next line as a part of this one: "
                  "write a newline");
    }
    scan->line = scan->offset;
}

bool scan_newline(struct scan *scan)
{
    scan_line(scan);
    scan->fresh = true;
    if (!scan->depth)
        scan->start = true;
    return !scan->depth;
}

int scan_semicolon(struct scan *scan)
{
    scan->fresh = false;
    scan->start = !scan->depth;
    if (!scan->depth)
        return ';';
    scan_stray(scan);
    return CONFIG_STRAY;
}

int scan_end(struct scan *scan)
{
    scan->ended = true;
    if (scan->depth) {
        scan_unclosed(scan);
        return scan_next_closer(scan);
    }
    if (scan->start)
        return CONFIG_END;
    scan->start = true;
    return CONFIG_NEWLINE;
}

static int value_word(struct text word)
{
    if (text_is(word, "True"))
        return CONFIG_TRUE;
    if (text_is(word, "False"))
        return CONFIG_FALSE;
    if (text_is(word, "None"))
        return CONFIG_NONE;
    return python_is_operator(word) ? CONFIG_OPERATOR : CONFIG_NAME;
}

int scan_word(struct scan *scan)
{
    struct text word = builder_text(scan->builder, scan->at);
    bool start = scan->start;
    scan_token(scan, 0);
    if (!start)
        return value_word(word);
    return python_starts(scan) ? CONFIG_PYTHON : CONFIG_NAME;
}

bool scan_begins(const struct scan *scan)
{
    return scan->start && python_starts(scan);
}

void scan_broken_string(struct scan *scan)
{
    struct text text = scan->builder->source->text;
    uint32_t from = scan->at.from;
    while (text.at[from] != '\'' && text.at[from] != '"')
        from++;
    struct span quote = { from, from + 1 };
    bool alone = scan->at.to == quote.to;
    bool after_string = from > 0 && (text.at[from - 1] == '\'' || text.at[from - 1] == '"');
    scan->damaged = scan->depth > 0;
    diag_hint(scan->builder->diags,
              builder_error(scan->builder, quote, "this string is never closed"),
              alone && after_string ? "one quote too many?" : "a string must end on its line");
}

void scan_long(struct scan *scan, int outside)
{
    scan->long_from = scan->at.from;
    scan->long_quote = scan->builder->source->text.at[scan->at.to - 1];
    scan->outside = outside;
}

bool scan_long_ends(struct scan *scan, char quote)
{
    if (quote != scan->long_quote)
        return false;
    scan->at.from = scan->long_from;
    return true;
}

void scan_unterminated(struct scan *scan)
{
    struct span quotes = { scan->long_from, scan->long_from + 3 };
    builder_error(scan->builder, quotes, "this string is never closed");
    scan->damaged = true;
}

// What to call a character that looks like a blank or like nothing; NULL for others.
static const char *invisible_name(uint32_t point)
{
    if (point == 0xa0 || point == 0x202f)
        return "a no-break space";
    if (point == 0xfeff)
        return "a byte order mark";
    bool space = (point >= 0x2000 && point <= 0x200a) || point == 0x205f || point == 0x3000;
    if (space)
        return "a space that is not a blank";
    bool unseen = (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
                  (point >= 0x2060 && point <= 0x2064) || point == 0xad;
    return unseen ? "an invisible character" : NULL;
}

void scan_stray(struct scan *scan)
{
    struct text text = builder_text(scan->builder, scan->at);
    bool typographic = text.size == 3 && memcmp(text.at, "\xe2\x80", 2) == 0 &&
                       (unsigned char)text.at[2] >= 0x98 && (unsigned char)text.at[2] <= 0x9f;
    uint32_t point = 0;
    const char *invisible = text_utf8(text, &point) ? invisible_name(point) : NULL;
    struct diag *diag = invisible ? builder_error(scan->builder, scan->at, "unexpected U+%04X, %s",
                                                  (unsigned)point, invisible)
                                  : builder_error(scan->builder, scan->at, "unexpected '%.*s'",
                                                  (int)text.size, text.at);
    if (invisible)
        diag_hint(scan->builder->diags, diag, "replace it with a blank, or delete it");
    if (text_is(text, ";"))
        diag_hint(scan->builder->diags, diag, "the items of a list are separated by ','");
    if (typographic)
        diag_hint(scan->builder->diags, diag, "this is a typographic quote: write ' or \" instead");
}
