// SPDX-License-Identifier: MIT
#include "preamble.h"

#include "base/arena.h"
#include "base/buffer.h"

// A variable that a statement has assigned a known value to.
struct variable {
    struct variable *next;
    struct text name, value;
};

struct preamble {
    struct arena *arena;
    const struct document *document;
    struct variable *variables;
};

// --- tokens ---

static bool is_word(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
           (letter >= '0' && letter <= '9');
}

static struct text skip_blanks(struct text text)
{
    while (text.size && (*text.at == ' ' || *text.at == '\t'))
        text = text_part(text, 1, text.size);
    return text;
}

// Removes leading blanks and a token from a text; false, without a change, if the text does not
// begin with that token.
static bool take(struct text *text, const char *word)
{
    struct text rest = skip_blanks(*text);
    if (!text_starts(rest, word))
        return false;
    *text = text_part(rest, strlen(word), rest.size);
    return true;
}

static bool take_name(struct text *text, struct text *name)
{
    struct text rest = skip_blanks(*text);
    size_t size = 0;
    while (size < rest.size && is_word(rest.at[size]))
        size++;
    *name = text_part(rest, 0, size);
    *text = text_part(rest, size, rest.size);
    return size && *name->at > '9'; // letters and '_' come behind digits
}

// Takes a quoted string off the text; false if it contains escapes, line ends or single quotes.
static bool take_string(struct text *text, struct text *value)
{
    struct text rest = skip_blanks(*text);
    if (!rest.size || (*rest.at != '\'' && *rest.at != '"'))
        return false;
    size_t end = text_find(rest, *rest.at, 1);
    *value = text_part(rest, 1, end);
    *text = text_part(rest, end + 1, rest.size);
    return end < rest.size && text_find(*value, '\\', 0) == value->size &&
           text_find(*value, '\n', 0) == value->size && text_find(*value, '\'', 0) == value->size;
}

// Whether only blanks, a carriage return or a comment are left.
static bool at_line_end(struct text text)
{
    text = skip_blanks(text);
    return !text.size || *text.at == '#' || *text.at == '\r';
}

// --- values ---

static const struct variable *variable_of(const struct preamble *preamble, struct text name)
{
    const struct variable *at = preamble->variables;
    while (at && !text_same(at->name, name))
        at = at->next;
    return at;
}

static void set(struct preamble *preamble, struct text name, struct text value)
{
    struct variable *variable = arena_new_of(preamble->arena, struct variable);
    *variable = (struct variable){ preamble->variables, name, value };
    preamble->variables = variable;
}

// Takes os.uname()[4]; some old copies lack the parentheses.
static bool take_machine(struct text *text)
{
    if (!take(text, "os.uname"))
        return false;
    if (take(text, "("))
        take(text, ")");
    return take(text, "[") && take(text, "4") && take(text, "]");
}

// Evaluates a sum of strings and known variables; false if there is anything else.
static bool evaluate(const struct preamble *preamble, struct text text, struct text *value)
{
    const char *sum = "";
    do {
        struct text part = TEXT_EMPTY, name;
        if (take_machine(&text)) {
            part = text_of("x86_64");
        } else if (!take_string(&text, &part)) {
            const struct variable *variable =
                take_name(&text, &name) ? variable_of(preamble, name) : NULL;
            if (!variable)
                return false;
            part = variable->value;
        }
        sum = arena_printf(preamble->arena, "%s%.*s", sum, (int)part.size, part.at);
    } while (take(&text, "+"));
    *value = text_of(sum);
    return at_line_end(text);
}

// The assignment as xl can read it; records the variable. NULL if the value cannot be evaluated.
static const char *assign(struct preamble *preamble, struct text text)
{
    struct text name, value;
    if (!take_name(&text, &name) || !take(&text, "=") || !evaluate(preamble, text, &value))
        return NULL;
    set(preamble, name, value);
    return arena_printf(preamble->arena, "%.*s = '%.*s'", (int)name.size, name.at, (int)value.size,
                        value.at);
}

// --- statements ---

static bool is_import(struct text text)
{
    if (!take(&text, "import ") && !take(&text, "from "))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_word(text.at[i]) && !strchr(" \t,.", text.at[i]))
            return false;
    return true;
}

// Takes "if re.search('64', arch):" and sets *holds to its result; false for any other condition.
static bool take_condition(const struct preamble *preamble, struct text *text, bool *holds)
{
    struct text pattern, name;
    if (!take(text, "if") || !take(text, "re.search") || !take(text, "(") ||
        !take_string(text, &pattern) || !take(text, ",") || !take_name(text, &name) ||
        !take(text, ")") || !take(text, ":") || !pattern.size)
        return false;
    const struct variable *variable = variable_of(preamble, name);
    for (size_t i = 0; i < pattern.size; i++)
        if (!is_word(pattern.at[i]))
            return false; // not a plain string, but a regular expression
    *holds = variable &&
             memmem(variable->value.at, variable->value.size, pattern.at, pattern.size) != NULL;
    return variable != NULL;
}

// Evaluates an if statement whose branches are assignments: returns those that it makes, one a
// line, or NULL if it cannot be evaluated.
static const char *choose(struct preamble *preamble, struct text text)
{
    struct buffer chosen = buffer_in(preamble->arena);
    const char *line_end = "\n";
    bool holds = false, in_else = false;
    if (!take_condition(preamble, &text, &holds) ||
        !at_line_end(text_part(text, 0, text_find(text, '\n', 0))))
        return NULL;
    for (size_t from = text_find(text, '\n', 0) + 1; from < text.size;) {
        size_t to = text_find(text, '\n', from);
        struct text line = text_part(text, from, to);
        from = to + 1;
        if (line.size && line.at[line.size - 1] == '\r')
            line_end = "\r\n";
        struct text rest = line;
        if (at_line_end(line))
            continue;
        if (!in_else && take(&rest, "else") && take(&rest, ":") && at_line_end(rest)) {
            in_else = true;
            continue;
        }
        struct text name, value;
        rest = line;
        if (!take_name(&rest, &name) || !take(&rest, "=") || !evaluate(preamble, rest, &value))
            return NULL;
        if (holds != in_else)
            buffer_join(&chosen, line_end, "%s", assign(preamble, line));
    }
    return buffer_string(&chosen);
}

void preamble_resolve(struct arena *arena, struct diags *diags, const struct document *document)
{
    struct preamble preamble = { arena, document, NULL };
    for (struct statement *at = document->statements; at; at = at->next) {
        struct text text = text_part(document->source->text, at->at.from, at->at.to);
        if (at->kind == STATEMENT_USB)
            continue;
        if (at->kind == STATEMENT_COMPUTED)
            at->resolved = assign(&preamble, text);
        else if (at->kind == STATEMENT_BUILDER)
            at->resolved = "builder = 'generic'";
        else
            at->resolved = is_import(text) ? "" : choose(&preamble, text);
        if (at->resolved)
            diags_settle(diags, document->source, at->at);
    }
}
