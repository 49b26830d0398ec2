// SPDX-License-Identifier: MIT
#include "config/check.h"
#include "base/arena.h"
#include "base/source_read.h"
#include "command.h"
#include "parser/parser.h"

// Each file has complaints of its own, printed before the next is read.
static enum status check_file(const struct invocation *invocation, const char *path)
{
    struct arena *arena = invocation->arena;
    struct diags diags;
    diags_init(&diags, arena);
    const struct source *source = source_read(arena, &diags, path);
    struct config *config = source ? parse_config(arena, &diags, source) : NULL;
    if (config)
        check_config(arena, &diags, config);
    diags_print(&diags, stderr, invocation->color);
    diags_print_summary(&diags, path, stderr);
    if (!config || diags.errors)
        return STATUS_REQUEST;
    printf("%s: %u controller%s, %u device%s\n", text_show(arena, text_of(path), 1024),
           config->controller_count, config->controller_count == 1 ? "" : "s", config->device_count,
           config->device_count == 1 ? "" : "s");
    return STATUS_OK;
}

static enum status run_check(const struct invocation *invocation)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < invocation->count; i++)
        status = status_worse(status, check_file(invocation, invocation->words[i]));
    return status;
}

const struct command check_command = {
    .name = "check",
    .arguments = "FILE...",
    .summary = "Check the USB part of domain configs and report everything that is wrong.",
    .details = "Needs neither root nor Xen. FILE may be - for standard input. Exits with 2 if "
               "there are errors.",
    .least = 1,
    .most = SIZE_MAX,
    .run = run_check,
};
