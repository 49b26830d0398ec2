// SPDX-License-Identifier: MIT
// What happens in xenstore, and for which domains that matters.
#include "base/deadline.h"
#include "record/known.h"
#include "watching.h"
#include "xen/events.h"

#include <errno.h>
#include <stdlib.h>

void watch_wake_all(struct watch *watch)
{
    for (struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->id >= 0)
            task_wake(&file->task, clock_now(), 0);
}

void watch_wake_waiting(struct watch *watch, double delay)
{
    for (struct watch_file *file = watch->files.first; file; file = file->next) {
        const struct watch_entry *entry = file->report ? file->report->entries : NULL;
        while (entry && entry->verdict != WATCH_OTHERS)
            entry = entry->next;
        if (entry && file->id >= 0)
            task_wake(&file->task, clock_now(), delay);
    }
}

// ---- xenstore ----

void watch_domains_changed(struct watch *watch, double delay)
{
    task_wake(&watch->look, clock_now(), delay);
}

#define USBBACK "/local/domain/0/backend/vusb"

// The domain whose id follows `root` in the path, of which *rest is what follows that; -1: none.
static int domain_in(struct text path, const char *root, struct text *rest)
{
    uint64_t id;
    const size_t from = strlen(root);
    if (!text_starts(path, root) || path.size <= from)
        return -1;
    const size_t end = text_find(path, '/', from);
    *rest = text_part(path, end, path.size);
    return text_number(text_part(path, from, end), 10, 0, INT16_MAX, &id) == NUMBER_OK ? (int)id
                                                                                       : -1;
}

static bool ends_with(struct text text, const char *end)
{
    const size_t size = strlen(end);
    return text.size >= size && text_is(text_part(text, text.size - size, text.size), end);
}

// What another process has changed at a domain's ports, or the state of its usbback, which has
// ended or is back. While a run is at it, it is the run.
static void on_record(struct watch *watch, const char *path)
{
    struct text rest;
    int id = domain_in(text_of(path), "/libxl/", &rest);
    if (id < 0 || !text_starts(rest, "/device/vusb")) {
        id = domain_in(text_of(path), USBBACK "/", &rest);
        if (id < 0 || !ends_with(rest, "/state"))
            return;
    }
    for (struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->id == id && !file->task.running)
            task_wake(&file->task, clock_now(), WATCH_GATHER);
    watch_wake_waiting(watch, WATCH_GATHER);
}

#define VM "/vm"

// libxl writes a new name to /vm/UUID/name as well, below which hardly anything else changes.
static void on_name(struct watch *watch, struct text path)
{
    const size_t from = sizeof VM, end = text_find(path, '/', from);
    const struct text rest = text_part(path, end, path.size);
    if (text_is(rest, "/name") &&
        watch_domains_renamed(&watch->domains, text_part(path, from, end)))
        watch_domains_changed(watch, WATCH_GATHER);
}

static void on_change(void *context, const char *path)
{
    struct watch *watch = context;
    if (path[0] == '@') {
        watch_domains_changed(watch, 0);
        return;
    }
    if (text_starts(text_of(path), VM "/")) {
        on_name(watch, text_of(path));
        return;
    }
    record_known_changed(watch->known, path);
    on_record(watch, path);
}

static void lose_xenstored(struct watch *watch, const char *why)
{
    say(watch->options->json, WATCH_ITSELF, "xenstored is lost: %s", why);
    watch_source_drop(watch, watch->xen);
    xen_events_close(watch->xen_events);
    watch->xen = NULL;
    watch->xen_events = NULL;
    record_known_forget(watch->known);
    watch->lost = true;
    task_wake(&watch->connect, clock_now(), WATCH_GATHER);
}

void watch_events_drain(struct watch *watch)
{
    const char *why = NULL;
    if (watch->xen_events && !xen_events_take(watch->xen_events, on_change, watch, &why))
        lose_xenstored(watch, why);
}

bool watch_events_sync(struct watch *watch)
{
    const char *why = NULL;
    const double seconds = XENSTORE_SECONDS * watch->options->timeout_scale;
    if (!watch->xen_events || xen_events_sync(watch->xen_events, seconds, on_change, watch, &why))
        return watch->xen_events != NULL;
    lose_xenstored(watch, why);
    return false;
}

static void on_xenstored(struct watch *watch, struct watch_source *source)
{
    (void)source;
    watch_events_drain(watch);
}

// False if that fails, or if they cannot be waited for; *why is the reason.
static bool open_events(struct watch *watch, const char *const *paths, size_t count,
                        const char **why)
{
    const double seconds = XENSTORE_SECONDS * watch->options->timeout_scale;
    watch->xen_events = xen_events_open(paths, count, seconds, why);
    if (!watch->xen_events)
        return false;
    watch->xen = watch_source_add(watch, dup(xen_events_fd(watch->xen_events)), on_xenstored);
    if (watch->xen)
        return true;
    *why = strerror(errno);
    xen_events_close(watch->xen_events);
    watch->xen_events = NULL;
    return false;
}

bool watch_connect(struct watch *watch, const char **why)
{
    enum { PATHS = 16, OWN = 3 };
    const char *paths[PATHS] = { "@introduceDomain", "@releaseDomain", VM };
    const double now = clock_now();
    for (size_t i = 0; i < record_known_path_count; i++)
        paths[OWN + i] = record_known_paths[i];
    task_start(&watch->connect, now);
    const bool connected = open_events(watch, paths, OWN + record_known_path_count, why);
    // It is not given up: the last pause is repeated.
    if (!task_end(&watch->connect, now, !connected)) {
        watch->connect.failures--;
        (void)task_end(&watch->connect, now, true);
    }
    if (!connected)
        return false;
    if (watch->lost) {
        say(watch->options->json, WATCH_ITSELF, "xenstored is back");
        watch_wake_all(watch);
    }
    watch->lost = false;
    watch_domains_changed(watch, 0);
    return true;
}

void watch_disconnect(struct watch *watch)
{
    xen_events_close(watch->xen_events);
    record_known_free(watch->known);
}
