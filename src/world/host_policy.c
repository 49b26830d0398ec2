// SPDX-License-Identifier: MIT
#include "host_policy.h"

#include "base/arena.h"
#include "base/source_read.h"
#include "parser/parser.h"

#include <errno.h>
#include <sys/stat.h>

const struct policy *host_policy_read(struct arena *arena, struct diags *diags, const char *path,
                                      bool required)
{
    struct stat status;
    // lstat(): a link that leads nowhere is a policy that was meant to be there.
    if (strcmp(path, "-") != 0 && lstat(path, &status) < 0 && errno == ENOENT) {
        if (required)
            complain_error(diags, CODE_UNREADABLE, "there is no policy %s: every device is allowed",
                           path);
        return NULL;
    }
    const struct source *source = source_read(arena, diags, path);
    if (source)
        return parse_policy(arena, diags, source);
    struct policy *unread = arena_new_of(arena, struct policy);
    unread->path = path;
    unread->broken = diags_reason(diags, "it cannot be read");
    return unread;
}

// The first error, with its line.
static const char *first_error(struct arena *arena, const struct diags *diags)
{
    const struct diag *diag = diags->first;
    if (!diag || !diag->source)
        return diags_reason(diags, "it has errors");
    return arena_printf(arena, "line %u: %s", source_position(diag->source, diag->span.from).line,
                        diag->message);
}

const struct policy *host_policy(struct arena *arena)
{
    struct diags quiet;
    diags_init(&quiet, arena);
    const struct policy *policy = host_policy_read(arena, &quiet, POLICY_PATH, false);
    if (!policy || !policy->broken)
        return policy;
    struct policy *broken = arena_new_of(arena, struct policy);
    *broken = *policy;
    broken->broken = first_error(arena, &quiet);
    return broken;
}
