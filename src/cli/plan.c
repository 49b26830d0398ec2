// SPDX-License-Identifier: MIT
#include "files.h"
#include "show.h"

static enum status plan_file(struct job *job)
{
    const struct invocation *invocation = job->invocation;
    enum status status = job_open(job, NULL, false);
    if (status != STATUS_OK)
        return status;
    status = job_plan(job);
    bool behind = status == STATUS_OK && job_catch_up(job, true);
    if (invocation->given & OPTION_JSON)
        job_write_steps(job);
    else if (!(invocation->given & OPTION_QUIET))
        show_plan(invocation->arena, &job->plan, stdout);
    bool changes = plan_changes(&job->plan) || behind;
    if (status == STATUS_OK && changes && invocation->given & OPTION_EXIT_CODE)
        return STATUS_CHANGES;
    return status;
}

static enum status run_plan(const struct invocation *invocation)
{
    return files_run(invocation, plan_file);
}

const struct command plan_command = {
    .name = "plan",
    .arguments = "FILE...",
    .summary = "Show what apply would do, and change nothing.",
    .details =
        "+ added, - removed, > moved, = already there, ! refused, ~ skipped. Each line ends with\n"
        "the file and line it comes from. Several files are for as many domains.",
    .options = OPTION_DOMAIN | OPTION_EXIT_CODE | OPTION_FORCE | OPTION_JSON | OPTION_PRUNE |
               OPTION_QMP | OPTION_QUIET | OPTION_SKIP_MISSING | OPTION_START_BACKEND |
               OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 1,
    .most = SIZE_MAX,
    .run = run_plan,
};
