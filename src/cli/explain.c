// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/json.h"
#include "base/suggest.h"
#include "envelope.h"
#include "explanations.h"
#include "terminal.h"

#include <unistd.h>

enum { LEAST_WIDTH = 40, USUAL_WIDTH = 80, MOST_WIDTH = 100 };

// Lines of at most `width` columns, each indented.
static void print_paragraph(struct text words, size_t width)
{
    static const char indent[] = "  ";
    size_t column = 0;
    for (size_t at = 0, end; at < words.size; at = end + 1) {
        end = text_find(words, ' ', at);
        const struct text word = text_part(words, at, end);
        const size_t more = text_width(word) + 1;
        const bool first = column == 0, fits = column + more <= width;
        column = first || !fits ? sizeof indent - 1 + more - 1 : column + more;
        printf("%s%.*s", first ? indent : fits ? " " : "\n  ", (int)word.size, word.at);
    }
    putchar('\n');
}

// The commands that it has.
static size_t count_helps(const struct explanation *explanation)
{
    size_t count = 0;
    while (count < EXPLAINED_COMMANDS && explanation->helps[count] != HELP_NONE)
        count++;
    return count;
}

static void print_one(enum diag_code code)
{
    const struct explanation *explanation = &explanations[code];
    const struct text text = text_of(explanation->text);
    size_t width = terminal_width(STDOUT_FILENO);
    width = width ? width : USUAL_WIDTH;
    width = width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
    printf("%s: %s\n", diag_code_name(code), explanation->summary);
    for (size_t at = 0, end; at < text.size; at = end + 1) {
        end = text_find(text, '\n', at);
        putchar('\n');
        print_paragraph(text_part(text, at, end), width);
    }
    for (size_t i = 0; i < count_helps(explanation); i++) {
        const struct explained_command *row = &explained_commands[explanation->helps[i]];
        printf("%s  %s:\n    %s\n", i ? "" : "\n", row->purpose, row->command);
    }
}

static void print_all(void)
{
    enum { NAME_COLUMNS = 19 };
    for (unsigned code = 0; code < DIAG_CODES; code++)
        printf("%-*s %s\n", NAME_COLUMNS, diag_code_name(code), explanations[code].summary);
}

static void write_json(struct json_writer *json, enum diag_code code)
{
    const struct explanation *explanation = &explanations[code];
    json_open_object(json);
    json_add_string(json, "code", diag_code_name(code));
    json_add_string(json, "summary", explanation->summary);
    json_key(json, "text");
    json_open_array(json);
    const struct text text = text_of(explanation->text);
    for (size_t at = 0, end; at < text.size; at = end + 1) {
        end = text_find(text, '\n', at);
        json_put_text(json, text_part(text, at, end));
    }
    json_close(json);
    json_key(json, "commands");
    json_open_array(json);
    for (size_t i = 0; i < count_helps(explanation); i++) {
        const struct explained_command *row = &explained_commands[explanation->helps[i]];
        json_open_object(json);
        json_add_string(json, "purpose", row->purpose);
        json_add_string(json, "command", row->command);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

// The code of that name; DIAG_CODES after reporting that there is none.
static enum diag_code find_code(const struct invocation *invocation, struct text word)
{
    const char *names[DIAG_CODES + 1] = { NULL };
    for (unsigned code = 0; code < DIAG_CODES; code++) {
        names[code] = diag_code_name(code);
        if (text_is(word, names[code]))
            return code;
    }
    struct diag *diag = complain_error(invocation->diags, CODE_USAGE, "there is no code '%.*s'",
                                       (int)word.size, word.at);
    diag_suggest(invocation->diags, diag, word, names, "without a code, all are listed");
    return DIAG_CODES;
}

static enum status run_explain(const struct invocation *invocation)
{
    enum diag_code first = 0, last = DIAG_CODES - 1;
    if (invocation->count) {
        first = last = find_code(invocation, text_of(invocation->words[0]));
        if (first == DIAG_CODES)
            return STATUS_REQUEST;
    }
    if (invocation->given & OPTION_JSON)
        for (enum diag_code code = first; code <= last; code++)
            write_json(envelope_list(invocation, "codes"), code);
    else if (invocation->count)
        print_one(first);
    else
        print_all();
    return STATUS_OK;
}

const struct command explain_command = {
    .name = "explain",
    .arguments = "[CODE]",
    .summary = "Explain the code of an error, or list all codes.",
    .details = "Every error, warning and note has a code, which stays the same from version to\n"
               "version. Errors on a terminal are followed by the command that explains them;\n"
               "--json has the code of each.",
    .options = OPTION_JSON,
    .json = "codes[]",
    .least = 0,
    .most = 1,
    .run = run_explain,
};
