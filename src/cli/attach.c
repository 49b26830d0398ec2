// SPDX-License-Identifier: MIT
#include "job.h"
#include "keep.h"
#include "misread.h"

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
    return invocation->given & OPTION_KEEP && !(invocation->given & OPTION_DRY_RUN)
               ? keep_attached(&job)
               : job_run(&job);
}

static enum status run_attach(const struct invocation *invocation)
{
    return run_specs(invocation, SPEC_DEVICE);
}

static enum status run_controller_add(const struct invocation *invocation)
{
    return run_specs(invocation, SPEC_CONTROLLER);
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
