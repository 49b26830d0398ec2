// SPDX-License-Identifier: MIT
// What the watcher has found.
#include "base/arena.h"
#include "base/buffer.h"
#include "diagnosing.h"

enum { LISTED = 5 }; // entries that are named in the evidence

static void answer_unread(struct subject *subject, const struct watch_view *view)
{
    needs_attention(subject,
                    answer(subject, "what the watcher has found can be read", VERDICT_NO,
                           arena_printf(subject->arena, "it counts as unknown: %s", view->unread)),
                    NULL);
}

void diagnose_watcher(struct subject *subject, const struct watch_view *view)
{
    struct arena *arena = subject->arena;
    const char *evidence = view->runs == VERDICT_YES
                               ? arena_printf(arena, "process %u", view->process)
                               : (view->why ? view->why : "no process has its lock");
    struct finding *finding = answer(subject, "a watcher runs on this host", view->runs, evidence);
    if (view->runs == VERDICT_NO && view->keeps) {
        finding->evidence = "no process has its lock, but there is something that attach was "
                            "told to keep";
        needs_attention(subject, finding, "start the service xenusb-watch");
    }
    if (view->unread)
        answer_unread(subject, view);
}

// Those that are not there, the worst as well as the harmless.
static const char *list_entries(struct arena *arena, const struct watch_view *view,
                                const struct watch_report *report, bool *complete)
{
    struct buffer list = buffer_in(arena);
    size_t there = 0, others = 0;
    for (const struct watch_entry *at = report->entries; at; at = at->next) {
        there += at->verdict == WATCH_THERE;
        if (at->verdict != WATCH_THERE && ++others <= LISTED)
            buffer_printf(&list, "; %s %s", at->text, watch_view_words(arena, view, at));
    }
    if (others > LISTED)
        buffer_printf(&list, "; and %zu more", others - LISTED);
    *complete = there == report->count;
    return arena_printf(arena, "%zu of %zu%s", there, report->count,
                        list.size ? buffer_string(&list) : "");
}

void diagnose_wanted(struct subject *subject, const struct watch_view *view,
                     const struct domain *domain)
{
    struct arena *arena = subject->arena;
    if (view->runs != VERDICT_YES)
        return;
    for (const struct watch_known *at = NULL; (at = watch_view_next(view, domain, at));) {
        const struct watch_report *report = &at->report;
        const bool failed = report->status != STATUS_OK || report->given_up;
        bool complete;
        const char *list = list_entries(arena, view, report, &complete);
        const char *evidence =
            arena_printf(arena, "%s%s%s%s", list, *report->why ? "; " : "", report->why,
                         report->given_up ? "; given up until something changes" : "");
        struct finding *finding =
            answer(subject, arena_printf(arena, "%s has what %s asks for", domain->name, at->file),
                   complete && !failed ? VERDICT_YES : VERDICT_NO, evidence);
        if (failed)
            needs_attention(subject, finding, NULL);
    }
}
