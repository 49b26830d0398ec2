// SPDX-License-Identifier: MIT
// Python statements: which statements are Python, how far each extends, and whether it sets a USB
// key. They are never run.
#include "scan.h"

static char byte_at(const struct scan *scan, size_t at)
{
    struct text text = scan->builder->source->text;
    if (at >= text.size)
        return '\0';
    return text.at[at];
}

static bool is_one_of(char letter, const char *letters)
{
    return letter && strchr(letters, letter);
}

static bool is_word_letter(char letter)
{
    char lower = text_lower(letter);
    return (lower >= 'a' && lower <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
}

static const char *const compound_words[] = { "if",    "for",     "while", "def",  "class",
                                              "try",   "with",    "elif",  "else", "except",
                                              "async", "finally", NULL };
static const char *const simple_words[] = { "import", "from",  "print",    "raise",    "return",
                                            "del",    "pass",  "assert",   "exec",     "global",
                                            "break",  "yield", "continue", "nonlocal", NULL };
static const char *const operator_words[] = { "and", "or",   "not", "in",     "is",
                                              "if",  "else", "for", "lambda", NULL };

bool python_is_operator(struct text word)
{
    return text_is_among(word, operator_words);
}

// The offset of the first byte after the current token that is not a blank.
static size_t skip_blanks(const struct scan *scan)
{
    size_t at = scan->offset;
    while (is_one_of(byte_at(scan, at), " \t"))
        at++;
    return at;
}

bool python_assigns(const struct scan *scan)
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

// --- what a line contains ---

enum { AHEAD_MAX = 512 }; // bytes; bounds the time

// A logical line, from the current token on: how often and where it assigns outside brackets.
struct ahead {
    unsigned assignments;
    uint32_t targets_from, targets_to; // what is assigned to; empty if there is no assignment
    bool comma;                        // outside brackets, after the last assignment
    bool invalid;                      // something before a `=` cannot be assigned to
};

// The offset after the string or comment that begins at `at`; `at` if none does.
static uint32_t skip_quoted(const struct scan *scan, uint32_t at)
{
    char quote = byte_at(scan, at);
    if (quote == '#') {
        while (byte_at(scan, at) && !is_one_of(byte_at(scan, at), "\r\n"))
            at++;
        return at;
    }
    if (quote != '\'' && quote != '"')
        return at;
    unsigned quotes = byte_at(scan, at + 1) == quote && byte_at(scan, at + 2) == quote ? 3 : 1;
    for (at += quotes; byte_at(scan, at); at++) {
        if (byte_at(scan, at) == '\\')
            at++;
        else if (byte_at(scan, at) == quote && (quotes == 1 || (byte_at(scan, at + 1) == quote &&
                                                                byte_at(scan, at + 2) == quote)))
            return at + quotes;
        else if (quotes == 1 && byte_at(scan, at) == '\n')
            return at;
    }
    return at;
}

static char byte_before(const struct scan *scan, uint32_t at)
{
    if (at == 0)
        return '\0';
    return byte_at(scan, at - 1);
}

// Whether the `=` at an offset assigns: it is not part of a comparison.
static bool is_assignment(const struct scan *scan, uint32_t at)
{
    char before = byte_before(scan, at);
    bool shift = (before == '<' || before == '>') && byte_before(scan, at - 1) == before;
    return byte_at(scan, at + 1) != '=' && (shift || !is_one_of(before, "=!<>:"));
}

// Whether the bytes up to a `=` are what Python can assign to: names, attributes, items, and lists
// of these. An operator before the `=` may belong to it.
static bool are_targets(const struct scan *scan, uint32_t from, uint32_t to)
{
    bool word = false, ended = false; // in a word; after a word and blanks
    bool any = false;
    while (to > from && is_one_of(byte_at(scan, to - 1), "-+*/%<>&|^"))
        to--;
    for (unsigned depth = 0; from < to; from++) {
        char letter = byte_at(scan, from);
        bool part = is_word_letter(letter) || letter == '.';
        any = any || part || depth;
        if (is_one_of(letter, "([{"))
            depth++;
        else if (is_one_of(letter, ")]}") && depth)
            depth--;
        if (depth || is_one_of(letter, ")]}"))
            continue;
        if (part && (ended || (!word && letter >= '0' && letter <= '9')))
            return false;
        if (!part && !is_one_of(letter, " \t,*"))
            return false;
        ended = (word || ended) && is_one_of(letter, " \t");
        word = part;
    }
    return any;
}

static bool is_lambda(const struct scan *scan, uint32_t at)
{
    struct text rest = text_part(scan->builder->source->text, at, at + strlen("lambda"));
    return text_is(rest, "lambda") && !is_word_letter(byte_at(scan, at + (uint32_t)rest.size)) &&
           !is_word_letter(byte_before(scan, at));
}

static struct ahead look_ahead(const struct scan *scan)
{
    uint32_t at = scan->at.from;
    const uint32_t end = at + AHEAD_MAX;
    struct ahead ahead = { .targets_from = at, .targets_to = at };
    bool lambda = false;
    for (unsigned depth = 0; at < end && byte_at(scan, at); at++) {
        uint32_t quoted = skip_quoted(scan, at);
        if (quoted > at) {
            at = quoted - 1;
            continue;
        }
        char letter = byte_at(scan, at);
        lambda = lambda || (!depth && is_lambda(scan, at)); // its defaults are no assignments
        if (letter == '\\')
            at++;
        else if (is_one_of(letter, "([{"))
            depth++;
        else if (is_one_of(letter, ")]}") && depth)
            depth--;
        else if (depth)
            continue;
        else if (is_one_of(letter, ";\r\n"))
            break;
        else if (letter == ':' && !ahead.assignments)
            ahead.targets_from = at;
        else if (letter == '=' && !lambda && is_assignment(scan, at)) {
            uint32_t from = ahead.assignments ? ahead.targets_to + 1 : ahead.targets_from;
            from += byte_at(scan, from) == ':';
            ahead.invalid = ahead.invalid || !are_targets(scan, from, at);
            ahead.assignments++;
            ahead.targets_to = at;
            ahead.comma = false;
        } else if (letter == ',')
            ahead.comma = true;
    }
    return ahead;
}

// --- which statements are Python ---

// Whether an operator follows the current word, so that it is part of an expression, or `-=` and
// the like.
static bool is_operand(const struct scan *scan)
{
    size_t at = skip_blanks(scan), end = at;
    while (byte_at(scan, end) >= 'a' && byte_at(scan, end) <= 'z')
        end++;
    struct text word = text_part(scan->builder->source->text, at, end);
    return is_one_of(byte_at(scan, at), "-+*/%<>&|^!") || byte_at(scan, at) == '=' ||
           (word.size && python_is_operator(word));
}

static bool word_starts(const struct scan *scan, struct text word, const struct ahead *ahead)
{
    bool usb = key_is_usb(key_of(word));
    if (python_assigns(scan))
        return !ahead->invalid && (ahead->assignments > 1 || (ahead->comma && !usb));
    return text_is_among(word, compound_words) || text_is_among(word, simple_words) ||
           python_is_operator(word) || is_used(scan) ||
           (!ahead->invalid && (ahead->assignments || (is_operand(scan) && !usb)));
}

bool python_starts(const struct scan *scan)
{
    struct text token = builder_text(scan->builder, scan->at);
    const struct ahead ahead = look_ahead(scan);
    char first = token.at[0], last = token.at[token.size - 1];
    if (first == '@' || first == '(')
        return true;
    if (is_one_of(first, "[{+-*~"))
        return !ahead.invalid;
    if (last == '\'' || last == '"' || (first >= '0' && first <= '9'))
        return !ahead.assignments && ahead.targets_from == scan->at.from;
    return word_starts(scan, token, &ahead);
}

// --- a statement ---

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
                                    .compound = text_is_among(word, compound_words),
                                    .indent = indent_of(scan, scan->line, scan->at.from) };
    scan->fresh = true;
}

