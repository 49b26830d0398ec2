// SPDX-License-Identifier: MIT
// What the watcher knows, one file for each domain, so that it survives the watcher, and so that
// other verbs can show it. /run is empty after a reboot of the host, as xenstore is. Reading needs
// no lock: at every instant a file is either the old or the new one, complete. Only the one who
// holds the watcher's lock (lock_watcher()) writes.
#ifndef XENUSB_WATCH_STATE_H
#define XENUSB_WATCH_STATE_H

#include "report.h"

#define WATCH_STATE_DIRECTORY "/run/xenusb/watch"

// What is known of one file and its domain. Owned by an arena.
struct watch_known {
    struct watch_known *next;
    const char *file;   // path of the config
    const char *domain; // name; of what was attached with --keep, the UUID (watch_file_key())
    struct watch_report report;
};

// Everything that can be read, sorted by the files' names. What cannot, because it is damaged, is
// not our own, or is from another version of xenusb, is left out: nothing is known of that domain.
// *why is then what is wrong with the first of those ("PATH: it is damaged"), else NULL.
struct watch_known *watch_state_read(struct arena *arena, const char **why);
// What is known of the domain with that name. NULL if nothing is, or if it cannot be read; *why as
// above.
struct watch_known *watch_state_read_of(struct arena *arena, const char *domain, const char **why);

// Writes what is known of a domain, unless that is there already. Returns NULL, or why that failed,
// with the path.
const char *watch_state_write(struct arena *arena, const struct watch_known *known);
// Removes what is known of the domain with that name. What is not our own, or cannot be read, is
// left alone.
void watch_state_remove(struct arena *arena, const char *domain);

// The last report about the domain with that name; NULL if there is none.
const struct watch_report *watch_state_of(const struct watch_known *known, const char *domain);

#endif
