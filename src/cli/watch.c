// SPDX-License-Identifier: MIT
#include "watch/watch.h"

#include "command.h"
#include "watch_run.h"

static enum status run_watch(const struct invocation *invocation)
{
    const struct watch_options options = {
        .arena = invocation->arena,
        .diags = invocation->diags,
        .words = invocation->words,
        .count = invocation->count,
        .once = invocation->given & OPTION_ONCE,
        .start_backend = invocation->given & OPTION_START_BACKEND,
        .json = invocation->given & OPTION_JSON,
        .color = invocation->color,
        .timeout_scale = invocation->timeout_scale,
        .undo_scale = invocation->undo_scale,
        .act = watch_run,
    };
    return watch_loop(&options);
}

const struct command watch_command = {
    .name = "watch",
    .arguments = "[FILE|DIR...]",
    .summary = "Keep running domains as their configs want them.",
    .details =
        "Does what apply does whenever something happens: a device is plugged in or unplugged, a\n"
        "domain is created or rebooted, a QEMU ends, a file changes. What is not plugged in is\n"
        "skipped; what is refused or fails is reported, and the rest is done. What somebody has\n"
        "detached stays away until it is plugged in again, the domain restarts, or it is applied\n"
        "again. Of a DIR, all files *.cfg; by default, those of /etc/xenusb/guests, and what\n"
        "/etc/xen/auto has of USB; and always what was attached with --keep.",
    .options = OPTION_JSON | OPTION_ONCE | OPTION_START_BACKEND | OPTION_TIMEOUT,
    .least = 0,
    .most = SIZE_MAX,
    .run = run_watch,
};
