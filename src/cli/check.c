// SPDX-License-Identifier: MIT
#include "config/check.h"
#include "base/arena.h"
#include "base/source_read.h"
#include "command.h"
#include "parser/parser.h"
#include "world/host_policy.h"

// Each file has complaints of its own, printed before the next is read.
static enum status check_file(const struct invocation *invocation, const char *path)
{
    struct arena *arena = invocation->arena;
    struct diags diags;
    diags_init(&diags, arena);
    const struct source *source = source_read(arena, &diags, path);
    struct document document = { .source = source };
    if (source)
        document = parse_document(arena, &diags, source);
    const struct config *config = document.config;
    if (config && !diags.errors)
        parse_check_xl(&diags, &document);
    if (config)
        check_config(arena, &diags, config);
    diags_print(&diags, stderr, invocation->color);
    diags_print_summary(&diags, path, stderr);
    if (!config || diags.errors)
        return STATUS_REQUEST;
    if (invocation->given & OPTION_QUIET)
        return STATUS_OK;
    printf("%s: %u controller%s, %u device%s\n", text_show(arena, text_of(path), 1024),
           config->controller_count, config->controller_count == 1 ? "" : "s", config->device_count,
           config->device_count == 1 ? "" : "s");
    return STATUS_OK;
}

// The policy decides what these configs can attach, so its errors are errors here too.
static enum status check_policy(const struct invocation *invocation)
{
    struct arena *arena = invocation->arena;
    struct diags diags;
    diags_init(&diags, arena);
    const char *path = invocation->policy ? invocation->policy : POLICY_PATH;
    const struct policy *policy = host_policy_read(arena, &diags, path, invocation->policy);
    diags_print(&diags, stderr, invocation->color);
    diags_print_summary(&diags, path, stderr);
    if (diags.errors)
        return STATUS_REQUEST;
    if (policy && !(invocation->given & OPTION_QUIET))
        printf("%s: %u rule%s\n", text_show(arena, text_of(path), 1024), policy->count,
               policy->count == 1 ? "" : "s");
    return STATUS_OK;
}

// Of nothing but the policy the user must ask by its name.
static enum status complain_nothing(const struct invocation *invocation)
{
    struct diag *diag = complain_error(invocation->diags, "too few arguments for check");
    diag_hint(invocation->diags, diag, "usage: xenusb check FILE..., or --policy FILE");
    return STATUS_REQUEST;
}

static enum status run_check(const struct invocation *invocation)
{
    if (!invocation->count && !invocation->policy)
        return complain_nothing(invocation);
    enum status status = check_policy(invocation);
    for (size_t i = 0; i < invocation->count; i++)
        status = status_worse(status, check_file(invocation, invocation->words[i]));
    return status;
}

const struct command check_command = {
    .name = "check",
    .arguments = "[FILE...]",
    .summary = "Check the USB part of domain configs and report everything that is wrong.",
    .details = "Needs neither root nor Xen. FILE may be - for standard input. The policy of this "
               "host, if there\nis one, is checked too. Exits with 2 if there are errors.",
    .options = OPTION_POLICY | OPTION_QUIET,
    .least = 0,
    .most = SIZE_MAX,
    .run = run_check,
};
