// SPDX-License-Identifier: MIT
// Finds the commands that xenusb's output suggests, for lib.sh and advice.test:
//
//     advicec rows           the names of the rows of the table
//     advicec find           each command in standard input: "ROW COMMAND", one per line
//     advicec check          reads a ledger, reports on stderr each suggestion that is not valid
//                            usage, and prints all: "NUMBER STATUS ROW COMMAND ARGUMENTS", with
//                            tabs
//
// A ledger has, for each run of xenusb, a line "\001NUMBER STATUS ARGUMENTS", the arguments quoted
// for bash, and then what it printed. A command ends with its line or before an unquoted ';' or
// ')', where a shell ends it too.
#include "base/arena.h"
#include "base/shell.h"
#include "base/source.h"
#include "cli/command.h"
#include "parser/parser.h"
#include "xen/advice.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 32 };

static struct arena *arena;
static unsigned faults;

// ---- a shell's words ----

// A command in a line of output.
struct found {
    enum advice_kind kind;
    struct text text; // as printed
    const char *words[WORDS_MAX];
    size_t count;
    bool odd; // a shell would not take it as one simple command
};

// Appends what is quoted at `from`, and returns the offset after it; SIZE_MAX if the quote is open.
static size_t read_quoted(struct buffer *word, struct text text, size_t from)
{
    static const char call[] = "\"$(printf '";
    struct text rest = text_part(text, from, text.size);
    if (text.at[from] == '\\' && from + 1 < text.size) {
        buffer_add(word, text_part(text, from + 1, from + 2));
        return from + 2;
    }
    bool printed = text_starts(rest, call);
    size_t open = from + (printed ? sizeof call - 1 : 1);
    size_t end = text_find(text, text.at[from] == '"' && !printed ? '"' : '\'', open);
    if (end == text.size)
        return SIZE_MAX;
    buffer_add(word, text_part(text, open, end)); // the octal escapes as they are
    return printed ? end + 3 : end + 1;
}

// Splits the text into words up to where a shell would end the command.
static void split(struct found *found)
{
    size_t at = 0;
    struct text text = found->text;
    while (at < text.size && !strchr(";)\n", text.at[at])) {
        struct buffer word = buffer_in(arena);
        buffer_add_string(&word, "");
        while (at < text.size && !strchr(" ;)\n", text.at[at])) {
            if (strchr("'\"\\", text.at[at])) {
                at = read_quoted(&word, text, at);
            } else {
                found->odd |= strchr("$`*?[]{}(<>|&#~!", text.at[at]) != NULL;
                buffer_add(&word, text_part(text, at, at + 1));
                at++;
            }
            if (at > text.size) {
                found->odd = true;
                return;
            }
        }
        if (found->count < WORDS_MAX)
            found->words[found->count++] = arena_strdup(arena, buffer_string(&word));
        while (at < text.size && text.at[at] == ' ')
            at++;
    }
    found->text = text_part(text, 0, at);
}

// ---- the rows ----

// What precedes the variable words of a row: "to remove it: xenusb controller remove".
static const char *head_of(const struct advice_row *row)
{
    size_t size = text_find(text_of(row->command), '%', 0);
    return arena_printf(arena, "%s: %.*s", row->purpose, (int)size, row->command);
}

// Whether the text continues as another row does, as "repair D" continues "repair".
static bool is_longer(const char *head, const char *rest)
{
    size_t size = strlen(head);
    for (int kind = 0; kind < ADVICE_KINDS && *rest == ' '; kind++)
        if (strncmp(head_of(&advice_rows[kind]), head, size) == 0 &&
            head_of(&advice_rows[kind])[size] == ' ')
            return true;
    return false;
}

// Calls `take` for each command of a row in the text, which ends with a line feed.
static void find(struct text text, void (*take)(struct found *found, void *context), void *context)
{
    for (int kind = 0; kind < ADVICE_KINDS; kind++) {
        const struct advice_row *row = &advice_rows[kind];
        const char *head = head_of(row);
        struct text rest = text;
        char *at;
        while ((at = memmem(rest.at, rest.size, head, strlen(head)))) {
            bool other = is_longer(head, at + strlen(head));
            at += strlen(row->purpose) + 2;
            rest = text_part(text, (size_t)(at - text.at), text.size);
            if (other)
                continue;
            struct found found = { .kind = (enum advice_kind)kind };
            found.text = text_part(rest, 0, text_find(rest, '\n', 0));
            split(&found);
            take(&found, context);
        }
    }
}

