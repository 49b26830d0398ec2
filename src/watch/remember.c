// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "state.h"
#include "watching.h"

#include <unistd.h>

enum { RESERVE = 64 * 1024 }; // bytes

static struct arena *new_arena(size_t reserve)
{
    struct arena *arena = arena_new(reserve);
    if (!arena)
        arena_give_up();
    return arena;
}

static void warn(const struct watch *watch, struct arena *arena, const char *what, const char *why,
                 const char *hint)
{
    struct diags diags;
    diags_init(&diags, arena);
    struct diag *diag = complain(&diags, SEVERITY_WARNING, CODE_UNWRITABLE, NULL, SPAN_NONE,
                                 "cannot %s %s", what, why);
    diag_hint(&diags, diag, "%s", hint);
    diags_print(&diags, stderr, watch->options->color);
}

struct watch_report *watch_keep_report(struct watch_file *file, const struct watch_report *report)
{
    struct arena *arena = arena_new_small();
    if (!arena)
        arena_give_up();
    struct watch_report *kept = watch_report_copy(arena, report);
    arena_free(file->said);
    file->said = arena;
    file->report = kept;
    return kept;
}

void watch_remember(struct watch *watch, struct watch_file *file)
{
    cleanup_arena struct arena *arena = new_arena(RESERVE);
    struct watch_known known = { NULL, file->path, watch_file_key(file), *file->report };
    const char *why = watch_state_write(arena, &known);
    if (why && !watch->forgetful)
        warn(watch, arena, "write", why,
             "what is taken away by hand from now on will be attached again");
    watch->forgetful = why;
}

void watch_forget(const struct watch_file *file)
{
    cleanup_arena struct arena *arena = new_arena(RESERVE);
    if (file->domain)
        watch_state_remove(arena, watch_file_key(file));
}

const struct watch_report *watch_recall_any(const struct watch *watch, struct arena *arena,
                                            const struct watch_file *file)
{
    const char *why;
    const struct watch_known *known = watch_state_read_of(arena, watch_file_key(file), &why);
    if (why)
        warn(watch, arena, "read", why, "what was taken away by hand before now is attached again");
    return known ? &known->report : NULL;
}

void watch_recall(const struct watch *watch, struct watch_file *file)
{
    cleanup_arena struct arena *arena = new_arena(0);
    const struct watch_report *last = watch_recall_any(watch, arena, file);
    if (last && last->domain == file->id && strcmp(last->uuid, file->uuid) == 0)
        (void)watch_keep_report(file, last);
}

// Whether it can never be used again: that instance of the domain does not run any more; or it was
// about none, and the file is gone too.
static bool is_stale(const struct watch *watch, const struct watch_known *known)
{
    if (known->report.domain < 0)
        return access(known->file, F_OK) != 0;
    for (size_t i = 0; i < watch->domains.count; i++)
        if (watch->domains.domains[i].id == known->report.domain)
            return strcmp(watch->domains.domains[i].uuid, known->report.uuid) != 0;
    return true;
}

void watch_forget_stale(const struct watch *watch)
{
    const char *why;
    cleanup_arena struct arena *arena = new_arena(RESERVE);
    // What cannot be read is left alone, and reported when it is needed.
    for (const struct watch_known *at = watch_state_read(arena, &why); at; at = at->next)
        if (is_stale(watch, at))
            watch_state_remove(arena, at->domain);
}
