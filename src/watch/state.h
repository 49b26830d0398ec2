// SPDX-License-Identifier: MIT
// What the watcher knows, kept in a file so that it survives the watcher, and so that other verbs
// can show it. /run is empty after a reboot of the host, as xenstore is.
#ifndef XENUSB_WATCH_STATE_H
#define XENUSB_WATCH_STATE_H

#include "report.h"

#define WATCH_STATE_PATH "/run/xenusb/watch.json"

// What is known of one file and its domain. Owned by an arena.
struct watch_known {
    struct watch_known *next;
    const char *file;   // path
    const char *domain; // name; of what was attached with --keep, the UUID (watch_file_key())
    struct watch_report report;
};

// Reads what was written last, in that order. NULL if there is nothing, or if it cannot be read, in
// which case *why is the reason, else NULL.
struct watch_known *watch_state_read(struct arena *arena, const char **why);
// Replaces it: at every instant either the old or the new one is there, complete. Returns NULL, or
// why that failed.
const char *watch_state_write(struct arena *arena, const struct watch_known *known);

// The last report about the domain with that name; NULL if there is none.
const struct watch_report *watch_state_of(const struct watch_known *known, const char *domain);

#endif
