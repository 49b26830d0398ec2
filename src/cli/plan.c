// SPDX-License-Identifier: MIT
#include "job.h"
#include "misread.h"
#include "show.h"

static enum status run_plan(const struct invocation *invocation)
{
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE, .moves = true };
    enum status status = job_compile_file(&job, invocation->words[0]);
    if (status == STATUS_REQUEST)
        misread_file(invocation);
    if (status == STATUS_OK)
        status = job_open(&job, NULL, false);
    if (status != STATUS_OK)
        return status;
    status = job_plan(&job);
    bool behind = status == STATUS_OK && job_catch_up(&job, true);
    if (invocation->given & OPTION_JSON)
        job_write_steps(&job);
    else if (!(invocation->given & OPTION_QUIET))
        show_plan(invocation->arena, &job.plan, stdout);
    bool changes = plan_changes(&job.plan) || behind;
    if (status == STATUS_OK && changes && invocation->given & OPTION_EXIT_CODE)
        return STATUS_CHANGES;
    return status;
}

const struct command plan_command = {
    .name = "plan",
    .arguments = "FILE",
    .summary = "Show what apply would do, and change nothing.",
    .details =
        "+ added, - removed, > moved, = already there, ! refused, ~ skipped. Each line ends with\n"
        "the file and line it comes from.",
    .options = OPTION_DOMAIN | OPTION_EXIT_CODE | OPTION_FORCE | OPTION_JSON | OPTION_PRUNE |
               OPTION_QMP | OPTION_QUIET | OPTION_SKIP_MISSING | OPTION_START_BACKEND |
               OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 1,
    .most = 1,
    .run = run_plan,
};
