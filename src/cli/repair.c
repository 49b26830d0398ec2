// SPDX-License-Identifier: MIT
#include "doctor/repair.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "command.h"
#include "envelope.h"
#include "table.h"

enum { LINE_SHOWN = 600 };

// What a problem is called in JSON. Scripts rely on that, so it never changes.
static const char *const kinds[] = {
    [PROBLEM_CONTROLLER] = "stale-controller",
    [PROBLEM_BUSID] = "stale-busid",
    [PROBLEM_DEVICE] = "stale-device",
    [PROBLEM_NOTE] = "stale-note",
    [PROBLEM_FOREIGN] = "foreign-notes",
    [PROBLEM_PORT] = "unrecorded-port",
    [PROBLEM_UNKNOWN_CONTROLLER] = "unrecorded-controller",
    [PROBLEM_UNKNOWN_DEVICE] = "unrecorded-device",
    [PROBLEM_SAVED] = "incomplete-saved-config",
    [PROBLEM_JOURNAL] = "unfinished-command",
    [PROBLEM_DEAD_NOTES] = "dead-notes",
    [PROBLEM_PARTIAL] = "partial-controller",
    [PROBLEM_HANDOVER] = "partial-handover",
    [PROBLEM_ORPHAN] = "device-without-driver",
};

// The same of its state.
static const char *const states[] = {
    [PROBLEM_FOUND] = "to fix",
    [PROBLEM_FIXED] = "fixed",
    [PROBLEM_LEFT] = "not fixed",
    [PROBLEM_GONE] = "no longer there",
};

static const char *owner(struct arena *arena, const struct problem *problem)
{
    return problem->domain < 0 ? "this host"
                               : arena_printf(arena, "%s (%d)", problem->name, problem->domain);
}

// "+" where a record or a driver is added, "-" where something is removed, "?" where nothing is
// done because not everything could be examined.
static const char *sign(const struct problem *problem)
{
    if (problem->alone)
        return "?";
    switch (problem->kind) {
    case PROBLEM_HANDOVER:
    case PROBLEM_ORPHAN:
    case PROBLEM_UNKNOWN_CONTROLLER:
    case PROBLEM_UNKNOWN_DEVICE:
    case PROBLEM_SAVED: return "+";
    default: return "-";
    }
}

static unsigned to_fix(const struct problems *problems)
{
    unsigned count = 0;
    for (const struct problem *at = problems->first; at; at = at->next)
        count += at->state == PROBLEM_FOUND;
    return count;
}

static void print_plan(struct arena *arena, const struct problems *problems)
{
    static const struct column columns[] = { { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT } };
    struct table *table = table_new(arena, columns, 3);
    for (const struct problem *at = problems->first; at; at = at->next) {
        const char *cells[] = { arena_printf(arena, "  %s %s", sign(at), at->what),
                                owner(arena, at), at->why };
        table_row(table, cells);
    }
    table_print(table, stdout);
    if (to_fix(problems))
        printf("Plan: %u to fix.\n", to_fix(problems));
    fflush(stdout);
}

static void print_problem(void *context, const struct problem *problem)
{
    struct arena *arena = context;
    const char *line = arena_printf(arena, "%s, %s: %s%s%s", problem->what, owner(arena, problem),
                                    states[problem->state], problem->failure ? ": " : "",
                                    problem->failure ? problem->failure : "");
    puts(text_show(arena, text_of(line), LINE_SHOWN));
    fflush(stdout);
}

static void write_json(const struct invocation *invocation, const struct problems *problems)
{
    struct arena *arena = invocation->arena;
    static const struct column columns[] = {
        { NULL, "domain", COLUMN_TEXT }, { NULL, "domid", COLUMN_NUMBER },
        { NULL, "what", COLUMN_TEXT },   { NULL, "why", COLUMN_TEXT },
        { NULL, "state", COLUMN_TEXT },  { NULL, "reason", COLUMN_TEXT },
        { NULL, "kind", COLUMN_TEXT },   { NULL, "controller", COLUMN_TEXT },
        { NULL, "busid", COLUMN_TEXT },
    };
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct table *table = table_new(arena, columns, COLUMNS);
    for (const struct problem *at = problems->first; at; at = at->next) {
        const char *busid = at->device ? device_busid(at->device) : at->frees ? at->frees : "";
        const char *cells[COLUMNS] = { at->domain < 0 ? NULL : at->name,
                                       at->domain < 0 ? NULL
                                                      : arena_printf(arena, "%d", at->domain),
                                       at->what,
                                       at->why,
                                       states[at->state],
                                       at->failure,
                                       kinds[at->kind],
                                       at->controller ? at->controller->name : NULL,
                                       *busid ? busid : NULL };
        table_row(table, cells);
    }
    table_write_json(table, envelope_list(invocation, "problems"));
}

