// SPDX-License-Identifier: MIT
#include "doctor/doctor.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "command.h"
#include "envelope.h"
#include "table.h"

static const struct column columns[] = {
    { NULL, "domain", COLUMN_TEXT }, { "", "question", COLUMN_TEXT },
    { "", "answer", COLUMN_STATE },  { "", "evidence", COLUMN_TEXT },
    { NULL, "fix", COLUMN_TEXT },    { NULL, "attention", COLUMN_FLAG },
};
enum {
    COLUMNS = sizeof columns / sizeof *columns,
    SHOWN = 400, // bytes of evidence
};

// The evidence is cut rather than a command.
static const char *with_fix(struct arena *arena, const struct finding *finding)
{
    return arena_printf(arena, "%s -> %s", text_show(arena, text_of(finding->evidence), SHOWN),
                        finding->fix);
}

static enum tone tone_of(const struct finding *finding)
{
    if (finding->attention)
        return TONE_BAD;
    return finding->answer == VERDICT_YES ? TONE_GOOD : TONE_PLAIN;
}

// In JSON, where "cannot know" is one word.
static const char *const answers[] = {
    [VERDICT_NO] = "no",
    [VERDICT_YES] = "yes",
    [VERDICT_UNKNOWN] = "unknown",
};

static void print(const struct invocation *invocation, const struct findings *findings)
{
    struct arena *arena = invocation->arena;
    bool json = invocation->given & OPTION_JSON;
    struct table *table = table_new(arena, columns, COLUMNS);
    for (const struct finding *at = findings->first; at; at = at->next) {
        const char *evidence = json || !at->fix ? at->evidence : with_fix(arena, at);
        const char *cells[COLUMNS] = {
            at->domain, at->question, json ? answers[at->answer] : verdict_name(at->answer),
            evidence,   at->fix,      at->attention ? "" : NULL,
        };
        table_row(table, cells);
        table_set_tone(table, tone_of(at));
    }
    if (json) {
        table_write_json(table, envelope_list(invocation, "findings"));
        return;
    }
    table_print_as(table, &(const struct table_layout){ .color = invocation->color_output },
                   stdout);
    if (!findings->attention)
        puts("Nothing needs attention.");
    else
        printf("%u thing%s attention.\n", findings->attention,
               findings->attention == 1 ? " needs" : "s need");
}

static enum status run_doctor(const struct invocation *invocation)
{
    const struct doctor_options options = {
        .arena = invocation->arena,
        .diags = invocation->diags,
        .domain = invocation->count ? invocation->words[0] : NULL,
        .timeout_scale = invocation->timeout_scale,
    };
    struct findings findings;
    enum status status = doctor_run(&options, &findings);
    if (status == STATUS_REQUEST)
        return status;
    if (shortage_check(invocation->diags) != STATUS_OK)
        return STATUS_FAILED;
    print(invocation, &findings);
    return status == STATUS_OK && findings.attention ? STATUS_CHANGES : status;
}

const struct command doctor_command = {
    .name = "doctor",
    .arguments = "[DOMAIN]",
    .summary = "Report what this host and its domains support, and what is wrong with them.",
    .details = "Every answer comes with its evidence, and \"cannot know\" where there is none.\n"
               "Changes nothing. Exits with 10 if something needs attention.",
    .options = OPTION_JSON | OPTION_TIMEOUT,
    .json = "findings",
    .least = 0,
    .most = 1,
    .run = run_doctor,
};
