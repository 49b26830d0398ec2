// SPDX-License-Identifier: MIT
#include "job.h"
#include "misread.h"

static enum status run_apply(const struct invocation *invocation)
{
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE, .moves = true };
    enum status status = job_compile_file(&job, invocation->words[0]);
    if (status == STATUS_REQUEST)
        misread_file(invocation);
    if (status == STATUS_OK)
        status = job_open(&job, NULL, !(invocation->given & OPTION_DRY_RUN));
    if (status == STATUS_OK)
        status = job_plan_to_run(&job);
    return status == STATUS_OK ? job_run(&job) : status;
}

const struct command apply_command = {
    .name = "apply",
    .arguments = "FILE",
    .summary = "Give a running domain the USB controllers and devices of its config.",
    .details = "Nothing is changed until the whole plan is complete. If a step fails, the steps "
               "before it\n"
               "are undone. What is already there is left alone.",
    .options = OPTION_DOMAIN | OPTION_DRY_RUN | OPTION_FORCE | OPTION_JSON | OPTION_NO_SAVE |
               OPTION_PRUNE | OPTION_QMP | OPTION_QUIET | OPTION_REQUIRE_GUEST |
               OPTION_SKIP_MISSING | OPTION_START_BACKEND | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 1,
    .most = 1,
    .run = run_apply,
};
