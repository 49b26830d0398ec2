// SPDX-License-Identifier: MIT
// What happens on the host, and for which domains that matters.
#include "base/arena.h"
#include "base/deadline.h"
#include "host/plug.h"
#include "kept.h"
#include "notify.h"
#include "watching.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>

enum { RESERVE = 64 * 1024 }; // bytes, of what is read for an event

// ---- devices ----

// Whether an entry may select the device; its serial and its host controller are not known yet.
static bool may_select(const struct selector *selector, const struct host_plug_event *event)
{
    struct selector own = { .bus = event->bus,
                            .address = event->address,
                            .vendor = event->vendor,
                            .product = event->product };
    const unsigned criteria = selector->criteria;
    snprintf(own.busid, sizeof own.busid, "%s", event->busid);
    return criteria &&
           selector_agrees(selector, &own,
                           criteria & ~(unsigned)(SELECT_SERIAL | SELECT_PATH | SELECT_BEHIND)) &&
           (!(criteria & SELECT_BEHIND) || busid_is_behind(event->busid, selector->behind)) &&
           (!(criteria & SELECT_PATH) || path_has_ports(selector->path, event->busid));
}

static bool concerns(const struct watch_file *file, const struct host_plug_event *event)
{
    const struct watch_entry *entry = file->report ? file->report->entries : NULL;
    for (; entry; entry = entry->next)
        if (!entry->controller && strcmp(entry->busid, event->busid) == 0)
            return true;
    if (event->kind == PLUG_GOES)
        return file->task.running; // which may have attached it just now
    for (const struct config_device *at = file->config->devices; at; at = at->next)
        if (at->kind == DEVICE_HOSTDEV && may_select(&at->selector, event))
            return true;
    return false;
}

static void on_plug(struct watch *watch, struct watch_source *source)
{
    struct host_plug_event event;
    enum plug_result result;
    (void)source;
    while ((result = host_plug_take(watch->plug, &event)) != PLUG_NONE) {
        if (result == PLUG_LOST)
            watch_wake_all(watch);
        for (struct watch_file *file = watch->files.first; file && result == PLUG_EVENT;
             file = file->next)
            if (file->id >= 0 && concerns(file, &event))
                task_wake(&file->task, clock_now(), 0);
    }
}

// ---- domains ----

// The domain that the file is for; NULL if it does not run, or is not ready.
static const struct watch_domain *domain_of(const struct watch *watch,
                                            const struct watch_file *file)
{
    if (!file->domain)
        return NULL;
    if (!*file->of_uuid)
        return watch_domains_named(&watch->domains, file->domain);
    const struct watch_domain *domain = watch_domains_with(&watch->domains, file->of_uuid);
    return domain && domain->ready ? domain : NULL;
}

// That the domain is no longer the one of the file.
static void say_gone(const struct watch *watch, const struct watch_file *file)
{
    const struct watch_domain *at = watch_domains_with(&watch->domains, file->uuid);
    if (*file->of_uuid)
        return;
    if (at && at->id == file->id && *at->name)
        say(watch->options->json, watch_subject(file), "is called %s now", at->name);
    else
        say(watch->options->json, watch_subject(file), "has ended");
}

// The domain that the file is for now, if it is another one than before.
static void assign(struct watch *watch, struct watch_file *file)
{
    const struct watch_domain *domain = domain_of(watch, file);
    // The name in a file of kept.h is the one that its domain had then.
    if (domain && *file->of_uuid && strcmp(file->domain, domain->name) != 0)
        file->domain = arena_strdup(file->arena, domain->name);
    const bool same =
        domain ? file->id == domain->id && strcmp(file->uuid, domain->uuid) == 0 : file->id < 0;
    if (same)
        return;
    if (file->id >= 0 && !domain) {
        say_gone(watch, file);
        watch_forget(file);
    }
    if (file->id >= 0)
        watch_wake_waiting(watch, 0);
    watch_run_forget(watch, file);
    file->id = domain ? domain->id : -1;
    snprintf(file->uuid, sizeof file->uuid, "%s", domain ? domain->uuid : "");
    if (!domain)
        return;
    watch_recall(watch, file);
    task_wake(&file->task, clock_now(), 0);
}

// A domain of that name with another UUID has taken its place: it does not come back.
static void drop_kept(struct watch *watch, const struct watch_file *file)
{
    if (!*file->of_uuid || !file->domain || watch_domains_with(&watch->domains, file->of_uuid) ||
        !watch_domains_named(&watch->domains, file->domain))
        return;
    if (unlink(file->path) == 0)
        say(watch->options->json, watch_subject(file),
            "what was attached with --keep is forgotten: another domain has this name now");
}

