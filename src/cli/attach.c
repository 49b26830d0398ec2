// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "job.h"
#include "keep.h"
#include "misread.h"

// What was attached is not in the config from which the guest is created again.
static void show_how_long(const struct job *job)
{
    const struct invocation *invocation = job->invocation;
    const struct domain *domain = job->world.session.domain;
    unsigned devices = 0, plugged = 0;
    for (const struct step *at = job->plan.first; at; at = at->next)
        if (at->op == STEP_ADD && at->state == STEP_DONE && at->device) {
            devices++;
            plugged += at->device->kind == DEVICE_HOSTDEV;
        }
    if (!devices || invocation->given & (OPTION_DRY_RUN | OPTION_JSON | OPTION_QUIET))
        return;
    const char *end = domain->id < 0
                          ? "QEMU exits"
                          : arena_printf(invocation->arena, "%s is shut down", domain->name);
    printf("%s until %s%s%s.\n", devices == 1 ? "It stays" : "They stay",
           plugged ? "unplugged, at most until " : "",
           text_show(invocation->arena, text_of(end), 200),
           domain->id < 0 ? "" : "; --keep brings back what was unplugged or lost at a reboot");
}

static enum status attach(struct job *job)
{
    const struct invocation *invocation = job->invocation;
    if (invocation->given & OPTION_KEEP && !(invocation->given & OPTION_DRY_RUN))
        return keep_attached(job);
    enum status status = job_run(job);
    if (status == STATUS_OK)
        show_how_long(job);
    return status;
}

// With --qmp there is no domain word: the socket stands for it.
static enum status run_specs(const struct invocation *invocation, enum spec_what what)
{
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE };
    size_t skip = invocation->qmp ? 0 : 1;
    enum status status =
        job_compile_words(&job, invocation->words + skip, invocation->count - skip, what, true);
    if (status == STATUS_OK)
        status = job_open(&job, skip ? invocation->words[0] : NULL,
                          !(invocation->given & OPTION_DRY_RUN));
    if (status == STATUS_REQUEST)
        misread_words(invocation, what);
    if (status == STATUS_OK)
        status = job_plan_to_run(&job);
    if (status != STATUS_OK)
        return status;
    return attach(&job);
}

static enum status run_attach(const struct invocation *invocation)
{
    return run_specs(invocation, SPEC_DEVICE);
}

static enum status run_controller_add(const struct invocation *invocation)
{
    const enum status status = misread_split(invocation);
    return status == STATUS_OK ? run_specs(invocation, SPEC_CONTROLLER) : status;
}

const struct command attach_command = {
    .name = "attach",
    .arguments = "DOMAIN SPEC...",
    .summary = "Attach devices to a running domain.",
    .details =
        "SPEC names a device: 1-1.2 (bus id), 4.3 (bus.address), 046d:c52b (vendor:product),\n"
        "tablet (or mouse, keyboard, ...), or keys as in usbdevice=:\n"
        "serial=4C530001,bus=hci0,port=2",
    .options = OPTION_DRY_RUN | OPTION_FORCE | OPTION_JSON | OPTION_KEEP | OPTION_NO_SAVE |
               OPTION_QMP | OPTION_QUIET | OPTION_REQUIRE_GUEST | OPTION_START_BACKEND |
               OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 2,
    .most = SIZE_MAX,
    .run = run_attach,
};

const struct command controller_add_command = {
    .name = "controller add",
    .arguments = "DOMAIN SPEC...",
    .summary = "Add USB controllers to a running domain.",
    .details = "SPEC holds keys as in usbcontroller=: type=emul,usbversion=3,numports=8,name=hci0",
    .options = OPTION_DRY_RUN | OPTION_JSON | OPTION_NO_SAVE | OPTION_QMP | OPTION_QUIET |
               OPTION_START_BACKEND | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 2,
    .most = SIZE_MAX,
    .run = run_controller_add,
};