static void print_found(struct found *found, void *context)
{
    (void)context;
    printf("%s %.*s\n", advice_rows[found->kind].name, (int)found->text.size, found->text.at);
}

// ---- the ledger ----

// A run of xenusb.
struct entry {
    const char *number;
    const char *status;
    const char *arguments;
};

static void fault(const struct found *found, const char *run, const char *why)
{
    fprintf(stderr, "xenusb %s\n  printed: %.*s\n  but: %s\n", run, (int)found->text.size,
            found->text.at, why);
    faults++;
}

static size_t words_in(const char *row)
{
    size_t count = 1;
    for (; *row; row++)
        count += *row == ' ';
    return count;
}

// Whether it has as many words as its row, so that what follows it in the line is not part of it.
static bool has_row_length(const struct found *found)
{
    size_t count = found->count;
    for (size_t i = 0; i < found->count; i++)
        count -= strcmp(found->words[i], "--qmp") == 0 || strcmp(found->words[i], "--") == 0;
    return count == words_in(advice_rows[found->kind].command);
}

static const char *first_of(const struct diags *diags)
{
    return diags->first ? diags->first->message : "not valid";
}

// Compiles the specs of "attach" and the like. NULL, or what is wrong.
static const char *try_specs(struct diags *diags, const struct invocation *invocation)
{
    size_t skip = invocation->qmp ? 0 : 1;
    const char *verb = invocation->command->name;
    bool controller = strcmp(verb, "controller add") == 0;
    if (!controller && strcmp(verb, "attach") != 0 && strcmp(verb, "detach") != 0)
        return NULL;
    const struct source *source = source_from_words(
        arena, "<command line>", invocation->words + skip, invocation->count - skip);
    parse_specs(arena, diags, source, controller ? SPEC_CONTROLLER : SPEC_DEVICE);
    return diags->errors ? first_of(diags) : NULL;
}

// "--help", or "controller --help" for its two verbs.
static bool asks_for_help(const struct found *found)
{
    struct text word = text_of(found->words[1]);
    if (strcmp(found->words[found->count - 1], "--help") != 0)
        return false;
    for (size_t i = 0; i < COMMANDS && found->count == 3; i++)
        if (text_starts(text_of(commands[i]->name), arena_printf(arena, "%s ", word.at)))
            return true;
    return found->count == 2;
}

// Reads the command as main() does. NULL, or what is wrong.
static const char *try_command(const struct found *found)
{
    struct diags diags;
    diags_init(&diags, arena);
    struct invocation invocation = { .arena = arena, .diags = &diags, .timeout_scale = 1.0 };
    enum status status = options_read(&invocation, found->words + 1, found->count - 1);
    if (!invocation.command)
        return asks_for_help(found) ? NULL : "there is no such verb";
    if (invocation.given & OPTION_HELP)
        return NULL;
    return status == STATUS_OK ? try_specs(&diags, &invocation) : first_of(&diags);
}

static void check_found(struct found *found, void *context)
{
    const struct entry *entry = context;
    const char *run = entry->arguments, *why = NULL;
    if (found->odd)
        why = "a shell would read more than one simple command";
    else if (!has_row_length(found))
        why = "it has other words than its row";
    else if (found->count > 1 && strcmp(found->words[0], "xenusb") == 0)
        why = try_command(found);
    if (why)
        fault(found, run, why);
    else
        printf("%s\t%s\t%s\t%.*s\t%s\n", entry->number, entry->status,
               advice_rows[found->kind].name, (int)found->text.size, found->text.at, run);
}

static struct text read_all(FILE *stream)
{
    char chunk[4096];
    struct buffer all = buffer_in(arena);
    for (size_t size; (size = fread(chunk, 1, sizeof chunk, stream)) > 0;)
        buffer_add(&all, (struct text){ chunk, size });
    buffer_add_string(&all, "\n");
    return buffer_text(&all);
}

// JSON with each string on lines of its own, without its escapes.
static struct text strings_of(struct text json)
{
    struct buffer lines = buffer_in(arena);
    for (size_t i = 0; i < json.size; i++) {
        bool escape = json.at[i] == '\\' && i + 1 < json.size;
        if (json.at[i] == '"')
            buffer_add_string(&lines, "\n");
        else
            buffer_add(&lines, text_part(json, i + escape, i + escape + 1));
        i += escape;
    }
    return buffer_text(&lines);
}