enum status watch_look(struct watch *watch)
{
    struct diags diags;
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    if (!arena)
        arena_give_up();
    diags_init(&diags, arena);
    task_start(&watch->look, clock_now());
    const enum status status = watch_domains_update(&watch->domains, &diags, &watch->unready);
    const bool failed = status != STATUS_OK;
    if (failed && watch->options->once)
        complain_error(watch->options->diags, diags_code(&diags), "%s",
                       diags_reason(&diags, "no reason given"));
    else if (failed)
        say(watch->options->json, WATCH_ITSELF, "%s", diags_reason(&diags, "no reason given"));
    for (struct watch_file *file = watch->files.first; file && !failed; file = file->next)
        assign(watch, file);
    for (struct watch_file *file = watch->files.first; file && !failed; file = file->next)
        drop_kept(watch, file);
    if (!failed && !watch->looked)
        watch_forget_stale(watch);
    watch->looked |= !failed;
    (void)task_end(&watch->look, clock_now(), failed || watch->unready);
    return status;
}

// ---- files ----

static const char *file_words(const struct watch_file *file, enum watch_file_event event)
{
    switch (event) {
    case FILE_CHANGES: return "read again";
    case FILE_BREAKS:
        if (file->directory)
            return "cannot be read; what was found there before stays in force";
        return file->config ? "has errors; what it said before stays in force" : "has errors";
    case FILE_GOES: return "is no longer there; what is attached stays";
    case FILE_COMES: break;
    }
    return "";
}

static void on_file(void *context, struct watch_file *file, enum watch_file_event event,
                    struct diags *diags)
{
    struct watch *watch = context;
    if (event == FILE_BREAKS) {
        if (diags->errors)
            watch->status = status_worse(watch->status, STATUS_REQUEST);
        diags_print(diags, stderr, watch->options->color);
        diags_print_summary(diags, file->path, stderr);
    }
    if (event != FILE_COMES && !watch->options->once)
        say(watch->options->json, (struct subject){ NULL, -1, file->path }, "%s",
            file_words(file, event));
    if (event == FILE_GOES) {
        watch_run_forget(watch, file);
        if (!file->second)
            watch_forget(file);
    }
    if (event != FILE_BREAKS)
        watch_wake_waiting(watch, WATCH_GATHER);
    if (event != FILE_COMES && event != FILE_CHANGES)
        return;
    assign(watch, file);
    if (file->id >= 0)
        task_wake(&file->task, clock_now(), 0);
}

void watch_reread(struct watch *watch)
{
    watch->reread = false;
    if (watch->inotify >= 0)
        (void)watch_places_update(watch);
    watch_files_read(&watch->files, on_file, watch);
    // A link that came in between.
    if (watch->inotify >= 0 && watch_places_update(watch))
        watch_files_read(&watch->files, on_file, watch);
    fflush(stdout);
    notify("READY=1");
}

static void on_inotify_event(struct watch *watch, const struct inotify_event *event)
{
    // Of those that are ready, it is xenusb or xl that has changed it.
    if ((watch->unready && event->wd == watch->saved && event->len &&
         watch_is_saved(event->name)) ||
        event->mask & IN_Q_OVERFLOW)
        watch_domains_changed(watch, 0);
    if (watch_places_changed(watch, event) && !watch->reread) {
        watch->reread = true;
        watch->reread_at = clock_now() + WATCH_GATHER;
    }
}

static void on_inotify(struct watch *watch, struct watch_source *source)
{
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t got;
    while ((got = read(source->fd, bytes, sizeof bytes)) > 0)
        for (const char *at = bytes; at < bytes + got;) {
            const struct inotify_event *event = (const void *)at;
            at += sizeof *event + event->len;
            on_inotify_event(watch, event);
        }
}

// ---- opening ----

static enum status complain_events(const struct watch *watch, const char *what, const char *why)
{
    complain_error(watch->options->diags, CODE_UNREADABLE, "cannot watch %s: %s", what, why);
    return STATUS_FAILED;
}

enum status watch_events_open(struct watch *watch)
{
    const char *why = NULL;
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->inotify < 0 || !watch_source_add(watch, watch->inotify, on_inotify))
        return complain_events(watch, "files", strerror(errno));
    kept_make_directory();
    watch->saved = inotify_add_watch(watch->inotify, watch_saved_directory,
                                     IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
    watch->plug = host_plug_open(&why);
    if (!watch->plug)
        return complain_events(watch, "USB devices", why);
    if (!watch_source_add(watch, dup(host_plug_fd(watch->plug)), on_plug))
        return complain_events(watch, "USB devices", strerror(errno));
    return watch_connect(watch, &why) ? STATUS_OK : complain_events(watch, "xenstore", why);
}

void watch_events_close(struct watch *watch)
{
    host_plug_close(watch->plug);
}
