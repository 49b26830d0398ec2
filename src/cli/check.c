// SPDX-License-Identifier: MIT
#include "config/check.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/source_read.h"
#include "command.h"
#include "envelope.h"
#include "parser/parser.h"
#include "world/host_policy.h"

// What a file has, if there are no errors in it.
struct content {
    const char *path;
    const struct config *config; // NULL: it has none
    const struct policy *policy; // the same
};

static const char *plural(unsigned count)
{
    return count == 1 ? "" : "s";
}

static void print_content(const struct invocation *invocation, const struct content *content)
{
    const struct config *config = content->config;
    const char *path = text_show(invocation->arena, text_of(content->path), 1024);
    if (config)
        printf("%s: %u controller%s, %u device%s\n", path, config->controller_count,
               plural(config->controller_count), config->device_count,
               plural(config->device_count));
    if (content->policy)
        printf("%s: %u rule%s\n", path, content->policy->count, plural(content->policy->count));
}

static void add_count(struct json_writer *json, const char *key, bool known, unsigned count)
{
    json_key(json, key);
    if (known)
        json_put_integer(json, count);
    else
        json_put_null(json);
}

static void write_content(const struct invocation *invocation, const struct content *content,
                          const struct diags *diags)
{
    const struct config *config = content->config;
    struct json_writer *json = envelope_list(invocation, "files");
    json_open_object(json);
    json_add_string(json, "file", content->path);
    add_count(json, "controllers", config, config ? config->controller_count : 0);
    add_count(json, "devices", config, config ? config->device_count : 0);
    add_count(json, "rules", content->policy, content->policy ? content->policy->count : 0);
    json_add_integer(json, "errors", diags->errors);
    json_add_integer(json, "warnings", diags->warnings);
    json_close(json);
}

// Each file has complaints of its own, printed before the next is read.
static enum status finish(const struct invocation *invocation, const struct content *content,
                          struct diags *diags)
{
    const bool failed = !content->config && !content->policy;
    if (invocation->given & OPTION_JSON) {
        write_content(invocation, content, diags);
        diags_append(invocation->diags, diags);
    } else {
        diags_print(diags, stderr, invocation->color);
        diags_print_summary(diags, content->path, stderr);
        if (!failed && !(invocation->given & OPTION_QUIET))
            print_content(invocation, content);
    }
    return failed ? STATUS_REQUEST : STATUS_OK;
}

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
    const struct content content = { .path = path, .config = diags.errors ? NULL : config };
    return finish(invocation, &content, &diags);
}

// The policy decides what these configs can attach, so its errors are errors here too.
static enum status check_policy(const struct invocation *invocation)
{
    struct arena *arena = invocation->arena;
    struct diags diags;
    diags_init(&diags, arena);
    const char *path = invocation->policy ? invocation->policy : POLICY_PATH;
    const struct policy *policy = host_policy_read(arena, &diags, path, invocation->policy);
    if (!policy && !diags.errors)
        return STATUS_OK;
    const struct content content = { .path = path, .policy = diags.errors ? NULL : policy };
    return finish(invocation, &content, &diags);
}

// Of nothing but the policy the user must ask by its name.
static enum status complain_nothing(const struct invocation *invocation)
{
    struct diag *diag =
        complain_error(invocation->diags, CODE_USAGE, "too few arguments for check");
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
    .options = OPTION_JSON | OPTION_POLICY | OPTION_QUIET,
    .json = "files[]",
    .least = 0,
    .most = SIZE_MAX,
    .run = run_check,
};