// What "translate --command" prints is a command without a purpose.
static void check_translation(const char *run, struct text printed)
{
    struct found found = { .text = text_part(printed, 1, text_find(printed, '\n', 1)) };
    if (!strstr(run, "--command") || !text_starts(found.text, "xenusb "))
        return;
    split(&found);
    const char *why =
        found.odd ? "a shell would read more than one simple command" : try_command(&found);
    if (why)
        fault(&found, run, why);
}

// ---- options ----

static void blank_out(struct found *found, void *context)
{
    char *printed = context;
    memset(printed + (found->text.at - printed), ' ', found->text.size);
}

static bool has_option(const struct command *command, const char *option)
{
    struct diags diags;
    diags_init(&diags, arena);
    struct invocation invocation = { .arena = arena, .diags = &diags };
    // The verb may be two words, which are separate arguments.
    char *name = arena_strdup(arena, command->name), *rest = NULL;
    const char *words[3] = { strtok_r(name, " ", &rest) };
    words[1] = strtok_r(NULL, " ", &rest);
    size_t count = words[1] ? 2 : 1;
    words[count++] = arena_printf(arena, "%s=1", option);
    options_read(&invocation, words, count);
    return !strstr(first_of(&diags), "has no option");
}

// Whether it is one of another program, or in bash's report of a process that was killed.
static bool is_foreign(const char *printed, const char *at)
{
    static const char *const others[] = { "xm list ", "systemctl enable " };
    const char *line = memrchr(printed, '\n', (size_t)(at - printed));
    size_t before = (size_t)(at - (line ? line : printed));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t size = strlen(others[i]);
        if (before > size && memcmp(at - size, others[i], size) == 0)
            return true;
    }
    return memmem(at - before, before, ": line ", 7);
}

static bool any_has_option(const char *option)
{
    const struct command *const *at = commands;
    while (*at && !has_option(*at, option))
        at++;
    return *at != NULL;
}

// An option that a message names, outside of any command, is one of the verb that printed it. What
// "explain" explains is of any verb.
static void check_options(const char *run, struct text printed)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    size_t used = 0;
    char *words = arena_strdup(arena, run), *rest = NULL;
    const char *verb[2] = { strtok_r(words, " ", &rest), strtok_r(NULL, " ", &rest) };
    const struct command *command = verb[1] ? command_find(verb, 2, &used) : NULL;
    char *copy = arena_copy(arena, printed.at, printed.size);
    find((struct text){ copy, printed.size }, blank_out, copy);
    if (!command || strstr(copy, "usage: "))
        return;
    for (char *at = copy; (at = strstr(at, "--")); at++) {
        size_t size = strspn(at, letters);
        const char *option = arena_copy(arena, at, size);
        bool starts = at == copy || strchr(" \n'(", at[-1]);
        bool known =
            command == &explain_command ? any_has_option(option) : has_option(command, option);
        if (!starts || size < 4 || strstr(run, option) || known || is_foreign(copy, at))
            continue;
        struct found found = { .text = { option, size } };
        fault(&found, run, "this verb has no such option");
    }
}

static bool text_has(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part));
}

static void check(struct text ledger)
{
    for (size_t from = 0, to; from < ledger.size; from = to) {
        to = text_find(ledger, '\001', from + 1);
        struct text record = text_part(ledger, from + 1, to);
        size_t line = text_find(record, '\n', 0);
        char *rest = arena_copy(arena, record.at, line);
        struct entry entry = { .number = strsep(&rest, " "), .status = strsep(&rest, " ") };
        const char *run = entry.arguments = rest ? rest : "";
        struct text printed = text_part(record, line, record.size);
        check_translation(run, printed);
        if (strstr(run, "--json") || text_has(printed, "\"version\": 1,"))
            printed = strings_of(printed);
        find(printed, check_found, &entry);
        check_options(run, printed);
    }
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    arena = arena_new(4096);
    if (!arena)
        return 1;
    if (strcmp(verb, "rows") == 0)
        for (int kind = 0; kind < ADVICE_KINDS; kind++)
            puts(advice_rows[kind].name);
    else if (strcmp(verb, "find") == 0)
        find(read_all(stdin), print_found, NULL);
    else if (strcmp(verb, "check") == 0)
        check(read_all(stdin));
    else
        return 2;
    arena_free(arena);
    return faults > 0;
}