// Notes a token of the statement, which may be the first one of a line.
static void note_token(struct scan *scan)
{
    if (scan->fresh && !scan->python.brackets) {
        const struct ahead ahead = look_ahead(scan);
        scan->python.targets = (struct span){ ahead.targets_from, ahead.targets_to };
        scan->python.binding = PYTHON_BINDS_NOTHING;
        scan->python.deletes = false;
    }
    scan->fresh = scan->start = scan->python.colon = false;
    scan->python.end = scan->at.to;
}

static void report_key(struct scan *scan, struct span at, enum key key)
{
    const char *what = scan->python.deletes ? "deleted" : "set";
    scan->python.reported =
        scan->python.reported || !scan->python.compound || at.from == scan->python.word.from;
    diag_hint(scan->builder->diags,
              builder_error(scan->builder, at, "'%s' is %s by Python, which is not run",
                            key_name(key), what),
              scan->python.deletes ? "remove this, and what sets it"
                                   : "set it on a line of its own, to a literal value");
}

// Whether a type follows the current word, the first one of a line: usb: int = 1
static bool is_annotated(const struct scan *scan)
{
    return byte_at(scan, skip_blanks(scan)) == ':' && !scan->python.brackets;
}

// Whether the statement gives the current word, a USB key, another value.
static bool is_bound(const struct scan *scan, bool first)
{
    const struct python *python = &scan->python;
    bool target = scan->at.from >= python->targets.from && scan->at.from < python->targets.to &&
                  !python->operand;
    return python->binding != PYTHON_BINDS_NOTHING || target ||
           (python_assigns(scan) && !python->brackets) ||
           (first && (python_assigns(scan) || is_used(scan) || is_annotated(scan)));
}

