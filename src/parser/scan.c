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

// The offset of the first byte after the current token that is not a blank.
static size_t skip_blanks(const struct scan *scan)
{
    struct text text = scan->builder->source->text;
    size_t at = scan->offset;
    while (at < text.size && (text.at[at] == ' ' || text.at[at] == '\t'))
        at++;
    return at;
}

static char byte_at(const struct scan *scan, size_t at)
{
    struct text text = scan->builder->source->text;
    if (at >= text.size)
        return '\0';
    return text.at[at];
}

// Whether the current token is followed by `=` or `+=`, but not by `==`.
static bool is_assigned(const struct scan *scan)
{
    size_t at = skip_blanks(scan);
    if (byte_at(scan, at) == '+')
        at++;
    return byte_at(scan, at) == '=' && byte_at(scan, at + 1) != '=';
}

// Whether the current token, which is not assigned to, is used as only Python allows: a call, an
// index, a tuple or an attribute.
static bool is_used(const struct scan *scan)
{
    struct text word = builder_text(scan->builder, scan->at);
    char next = byte_at(scan, skip_blanks(scan));
    return next == '(' || next == '[' || next == ',' || text_find(word, '.', 0) < word.size;
}

bool scan_is_unclosed(const struct scan *scan)
{
    return scan->depth && scan->fresh && scan->open[scan->depth - 1].closer == CONFIG_LIST_END &&
           is_assigned(scan);
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
    scan->line = scan->offset;
}

bool scan_newline(struct scan *scan)
{
    scan->line = scan->offset;
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

static bool is_among(struct text word, const char *const *words)
{
    for (; *words; words++)
        if (text_is(word, *words))
            return true;
    return false;
}

static const char *const compound_words[] = { "if",    "for",     "while", "def",  "class",
                                              "try",   "with",    "elif",  "else", "except",
                                              "async", "finally", NULL };
static const char *const simple_words[] = { "import", "from",  "print",    "raise",    "return",
                                            "del",    "pass",  "assert",   "exec",     "global",
                                            "break",  "yield", "continue", "nonlocal", NULL };
static const char *const operator_words[] = { "and", "or",   "not", "in",     "is",
                                              "if",  "else", "for", "lambda", NULL };

static int value_word(struct text word)
{
    if (text_is(word, "True"))
        return CONFIG_TRUE;
    if (text_is(word, "False"))
        return CONFIG_FALSE;
    if (text_is(word, "None"))
        return CONFIG_NONE;
    return is_among(word, operator_words) ? CONFIG_OPERATOR : CONFIG_NAME;
}

int scan_word(struct scan *scan)
{
    struct text word = builder_text(scan->builder, scan->at);
    bool start = scan->start;
    scan_token(scan, 0);
    if (!start)
        return value_word(word);
    if (is_assigned(scan))
        return CONFIG_NAME;
    bool python = is_among(word, compound_words) || is_among(word, simple_words) || is_used(scan);
    return python ? CONFIG_PYTHON : CONFIG_NAME;
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
    scan->python.end = scan->at.to;
    return true;
}

void scan_unterminated(struct scan *scan)
{
    struct span quotes = { scan->long_from, scan->long_from + 3 };
    builder_error(scan->builder, quotes, "this string is never closed");
    scan->damaged = true;
}

void scan_stray(struct scan *scan)
{
    struct text text = builder_text(scan->builder, scan->at);
    bool typographic = text.size == 3 && memcmp(text.at, "\xe2\x80", 2) == 0 &&
                       (unsigned char)text.at[2] >= 0x98 && (unsigned char)text.at[2] <= 0x9f;
    struct diag *diag =
        builder_error(scan->builder, scan->at, "unexpected '%.*s'", (int)text.size, text.at);
    if (typographic)
        diag_hint(scan->builder->diags, diag, "this is a typographic quote: write ' or \" instead");
}

// The width of the blanks between two offsets, with a tab stop every eight columns.
static unsigned indent_of(const struct scan *scan, uint32_t from, uint32_t to)
{
    unsigned indent = 0;
    for (; from < to; from++)
        indent = byte_at(scan, from) == '\t' ? (indent | 7) + 1 : indent + 1;
    return indent;
}

void python_begin(struct scan *scan)
{
    struct text word = builder_text(scan->builder, scan->at);
    scan->python = (struct python){ .word = scan->at,
                                    .compound = is_among(word, compound_words),
                                    .indent = indent_of(scan, scan->line, scan->at.from) };
    scan->fresh = true;
    python_word(scan);
}

void python_word(struct scan *scan)
{
    struct text word = builder_text(scan->builder, scan->at);
    bool first = scan->fresh;
    python_other(scan);
    // usbdevice.append() changes usbdevice, too
    enum key key = key_of(text_part(word, 0, text_find(word, '.', 0)));
    if (!key_is_usb(key))
        return;
    bool assigned = is_assigned(scan) && !scan->python.brackets;
    if (!assigned && !(first && (is_assigned(scan) || is_used(scan))))
        return;
    scan->python.reported = scan->python.reported || scan->at.from == scan->python.word.from;
    diag_hint(scan->builder->diags,
              builder_error(scan->builder, scan->at, "'%s' is set by Python, which is not run",
                            key_name(key)),
              "set it on a line of its own, to a literal value");
}

void python_bracket(struct scan *scan, int step)
{
    python_other(scan);
    if (step > 0 || scan->python.brackets)
        scan->python.brackets += (unsigned)step;
}

void python_colon(struct scan *scan)
{
    python_other(scan);
    scan->python.colon = !scan->python.brackets;
}

void python_other(struct scan *scan)
{
    scan->fresh = scan->start = scan->python.colon = false;
    scan->python.end = scan->at.to;
}

bool python_semicolon(struct scan *scan)
{
    python_other(scan);
    return !scan->python.brackets && !scan->python.compound;
}

enum python_line python_newline(struct scan *scan)
{
    scan->line = scan->offset;
    scan->fresh = true;
    if (scan->python.brackets)
        return PYTHON_CONTINUES;
    scan->python.block = scan->python.block || (scan->python.compound && scan->python.colon);
    scan->python.colon = false;
    return scan->python.block ? PYTHON_BLOCK : PYTHON_ENDS;
}

bool python_continues(struct scan *scan)
{
    static const char *const clauses[] = { "elif", "else", "except", "finally", NULL };
    unsigned indent = indent_of(scan, scan->line, scan->offset);
    size_t end = scan->offset;
    while (byte_at(scan, end) >= 'a' && byte_at(scan, end) <= 'z')
        end++;
    struct text word = text_part(scan->builder->source->text, scan->offset, end);
    return indent > scan->python.indent ||
           (indent == scan->python.indent && is_among(word, clauses));
}

struct span python_end(struct scan *scan)
{
    struct span at = scan->python.word;
    struct text word = builder_text(scan->builder, at);
    const char *what = scan->python.block ? "this statement and its block" : "this statement";
    scan->start = true;
    build_python(scan->builder, (struct span){ at.from, scan->python.end });
    if (scan->python.brackets)
        builder_error(scan->builder, at, "a bracket in this statement is never closed");
    if (scan->python.reported)
        return at;
    diag_hint(scan->builder->diags,
              builder_warning(scan->builder, at, "skipping %s: '%.*s' is Python, which is not run",
                              what, (int)(word.size > 40 ? 40 : word.size), word.at),
              "xl refuses the file");
    return at;
}
