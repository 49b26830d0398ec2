// SPDX-License-Identifier: MIT
#include "files.h"

static enum status apply_file(struct job *job)
{
    enum status status = job_open(job, NULL, !(job->invocation->given & OPTION_DRY_RUN));
    if (status == STATUS_OK)
        status = job_plan_to_run(job);
    return status == STATUS_OK ? job_run(job) : status;
}

static enum status run_apply(const struct invocation *invocation)
{
    return files_run(invocation, apply_file);
}

const struct command apply_command = {
    .name = "apply",
    .arguments = "FILE...",
    .summary = "Give a running domain the USB controllers and devices of its config.",
    .details = "Nothing is changed until the whole plan is complete. If a step fails, the steps "
               "before it\n"
               "are undone. What is already there is left alone. Several files are for as many\n"
               "domains; if one fails, the others are still applied.",
    .options = OPTION_DOMAIN | OPTION_DRY_RUN | OPTION_FORCE | OPTION_JSON | OPTION_NO_SAVE |
               OPTION_PRUNE | OPTION_QMP | OPTION_QUIET | OPTION_REQUIRE_GUEST |
               OPTION_SKIP_MISSING | OPTION_START_BACKEND | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 1,
    .most = SIZE_MAX,
    .run = run_apply,
};