// Follows the words that bind those after them: del a, b; import a; for a, b in c; x as a.
static void follow_binding(struct scan *scan, struct text word)
{
    struct python *python = &scan->python;
    static const char *const line[] = { "del", "import", "from", NULL };
    static const char *const next[] = { "def", "class", "as", NULL };
    if (python->binding == PYTHON_BINDS_WORD ||
        (python->binding == PYTHON_BINDS_TO_IN && text_is(word, "in")))
        python->binding = PYTHON_BINDS_NOTHING;
    if (text_is_among(word, line))
        python->binding = PYTHON_BINDS_LINE;
    else if (text_is_among(word, next) && python->binding != PYTHON_BINDS_LINE)
        python->binding = PYTHON_BINDS_WORD;
    else if (text_is(word, "for"))
        python->binding = PYTHON_BINDS_TO_IN;
    python->deletes = python->deletes || text_is(word, "del");
}

void python_word(struct scan *scan)
{
    static const char *const dynamic[] = { "exec",   "eval", "execfile", "globals",
                                           "locals", "vars", "setattr",  NULL };
    struct text word = builder_text(scan->builder, scan->at);
    bool first = scan->fresh;
    note_token(scan);
    scan->python.dynamic = scan->python.dynamic || text_is_among(word, dynamic);
    // usbdevice.append() changes usbdevice, too
    enum key key = key_of(text_part(word, 0, text_find(word, '.', 0)));
    if (key_is_usb(key) && is_bound(scan, first))
        report_key(scan, scan->at, key);
    follow_binding(scan, word);
}

void python_string(struct scan *scan)
{
    note_token(scan);
    struct text text = builder_text(scan->builder, scan->at);
    if (!scan->python.dynamic)
        return;
    for (size_t from = 0, to; from < text.size; from = to + 1) {
        to = from;
        while (to < text.size &&
               (text_lower(text.at[to]) == '_' ||
                (text_lower(text.at[to]) >= 'a' && text_lower(text.at[to]) <= 'z')))
            to++;
        enum key key = key_of(text_part(text, from, to));
        if (key_is_usb(key))
            report_key(
                scan, (struct span){ scan->at.from + (uint32_t)from, scan->at.from + (uint32_t)to },
                key);
    }
}

void python_bracket(struct scan *scan, int step)
{
    struct python *python = &scan->python;
    char before = byte_before(scan, scan->at.from);
    note_token(scan);
    if (step < 0 && python->brackets == python->operand)
        python->operand = 0;
    if (step > 0 || python->brackets)
        python->brackets += (unsigned)step;
    if (step > 0 && !python->operand && (is_word_letter(before) || is_one_of(before, ")]")))
        python->operand = python->brackets;
}

void python_colon(struct scan *scan)
{
    note_token(scan);
    scan->python.colon = !scan->python.brackets;
}

void python_other(struct scan *scan)
{
    note_token(scan);
}

bool python_semicolon(struct scan *scan)
{
    note_token(scan);
    return !scan->python.brackets && !scan->python.compound;
}

enum python_line python_newline(struct scan *scan)
{
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
           (indent == scan->python.indent && text_is_among(word, clauses));
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
    bool named =
        (word.at[0] >= 'a' && word.at[0] <= 'z') || (word.at[0] >= 'A' && word.at[0] <= 'Z');
    struct diag *diag =
        named ? builder_warning(scan->builder, at,
                                "skipping %s: '%.*s' is Python, which is not run", what, SHOW(word))
              : builder_warning(scan->builder, at, "skipping %s: it is Python, which is not run",
                                what);
    diag_hint(scan->builder->diags, diag, "xl refuses the file");
    return at;
}
