// SPDX-License-Identifier: MIT
// What other verbs show of the watcher: whether one runs, and how it has found each domain.
#ifndef XENUSB_WATCH_VIEW_H
#define XENUSB_WATCH_VIEW_H

#include "base/verdict.h"
#include "state.h"

struct domain;

// Owned by an arena. Zeroed: not looked at.
struct watch_view {
    enum verdict runs;               // whether a watcher runs on this host
    unsigned process;                // its id; 0: not known
    const char *why;                 // why `runs` is unknown; NULL
    const struct watch_known *known; // what it has written, or the one that ran before
    const char *unread;              // why (some of) that could not be read; NULL
    bool keeps;                      // there are files of attach --keep
};

// Reads that, without disturbing a watcher.
void watch_view_read(struct arena *arena, struct watch_view *view);

// What is known of this instance of the domain, after `last` (the first if that is NULL): of its
// file, and of what was attached with --keep. NULL: no more.
const struct watch_known *watch_view_next(const struct watch_view *view,
                                          const struct domain *domain,
                                          const struct watch_known *last);

// "missing since 2026-11-29 07:05: not plugged in": how an entry is, or was when a watcher last
// looked, if none runs now. Safe to print.
const char *watch_view_words(struct arena *arena, const struct watch_view *view,
                             const struct watch_entry *entry);
// Since when it is so: as "2026-11-29T07:05:33Z"; NULL if that is not known.
const char *watch_view_since(struct arena *arena, const struct watch_entry *entry);

#endif
