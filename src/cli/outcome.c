// SPDX-License-Identifier: MIT
#include "outcome.h"

#include "base/arena.h"
#include "base/json.h"

void outcome_print(const struct invocation *invocation, const struct outcome *outcome)
{
    struct arena *arena = invocation->arena;
    if (outcome->command.count) {
        printf("%s\n", advice_line(arena, &outcome->command));
    } else if (!outcome->in_place) {
        fwrite(outcome->output.at, 1, outcome->output.size, stdout);
    } else {
        const char *path = text_show(arena, text_of(invocation->words[0]), 1024);
        if (outcome->unchanged)
            printf("%s: nothing to change\n", path);
        else
            printf("%s: translated; the old file is %s.bak\n", path, path);
    }
}

static void write_words(struct json_writer *json, const struct advice_command *command)
{
    if (!command->count) {
        json_put_null(json);
        return;
    }
    json_open_array(json);
    for (size_t i = 0; i < command->count; i++)
        json_put_text(json, text_of(command->words[i]));
    json_close(json);
}

static void write_output(struct json_writer *json, const struct outcome *outcome)
{
    json_key(json, "output");
    if (outcome->output.at && !outcome->in_place)
        json_put_text(json, outcome->output);
    else
        json_put_null(json);
    json_key(json, "changed");
    if (outcome->output.at)
        json_put_bool(json, !outcome->unchanged);
    else
        json_put_null(json);
    json_add_string(json, "backup", outcome->backup);
}

enum status outcome_print_json(const struct invocation *invocation, const struct outcome *outcome,
                               enum status status)
{
    struct outcome shown = *outcome;
    if (!outcome->in_place && outcome->output.at && !text_is_utf8(outcome->output)) {
        diag_hint(invocation->diags,
                  complain_error(invocation->diags,
                                 "the translation is not UTF-8, so JSON cannot hold it"),
                  "omit --json, or use --in-place");
        shown.output = TEXT_EMPTY;
        status = status_worse(status, STATUS_REQUEST);
    }
    struct json_writer *json = json_writer_to(invocation->arena, stdout, true);
    json_open_object(json);
    json_add_integer(json, "status", status);
    if (invocation->old_command) {
        json_key(json, "command");
        write_words(json, &shown.command);
    } else {
        json_add_string(json, "to", shown.to);
        write_output(json, &shown);
    }
    json_add_integer(json, "more_complaints", invocation->diags->dropped);
    json_key(json, "complaints");
    diags_write_json(invocation->diags, json);
    json_close(json);
    json_writer_end(json);
    return status;
}