// `complete`: everything could be examined. `resumed`: so many killed commands were completed or
// undone before.
static void print_outcome(const struct problems *problems, bool dry_run, bool complete,
                          unsigned resumed)
{
    unsigned fixed = 0, left = 0, alone = 0;
    for (const struct problem *at = problems->first; at; at = at->next) {
        fixed += at->state == PROBLEM_FIXED;
        left += at->state == PROBLEM_LEFT || at->state == PROBLEM_FOUND;
        alone += at->alone;
    }
    if (alone && problems->count == alone)
        printf("Nothing was fixed: %u left alone, as not everything could be examined.\n", alone);
    else if (!problems->count && complete && resumed)
        puts("Nothing else to fix.");
    else if (!problems->count)
        puts(complete ? "Nothing to fix."
                      : "Found nothing to fix, but not everything could be examined.");
    else if (dry_run)
        puts("Dry run: nothing was changed.");
    else if (left)
        printf("Done: %u fixed, %u not fixed.\n", fixed, left);
    else
        printf("Done: %u fixed.\n", fixed);
}

static bool changed_something(const struct problems *problems, unsigned resumed)
{
    const struct problem *at = problems->first;
    while (at && at->state != PROBLEM_FIXED)
        at = at->next;
    return at || resumed;
}

static enum status run_repair(const struct invocation *invocation)
{
    const struct world_options world = options_for_world(invocation);
    const struct doctor_options options = {
        .arena = invocation->arena,
        .diags = invocation->diags,
        .domain = invocation->count ? invocation->words[0] : NULL,
        .forget = invocation->given & OPTION_FORGET,
        .verb = world.verb,
        .command = world.command,
        .timeout_scale = invocation->timeout_scale,
        .undo_scale = invocation->undo_scale,
    };
    bool json = invocation->given & OPTION_JSON;
    bool silent = json || invocation->given & OPTION_QUIET;
    bool dry_run = invocation->given & OPTION_DRY_RUN;
    cleanup_repair struct repair repair = {
        .options = &options,
        .on_problem = silent ? NULL : print_problem,
        .context = invocation->arena,
    };
    enum status status = repair_open(&repair);
    if (status != STATUS_OK && options.domain)
        return status;
    unsigned resumed = dry_run ? 0 : repair_resume(&repair);
    status = status_worse(status, repair_find(&repair));
    if (shortage_check(invocation->diags) != STATUS_OK)
        return STATUS_FAILED;
    if (!silent)
        print_plan(invocation->arena, &repair.problems);
    if (to_fix(&repair.problems) && !dry_run)
        status = status_worse(status, repair_run(&repair));
    if (changed_something(&repair.problems, resumed))
        envelope_changed(invocation);
    if (json)
        write_json(invocation, &repair.problems);
    else if (!silent)
        print_outcome(&repair.problems, dry_run, status == STATUS_OK, resumed);
    return status;
}

const struct command repair_command = {
    .name = "repair",
    .arguments = "[DOMAIN]",
    .summary = "Fix the stale records and orphaned devices that doctor reports.",
    .details = "Shows what it will do, looks again and then changes only what is still wrong:\n"
               "removes records of what QEMU no longer has, adds those that are missing, and lets\n"
               "the kernel bind drivers to devices that nothing uses.",
    .options = OPTION_DRY_RUN | OPTION_FORGET | OPTION_JSON | OPTION_QUIET | OPTION_TIMEOUT,
    .json = "problems",
    .least = 0,
    .most = 1,
    .run = run_repair,
};
