// SPDX-License-Identifier: MIT
#include "xlu_check.h"

#include "write.h"
#include "xlu.h"

// Troubles come in the order of the result, so both lists are walked once.
struct xlu_checking {
    const struct writing *writing;
    const struct edit *edit;           // the first that may hold the next place
    uint32_t done_source, done_output; // behind the edits before it
    const struct statement *statement; // the first that may hold the next place
    const struct statement *computed;  // that was complained of as a whole
    bool said[XLU_OTHER + 1];
};

// Where a place of the output comes from.
static struct span place_in_source(struct xlu_checking *xlu_checking, struct span at)
{
    for (const struct edit *edit; (edit = xlu_checking->edit); xlu_checking->edit = edit->next) {
        uint32_t begin = xlu_checking->done_output + (edit->at.from - xlu_checking->done_source);
        uint32_t end = begin + (uint32_t)(edit->lines.size + edit->by.size);
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

// The statement around a place of the source, if it is one that only Python can run.
static const struct statement *python_at(struct xlu_checking *xlu_checking, struct span at)
{
    while (xlu_checking->statement && xlu_checking->statement->at.to < at.from)
        xlu_checking->statement = xlu_checking->statement->next;
    const struct statement *found = xlu_checking->statement;
    return found && found->at.from <= at.from && found->kind != STATEMENT_USB ? found : NULL;
}

static void complain_of_python(const struct xlu_checking *xlu_checking,
                               const struct statement *statement, struct span at)
{
    const struct writing *writing = xlu_checking->writing;
    const struct source *source = writing->document->source;
    struct text value = text_part(source->text, statement->value_at.from, statement->value_at.to);
    diags_settle(writing->diags, source, statement->at);
    if (statement->kind == STATEMENT_PYTHON)
        diag_hint(writing->diags, write_error(writing, at, "xl runs no Python"),
                  "write out what it comes to: key = value");
    else if (text_is_bare(value))
        diag_hint(writing->diags,
                  write_error(writing, statement->value_at,
                              "xl reads no string without quotes around it"),
                  "write '%.*s'", (int)value.size, value.at);
    else
        diag_hint(writing->diags, write_error(writing, statement->value_at, "xl computes nothing"),
                  "write out what it comes to");
}

static bool is_about_the_file(enum xlu_trouble trouble)
{
    return trouble == XLU_BOM || trouble == XLU_LINE_END || trouble == XLU_LAST_COMMENT;
}

// Python's own words, and Oracle's keys, are what real files have of what is not plain data.
static const char *hint_of_word(struct text word)
{
    if (text_starts(word, "True") || text_starts(word, "False"))
        return "write 1 or 0";
    if (word.size && *word.at >= 'A' && *word.at <= 'Z')
        return "it knows no word with a capital: make the line a comment";
    return "it reads key = 'string', key = number, and lists of them";
}

static void complain_of(const struct xlu_checking *xlu_checking, enum xlu_trouble trouble,
                        struct span at)
{
    static const char *const hints[XLU_OTHER] = {
        [XLU_BOM] = "take the byte order mark away",
        [XLU_LINE_END] = "change the line ends of the file, as dos2unix does",
        [XLU_LAST_COMMENT] = "end the last line",
        [XLU_ESCAPE] = "write it without the backslash",
    };
    const struct writing *writing = xlu_checking->writing;
    if (!is_about_the_file(trouble))
        diags_settle(writing->diags, writing->document->source, at);
    diag_hint(writing->diags,
              is_about_the_file(trouble)
                  ? write_warning(writing, at, "xl does not read this file as it is")
                  : write_error(writing, at, "xl does not read this"),
              "%s",
              trouble == XLU_OTHER
                  ? hint_of_word(text_part(writing->document->source->text, at.from, SIZE_MAX))
                  : hints[trouble]);
}

void xlu_judge(const struct writing *writing, const struct rewrite *rewrite, struct text result)
{
    struct xlu_checking xlu_checking = { .writing = writing,
                                         .edit = rewrite->first,
                                         .statement = writing->document->statements };
    struct xlu xlu = { result, 0 };
    struct span where = SPAN_NONE;
    enum xlu_trouble trouble;
    while ((trouble = xlu_next(&xlu, &where)) != XLU_NONE) {
        struct span at = place_in_source(&xlu_checking, where);
        bool whole = is_about_the_file(trouble);
        const struct statement *python = whole ? NULL : python_at(&xlu_checking, at);
        if (python && python != xlu_checking.computed)
            complain_of_python(&xlu_checking, python, at);
        else if (!python && !(whole && xlu_checking.said[trouble]))
            complain_of(&xlu_checking, trouble, at);
        xlu_checking.computed = python && python->kind == STATEMENT_COMPUTED ? python : NULL;
        xlu_checking.said[trouble] = true;
    }
}
