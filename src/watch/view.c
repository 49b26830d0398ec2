// SPDX-License-Identifier: MIT
#include "view.h"

#include "base/arena.h"
#include "kept.h"
#include "xen/domain.h"
#include "xen/lock.h"

#include <time.h>

void watch_view_read(struct arena *arena, struct watch_view *view)
{
    *view = (struct watch_view){ .keeps = kept_any() };
    view->runs = lock_watcher_runs(arena, &view->process, &view->why);
    view->known = watch_state_read(arena, &view->unread);
}

const struct watch_known *watch_view_next(const struct watch_view *view,
                                          const struct domain *domain,
                                          const struct watch_known *last)
{
    const struct watch_known *at = last ? last->next : view->known;
    while (at && (domain->id < 0 || at->report.domain != domain->id ||
                  strcmp(at->report.uuid, domain->uuid) != 0))
        at = at->next;
    return at;
}

static const char *words_of(enum watch_verdict verdict)
{
    switch (verdict) {
    case WATCH_THERE: return "kept";
    case WATCH_MISSING: return "missing";
    case WATCH_AWAY: return "taken away by hand";
    case WATCH_OTHERS: return "left to another domain";
    case WATCH_REFUSED: return "refused";
    case WATCH_FAILED: return "failed";
    case WATCH_UNKNOWN: break;
    }
    return "unknown";
}

static const char *why_of(struct arena *arena, const struct watch_entry *entry)
{
    if (*entry->why)
        return arena_printf(arena, ": %s", text_show(arena, text_of(entry->why), 300));
    return entry->verdict == WATCH_MISSING ? ": not plugged in" : "";
}

static const char *format_time(struct arena *arena, const char *format, const struct tm *parts)
{
    char words[64];
    return strftime(words, sizeof words, format, parts) ? arena_strdup(arena, words) : NULL;
}

const char *watch_view_words(struct arena *arena, const struct watch_view *view,
                             const struct watch_entry *entry)
{
    struct tm parts;
    const time_t since = entry->since;
    const char *at =
        since && localtime_r(&since, &parts) ? format_time(arena, "%Y-%m-%d %H:%M", &parts) : NULL;
    const char *words = arena_printf(arena, "%s%s%s%s", words_of(entry->verdict),
                                     at ? " since " : "", at ? at : "", why_of(arena, entry));
    return view->runs == VERDICT_YES ? words
                                     : arena_printf(arena, "when a watcher last looked: %s", words);
}

const char *watch_view_since(struct arena *arena, const struct watch_entry *entry)
{
    struct tm parts;
    const time_t since = entry->since;
    return since && gmtime_r(&since, &parts) ? format_time(arena, "%Y-%m-%dT%H:%M:%SZ", &parts)
                                             : NULL;
}
