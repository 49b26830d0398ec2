// SPDX-License-Identifier: MIT
#include "xlu_check.h"

#include "parser/parser.h"
#include "write.h"
#include "xlu.h"

// Faults come in the order of the result, so both lists are walked once.
struct xlu_checking {
    const struct writing *writing;
    const struct edit *edit;           // the first that may contain the next place
    uint32_t done_source, done_output; // end of the edits before it
    const struct statement *statement; // the first that may contain the next place
    const struct statement *computed;  // the last one that was reported as a whole
    bool reported[XLU_OTHER + 1];
};

// The source place that a place in the output comes from.
static struct span place_in_source(struct xlu_checking *xlu_checking, struct span at)
{
    for (const struct edit *edit; (edit = xlu_checking->edit); xlu_checking->edit = edit->next) {
        uint32_t begin = xlu_checking->done_output + (edit->at.from - xlu_checking->done_source);
        uint32_t end = begin + (uint32_t)(edit->lines.size + edit->text.size);
        if (at.from < begin)
            break;
        if (at.from < end)
            return edit->at;
        xlu_checking->done_source = edit->at.to;
        xlu_checking->done_output = end;
    }
    return (struct span){ at.from - xlu_checking->done_output + xlu_checking->done_source,
                          at.to - xlu_checking->done_output + xlu_checking->done_source };
}

// The Python statement around a place in the source, or NULL.
static const struct statement *python_at(struct xlu_checking *xlu_checking, struct span at)
{
    while (xlu_checking->statement && xlu_checking->statement->at.to < at.from)
        xlu_checking->statement = xlu_checking->statement->next;
    const struct statement *found = xlu_checking->statement;
    return found && found->at.from <= at.from && found->kind != STATEMENT_USB ? found : NULL;
}

static void report_python(const struct xlu_checking *xlu_checking,
                          const struct statement *statement, struct span at)
{
    const struct writing *writing = xlu_checking->writing;
    const struct source *source = writing->document->source;
    struct text value = text_part(source->text, statement->value_at.from, statement->value_at.to);
    diags_settle(writing->diags, source, statement->at);
    if (statement->kind == STATEMENT_PYTHON)
        diag_hint(writing->diags, write_error(writing, at, "xl does not run Python"),
                  "replace it with its result: key = value");
    else if (text_is_bare(value))
        diag_hint(writing->diags,
                  write_error(writing, statement->value_at, "xl requires quotes around a string"),
                  "write '%.*s'", (int)value.size, value.at);
    else
        diag_hint(writing->diags,
                  write_error(writing, statement->value_at, "xl does not evaluate expressions"),
                  "replace it with its result");
}

static bool is_about_the_file(enum xlu_fault fault)
{
    return fault == XLU_BOM || fault == XLU_LINE_END || fault == XLU_LAST_COMMENT;
}

// Most such lines in real files have constants of Python, or the capitalised keys of Oracle VM.
static const char *hint_of_word(struct text word)
{
    if (text_starts(word, "True") || text_starts(word, "False"))
        return "write 1 or 0";
    if (text_starts(word, "None"))
        return "remove it: xl has no None";
    if (word.size && *word.at >= 'A' && *word.at <= 'Z')
        return "xl's keys have no capital letters: comment the line out";
    return "xl accepts key = 'string', key = number, and lists of these";
}

// What to do about a fault at a place in that text.
static const char *hint_of(enum xlu_fault fault, struct text text, struct span at)
{
    static const char *const hints[XLU_OTHER] = {
        [XLU_BOM] = "remove the byte order mark",
        [XLU_LINE_END] = "convert the line ends, for example with dos2unix",
        [XLU_LAST_COMMENT] = "end the last line with a newline",
        [XLU_ESCAPE] = "write it without the backslash",
    };
    return fault == XLU_OTHER ? hint_of_word(text_part(text, at.from, SIZE_MAX)) : hints[fault];
}

static void report(const struct xlu_checking *xlu_checking, enum xlu_fault fault, struct span at)
{
    const struct writing *writing = xlu_checking->writing;
    if (!is_about_the_file(fault))
        diags_settle(writing->diags, writing->document->source, at);
    diag_hint(writing->diags,
              is_about_the_file(fault)
                  ? write_warning(writing, at, "xl cannot read the file as it is")
                  : write_error(writing, at, "xl cannot read this"),
              "%s", hint_of(fault, writing->document->source->text, at));
}

// The whole line of a place.
static struct span line_at(struct text text, struct span at)
{
    uint32_t from = at.from;
    while (from && text.at[from - 1] != '\n')
        from--;
    return (struct span){ from, (uint32_t)text_find(text, '\n', at.from) };
}

void parse_check_xl(struct diags *diags, const struct document *document)
{
    const struct source *source = document->source;
    const struct statement *statement = document->statements;
    struct xlu xlu = { source->text, 0 };
    struct span at = SPAN_NONE;
    enum xlu_fault fault;
    bool reported[XLU_OTHER + 1] = { false };
    while (!document->foreign && (fault = xlu_next(&xlu, &at)) != XLU_NONE) {
        bool whole = is_about_the_file(fault);
        while (statement && statement->at.to < at.from)
            statement = statement->next;
        bool python = statement && statement->at.from <= at.from &&
                      statement->kind != STATEMENT_USB; // reported by the parser
        bool known = whole ? reported[fault]
                           : python || diags_within(diags, source, line_at(source->text, at));
        reported[fault] = true;
        if (!known)
            diag_hint(diags,
                      complain(diags, SEVERITY_WARNING, CODE_UNSUPPORTED, source, at,
                               whole ? "xl cannot read the file as it is" : "xl cannot read this"),
                      "%s", hint_of(fault, source->text, at));
    }
}

// Makes an error of what is only a warning as long as xl need not read the file.
static void report_version(const struct writing *writing)
{
    struct span at = writing->document->config->domain.version_at;
    if (span_is_none(at))
        return;
    diags_settle(writing->diags, writing->document->source, at);
    diag_hint(writing->diags, write_error(writing, at, "xl does not know this QEMU"),
              "write device_model_version = \"qemu-xen\"");
}

void xlu_check(const struct writing *writing, const struct rewrite *rewrite, struct text result)
{
    report_version(writing);
    struct xlu_checking xlu_checking = { .writing = writing,
                                         .edit = rewrite->first,
                                         .statement = writing->document->statements };
    struct xlu xlu = { result, 0 };
    struct span where = SPAN_NONE;
    enum xlu_fault fault;
    while ((fault = xlu_next(&xlu, &where)) != XLU_NONE) {
        struct span at = place_in_source(&xlu_checking, where);
        bool whole = is_about_the_file(fault);
        const struct statement *python = whole ? NULL : python_at(&xlu_checking, at);
        if (python && python != xlu_checking.computed)
            report_python(&xlu_checking, python, at);
        else if (!python && !(whole && xlu_checking.reported[fault]))
            report(&xlu_checking, fault, at);
        xlu_checking.computed = python && python->kind == STATEMENT_COMPUTED ? python : NULL;
        xlu_checking.reported[fault] = true;
    }
}
