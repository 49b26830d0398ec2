// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "state.h"
#include "watching.h"

enum { RESERVE = 64 * 1024 }; // bytes

static void warn(const struct watch *watch, struct arena *arena, const char *what, const char *why,
                 const char *hint)
{
    struct diags diags;
    diags_init(&diags, arena);
    struct diag *diag = complain(&diags, SEVERITY_WARNING, NULL, SPAN_NONE, "cannot %s %s: %s",
                                 what, WATCH_STATE_PATH, why);
    diag_hint(&diags, diag, "%s", hint);
    diags_print(&diags, stderr, watch->options->color);
}

// What is known of a domain that no file of this watcher is for.
static bool is_of_others(const struct watch *watch, const struct watch_known *known)
{
    for (const struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->domain && strcmp(watch_file_key(file), known->domain) == 0)
            return false;
    return true;
}

static void add(struct arena *arena, struct watch_known ***next, struct watch_known what)
{
    struct watch_known *known = arena_new_of(arena, struct watch_known);
    *known = what;
    known->next = NULL;
    **next = known;
    *next = &known->next;
}

void watch_remember(struct watch *watch)
{
    struct watch_known *first = NULL, **next = &first;
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    if (!arena)
        arena_give_up();
    for (const struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->report)
            add(arena, &next,
                (struct watch_known){ NULL, file->path, watch_file_key(file), *file->report });
    for (const struct watch_known *at = watch->before; at; at = at->next)
        if (is_of_others(watch, at))
            add(arena, &next, *at);
    const char *why = watch_state_write(arena, first);
    if (why && !watch->forgetful)
        warn(watch, arena, "write", why,
             "what is taken away by hand from now on will be attached again");
    watch->forgetful = why;
}

void watch_recall_all(struct watch *watch)
{
    const char *why;
    watch->before = watch_state_read(watch->options->arena, &why);
    if (why)
        warn(watch, watch->options->arena, "read", why,
             "what was taken away by hand before now is attached again");
}

void watch_recall(const struct watch *watch, struct watch_file *file)
{
    const struct watch_report *last = watch_state_of(watch->before, watch_file_key(file));
    if (!last || last->domain != file->id || strcmp(last->uuid, file->uuid) != 0)
        return;
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    struct arena *own = arena_new(0);
    if (!arena || !own)
        arena_give_up();
    struct watch_report *report = arena_new_of(own, struct watch_report);
    if (watch_report_read(own, watch_report_write(arena, last), report)) {
        file->said = own;
        file->report = report;
    } else {
        arena_free(own);
    }
}
