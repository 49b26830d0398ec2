// SPDX-License-Identifier: MIT
// What the watcher is made of. Private to watch/.
#ifndef XENUSB_WATCH_WATCHING_H
#define XENUSB_WATCH_WATCHING_H

#include "domains.h"
#include "files.h"
#include "say.h"
#include "watch.h"

#include <signal.h>
#include <unistd.h>

struct host_plug;
struct inotify_event;
struct host_plug_event;
struct record_known;
struct xen;
struct watch;
struct xen_events;

// A descriptor that the loop waits for. malloc'd.
struct watch_source {
    struct watch_source *next;
    int fd; // closed with it
    void (*ready)(struct watch *watch, struct watch_source *source);
    struct watch_file *file; // whose it is; NULL: the watcher's own
    unsigned which;          // of several of the file
};

// A directory that inotify reports about.
struct watch_place {
    int number; // inotify's
    char *name; // of the only file that matters there; NULL: all. malloc'd
};

// Zeroed: none. malloc'd.
struct watch_places {
    struct watch_place *places;
    size_t count;
};

struct watch {
    const struct watch_options *options;
    int epoll;
    struct watch_source *sources; // all that are waited for
    struct watch_source *dropped; // to be freed after this round
    sigset_t signals;             // as they were before the watcher took some
    struct watch_files files;
    struct watch_domains domains;
    unsigned running;       // children
    enum status status;     // the worst of all files and runs, for --once
    bool ending;            // a signal came: no further runs
    bool unready;           // one of the domains was not ready at the last look
    struct watch_task look; // at the domains: as a task, for its retries
    bool reread;            // the files are read again at reread_at
    double reread_at;
    int inotify;
    int saved; // inotify's number for libxl's directory; -1
    struct watch_places places;
    struct host_plug *plug;
    struct watch_source *xen; // NULL: the connection is lost
    struct xen_events *xen_events;
    struct record_known *known; // who has devices, as far as the events have told
    struct watch_task connect;  // to xenstored
    bool lost;                  // it was, since the last connection
    bool forgetful;             // what is known could not be written
    bool looked;                // at the domains, for the first time
};

// What a line about the file's domain is about.
static inline struct subject watch_subject(const struct watch_file *file)
{
    return (struct subject){ file->domain, file->id, file->path };
}

// What a line about the watcher itself is about.
#define WATCH_ITSELF ((struct subject){ NULL, -1, NULL })

// Seconds, for what need not be acted on at once.
#define WATCH_GATHER 0.05

// ---- sources (source.c) ----

// Adds a descriptor, which it owns from then on. NULL, with the descriptor closed and the reason in
// errno, if that fails.
struct watch_source *watch_source_add(struct watch *watch, int fd,
                                      void (*ready)(struct watch *, struct watch_source *));
// Takes it out and closes it. NULL is a no-op. To be called for a source from its own ready() last.
void watch_source_drop(struct watch *watch, struct watch_source *source);
// Frees those that were dropped. Between rounds only: while the events of one are taken, further
// events may be theirs.
void watch_sources_free_dropped(struct watch *watch);
// Drops and frees all of them, at the end.
void watch_sources_drop_all(struct watch *watch);

// ---- xenstore (stored.c) ----

// The domains may have changed: look at them, in the next round of the loop.
void watch_domains_changed(struct watch *watch, double delay);
// All files whose domains run are due.
void watch_wake_all(struct watch *watch);
// Something that others had may be free now: wakes those that wait for it.
void watch_wake_waiting(struct watch *watch, double delay);
// Opens the events of xenstored; again after they were lost. If that fails, it is due again later;
// *why is the reason.
bool watch_connect(struct watch *watch, const char **why);
// Takes the events of xenstored that are there.
void watch_events_drain(struct watch *watch);
// The same, after waiting for those of all that has happened before the call. False if there is no
// connection, or it was lost.
bool watch_events_sync(struct watch *watch);
// At the end.
void watch_disconnect(struct watch *watch);

// ---- what a run need not find out (know.c) ----

// Brings what is known of the devices of all domains but `id`, which the run is for, up to date.
// Returns the connection, in the arena, for a run that relies on it, whose watches report what
// happens from now on; NULL if it must find out by itself.
struct xen *watch_know(struct watch *watch, struct arena *arena, int id);

// ---- events (events.c) ----

// Looks at the domains now. Statuses as from xen_domains(), after saying why.
enum status watch_look(struct watch *watch);
// Opens those of the host, of the files, and of xenstored. STATUS_FAILED after reporting why.
enum status watch_events_open(struct watch *watch);
void watch_events_close(struct watch *watch);
// Reads the files again.
void watch_reread(struct watch *watch);

// ---- where files change (places.c) ----

// Listens where the files are now, and where links among them point to. Whether that is a directory
// more than before, in which something may have changed since the files were read.
bool watch_places_update(struct watch *watch);
// Whether an event tells that files may have changed.
bool watch_places_changed(const struct watch *watch, const struct inotify_event *event);
void watch_places_free(struct watch *watch);

// ---- runs (run.c) ----

// Starts a run for the file, whose domain runs.
void watch_run_start(struct watch *watch, struct watch_file *file);
// Forgets the run and the report of a file that goes, or whose domain has gone. A child that runs
// goes on by itself.
void watch_run_forget(struct watch *watch, struct watch_file *file);

// ---- what is known (remember.c) ----

// Makes a copy the file's report, instead of the one before, which may be the same.
struct watch_report *watch_keep_report(struct watch_file *file, const struct watch_report *report);
// Stores the file's report, for other verbs and the next watcher (state.h).
void watch_remember(struct watch *watch, struct watch_file *file);
// Removes what is stored of the file's domain.
void watch_forget(const struct watch_file *file);
// Removes what is stored of domains that do not run any more.
void watch_forget_stale(const struct watch *watch);
// What is stored of the file's domain, also of an earlier instance; NULL if nothing.
const struct watch_report *watch_recall_any(const struct watch *watch, struct arena *arena,
                                            const struct watch_file *file);
// Sets the report that is stored of the file's domain, if it is about the same instance.
void watch_recall(const struct watch *watch, struct watch_file *file);

#endif
