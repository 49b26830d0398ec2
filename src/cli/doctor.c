// SPDX-License-Identifier: MIT
#include "doctor/doctor.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "command.h"
#include "envelope.h"
#include "table.h"

static const struct column columns[] = {
    { NULL, "domain", COLUMN_TEXT },    { "", NULL, COLUMN_STATE },
    { "", "question", COLUMN_TEXT },    { "", "answer", COLUMN_TEXT },
    { "", "evidence", COLUMN_TEXT },    { NULL, "fix", COLUMN_TEXT },
    { NULL, "attention", COLUMN_FLAG },
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

// What an answer means, in a word.
enum judgement { FAILED, GOOD, NOT_SUPPORTED, NOT_KNOWN };

static enum judgement judge(const struct finding *finding)
{
    if (finding->attention)
        return FAILED;
    if (finding->answer == VERDICT_UNKNOWN)
        return NOT_KNOWN;
    return (finding->answer == VERDICT_NO) == finding->symptom ? GOOD : NOT_SUPPORTED;
}

static void add_row(const struct invocation *invocation, struct table *table,
                    const struct finding *finding)
{
    static const struct {
        const char *word;
        enum tone tone;
    } words[] = { [FAILED] = { "FAIL", TONE_BAD },
                  [GOOD] = { "ok", TONE_GOOD },
                  [NOT_SUPPORTED] = { "--", TONE_PLAIN },
                  [NOT_KNOWN] = { "?", TONE_PLAIN } };
    const enum judgement judgement = judge(finding);
    const bool json = invocation->given & OPTION_JSON;
    const char *cells[COLUMNS] = {
        finding->domain,
        words[judgement].word,
        finding->question,
        json ? verdict_word(finding->answer) : verdict_name(finding->answer),
        json || !finding->fix ? finding->evidence : with_fix(invocation->arena, finding),
        finding->fix,
        finding->attention ? "" : NULL,
    };
    table_row(table, cells);
    table_set_tone(table, words[judgement].tone);
}

static void print_count(const struct findings *findings, size_t hidden)
{
    if (!findings->attention)
        fputs("Nothing needs attention.", stdout);
    else
        printf("%u thing%s attention.", findings->attention,
               findings->attention == 1 ? " needs" : "s need");
    if (hidden)
        printf(" (-v: %zu more that %s checked)", hidden, hidden == 1 ? "was" : "were");
    putchar('\n');
}

// For people only what has failed or may be lost, unless they want all of it.
static void print(const struct invocation *invocation, const struct findings *findings)
{
    size_t hidden = 0;
    const bool all = invocation->given & (OPTION_JSON | OPTION_VERBOSE);
    struct table *table = table_new(invocation->arena, columns, COLUMNS);
    for (const struct finding *at = findings->first; at; at = at->next) {
        if (all || judge(at) == FAILED || at->notable)
            add_row(invocation, table, at);
        else
            hidden++;
    }
    if (invocation->given & OPTION_JSON) {
        table_write_json(table, envelope_list(invocation, "findings"));
        return;
    }
    table_print_as(table, &(const struct table_layout){ .color = invocation->color_output },
                   stdout);
    print_count(findings, hidden);
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
    .details = "Prints what has failed; with -v everything that was checked: ok, FAIL, -- (not\n"
               "supported), ? (cannot know). Every answer comes with its evidence.\n"
               "Changes nothing. Exits with 10 if something needs attention.",
    .options = OPTION_JSON | OPTION_TIMEOUT | OPTION_VERBOSE,
    .json = "findings",
    .least = 0,
    .most = 1,
    .run = run_doctor,
};
