// SPDX-License-Identifier: MIT
#include "outcome.h"

#include "base/arena.h"
#include "base/json.h"
#include "envelope.h"

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
    json_open_array(json);
    for (size_t i = 0; i < command->count; i++)
        json_put_string(json, command->words[i]);
    json_close(json);
}

static void write_output(struct json_writer *json, const struct outcome *outcome)
{
    json_add_string(json, "to", outcome->to);
    json_key(json, "output");
    if (outcome->in_place)
        json_put_null(json);
    else
        json_put_text(json, outcome->output);
    json_add_bool(json, "differs", !outcome->unchanged);
    json_add_string(json, "backup", outcome->backup);
}

enum status outcome_write_json(const struct invocation *invocation, const struct outcome *outcome)
{
    if (!outcome->in_place && outcome->output.at && !text_is_utf8(outcome->output)) {
        diag_hint(invocation->diags,
                  complain_error(invocation->diags, CODE_UNSUPPORTED,
                                 "the translation is not UTF-8, so JSON cannot hold it"),
                  "omit --json, or use --in-place");
        return STATUS_REQUEST;
    }
    if (outcome->command.count) {
        write_words(envelope_value(invocation, "command"), &outcome->command);
        return STATUS_OK;
    }
    struct json_writer *json = envelope_value(invocation, "translation");
    json_open_object(json);
    write_output(json, outcome);
    json_close(json);
    return STATUS_OK;
}
