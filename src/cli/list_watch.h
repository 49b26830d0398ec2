// SPDX-License-Identifier: MIT
// What list shows of the watcher.
#ifndef XENUSB_CLI_LIST_WATCH_H
#define XENUSB_CLI_LIST_WATCH_H

#include "plan/topology.h"
#include "watch/view.h"

// An entry of a config, and the file it is in.
struct wanted {
    const struct watch_known *known;
    const struct watch_entry *entry; // NULL: none
};

// The entry that a device is, as far as the watcher has found out; else none.
struct wanted wanted_of(struct arena *arena, const struct watch_view *view,
                        const struct domain *domain, const struct device *device);

// How the watcher has found it, for people; NULL: there is no such entry, or the guest has lost the
// device since.
const char *wanted_words(struct arena *arena, const struct watch_view *view,
                         const struct device *device, struct wanted wanted);

// The next entry after `last` that the domain does not have as a row of its own: it was missing,
// taken away, refused, or has failed. NULL entries: the first, no more.
struct wanted wanted_next(struct arena *arena, const struct watch_view *view,
                          const struct topology *topology, struct wanted last);

// What it is called where it is not plugged in.
const char *wanted_label(const struct watch_entry *entry);

// The last line of the table: whether a watcher runs. NULL: none does, and there is nothing that it
// should keep.
const char *watcher_line(struct arena *arena, const struct watch_view *view);

#endif
