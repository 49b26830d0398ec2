// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "job.h"
#include "keep.h"
#include "misread.h"

static enum status act(struct job *job, const struct plan_removal *removal)
{
    const struct invocation *invocation = job->invocation;
    const char *name = invocation->qmp ? NULL : invocation->words[0];
    enum status status = job_open(job, name, !(invocation->given & OPTION_DRY_RUN));
    if (status == STATUS_REQUEST)
        misread_words(invocation, removal->devices ? SPEC_DEVICE : SPEC_CONTROLLER);
    struct plan_removal of_host = *removal;
    of_host.host = job->world.session.host;
    if (status == STATUS_OK)
        status = plan_remove(invocation->arena, invocation->diags, &of_host, &job->world.topology,
                             &job->plan);
    if (status != STATUS_OK)
        return status;
    return removal->devices && !(invocation->given & OPTION_DRY_RUN)
               ? keep_no_longer(job, removal->all)
               : job_run(job);
}

static enum status run_detach(const struct invocation *invocation)
{
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE };
    size_t skip = invocation->qmp ? 0 : 1;
    bool all = invocation->given & OPTION_ALL;
    if (all != (invocation->count == skip)) {
        struct diag *diag = complain_error(invocation->diags, CODE_USAGE,
                                           all ? "--all takes no devices" : "nothing to detach");
        diag_hint(invocation->diags, diag, "name devices, or use --all");
        return STATUS_REQUEST;
    }
    enum status status = job_compile_words(&job, invocation->words + skip, invocation->count - skip,
                                           SPEC_DEVICE, false);
    if (status == STATUS_REQUEST)
        misread_words(invocation, SPEC_DEVICE);
    const struct plan_removal removal = { .source = job.config->source,
                                          .devices = job.config,
                                          .all = all };
    return status == STATUS_OK ? act(&job, &removal) : status;
}

static enum status run_controller_remove(const struct invocation *invocation)
{
    size_t skip = invocation->qmp ? 0 : 1;
    size_t count = invocation->count - skip;
    struct arena *arena = invocation->arena;
    const struct source *source =
        source_from_words(arena, "<command line>", invocation->words + skip, count);
    struct config *config = arena_new_of(arena, struct config);
    struct config_text *names = arena_array_of(arena, struct config_text, count);
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        names[i].text = text_of(invocation->words[skip + i]);
        names[i].at = (struct span){ at, at + (uint32_t)names[i].text.size };
        at = names[i].at.to + 1;
    }
    config->source = source;
    cleanup_job struct job job = { .invocation = invocation,
                                   .config = config,
                                   .world = WORLD_NONE };
    const struct plan_removal removal = { .source = source, .controllers = names, .count = count };
    return act(&job, &removal);
}

const struct command detach_command = {
    .name = "detach",
    .arguments = "DOMAIN SPEC...",
    .summary = "Detach devices from a running domain.",
    .details =
        "SPEC names a device as for attach, or its place: hci0.2 (controller and port). A device\n"
        "that is not attached is reported, but is not an error. --all detaches everything that\n"
        "was attached to the running guest, but not what the guest was created with.",
    .options = OPTION_ALL | OPTION_DRY_RUN | OPTION_JSON | OPTION_NO_SAVE | OPTION_QMP |
               OPTION_QUIET | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 1,
    .most = SIZE_MAX,
    .run = run_detach,
};

const struct command controller_remove_command = {
    .name = "controller remove",
    .arguments = "DOMAIN CONTROLLER...",
    .summary = "Remove USB controllers and their devices from a running domain.",
    .details = "CONTROLLER is a name or a number, as list shows it. The guest has to release it.",
    .options =
        OPTION_DRY_RUN | OPTION_JSON | OPTION_NO_SAVE | OPTION_QMP | OPTION_QUIET | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 2,
    .most = SIZE_MAX,
    .run = run_controller_remove,
};
