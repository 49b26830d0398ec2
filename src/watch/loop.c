// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/deadline.h"
#include "base/scope.h"
#include "base/session.h"
#include "notify.h"
#include "record/known.h"
#include "tell.h"
#include "watching.h"
#include "xen/lock.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum {
    RUNS_MAX = 8,    // children at the same time
    EVENTS_MAX = 32, // taken in one round
};

// ---- signals ----

static void take_signals(struct watch *watch, struct watch_source *source)
{
    struct signalfd_siginfo info;
    while (read(source->fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            notify_reloading();
            watch->reread = true;
            watch->reread_at = 0;
        } else if (info.ssi_signo != SIGCHLD) {
            notify("STOPPING=1");
            watch->ending = true;
        }
    }
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static enum status catch_signals(struct watch *watch)
{
    static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaddset(&set, caught[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &watch->signals);
    const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd >= 0 && watch_source_add(watch, fd, take_signals))
        return STATUS_OK;
    complain_error(watch->options->diags, CODE_FAILED, "cannot wait for signals: %s",
                   strerror(errno));
    return STATUS_FAILED;
}

// ---- the loop ----

static bool is_earlier(const struct watch_task *task, double *at)
{
    if (!task->due || task->running || task->due_at >= *at)
        return false;
    *at = task->due_at;
    return true;
}

// How long to wait, as epoll_wait() takes it: until the first task is due.
static int pause_of(const struct watch *watch)
{
    double at = HUGE_VAL;
    if (watch->reread)
        at = watch->reread_at;
    is_earlier(&watch->look, &at);
    is_earlier(&watch->connect, &at);
    for (const struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->id >= 0 && watch->running < RUNS_MAX && !watch->ending)
            is_earlier(&file->task, &at);
    return at == HUGE_VAL ? -1 : deadline_poll((struct deadline){ at });
}

// Does what is due.
static void act(struct watch *watch)
{
    const double now = clock_now();
    if (watch->reread && watch->reread_at <= now)
        watch_reread(watch);
    if (task_is_due(&watch->connect, now))
        (void)watch_connect(watch, &(const char *){ NULL });
    if (task_is_due(&watch->look, now))
        (void)watch_look(watch);
    for (struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->id >= 0 && watch->running < RUNS_MAX && !watch->ending &&
            task_is_due(&file->task, now))
            watch_run_start(watch, file);
}

static enum status turn(struct watch *watch)
{
    struct epoll_event events[EVENTS_MAX];
    act(watch);
    if (watch->ending && !watch->running)
        return STATUS_OK;
    int count = epoll_wait(watch->epoll, events, EVENTS_MAX, pause_of(watch));
    if (count < 0 && errno != EINTR) {
        complain_error(watch->options->diags, CODE_FAILED, "cannot wait for events: %s",
                       strerror(errno));
        return STATUS_FAILED;
    }
    // First of all, since what xenstored reports until a run has ended is what that run has
    // changed.
    if (count > 0)
        watch_events_drain(watch);
    for (int i = 0; i < count; i++) {
        struct watch_source *source = events[i].data.ptr;
        if (source->ready)
            source->ready(watch, source);
    }
    watch_sources_free_dropped(watch);
    return STATUS_OK;
}

// Whether each domain has had its run.
static bool is_done(const struct watch *watch)
{
    for (const struct watch_file *file = watch->files.first; file; file = file->next)
        if (file->id >= 0 && (file->task.running || (file->task.due && !file->task.failures)))
            return false;
    return true;
}

// It is told once, and remembered.
static void tell_what_does_not_run(struct watch *watch)
{
    for (struct watch_file *file = watch->files.first; file; file = file->next) {
        if (file->id >= 0 || !file->domain || *file->of_uuid)
            continue;
        struct watch_report *none = arena_new_of(watch->options->arena, struct watch_report);
        *none = (struct watch_report){ .why = "", .domain = -1, .uuid = "" };
        const struct telling telling = { file->domain, file->path,
                                         watch_recall_any(watch, watch->options->arena, file),
                                         none };
        (void)(watch->options->json ? tell_json : tell_text)(watch->options->arena, &telling,
                                                             stdout);
        file->report = none;
        watch_remember(watch, file);
    }
}

static enum status run_once(struct watch *watch)
{
    enum status status = catch_signals(watch);
    watch_reread(watch);
    if (status == STATUS_OK)
        status = watch_look(watch);
    if (status == STATUS_OK)
        tell_what_does_not_run(watch);
    while (status == STATUS_OK && !is_done(watch) && !(watch->ending && !watch->running))
        status = turn(watch);
    return status_worse(status, watch->status);
}

static void say_what_is_kept(const struct watch *watch)
{
    unsigned count = 0;
    for (const struct watch_file *file = watch->files.first; file; file = file->next)
        count += file->config != NULL;
    say(watch->options->json, (struct subject){ NULL, -1, NULL },
        "keeps what %u file%s ask%s for, and waits for events", count, count == 1 ? "" : "s",
        count == 1 ? "s" : "");
}

static enum status run(struct watch *watch)
{
    enum status status = catch_signals(watch);
    if (status == STATUS_OK)
        status = watch_events_open(watch);
    if (status != STATUS_OK)
        return status;
    watch_reread(watch);
    say_what_is_kept(watch);
    while (status == STATUS_OK && !(watch->ending && !watch->running))
        status = turn(watch);
    return status;
}

enum status watch_loop(const struct watch_options *options)
{
    struct session session = { .arena = options->arena, .diags = options->diags };
    cleanup_lock struct lock lock = LOCK_NONE;
    struct watch watch = { .options = options,
                           .epoll = epoll_create1(EPOLL_CLOEXEC),
                           .inotify = -1,
                           .known = record_known_new(),
                           .saved = -1,
                           .files = { options->words, options->count, NULL } };
    if (watch.epoll < 0) {
        complain_error(options->diags, CODE_FAILED, "cannot wait for events: %s", strerror(errno));
        return STATUS_FAILED;
    }
    enum status status = lock_watcher(&session, &lock);
    if (status == STATUS_OK)
        status = options->once ? run_once(&watch) : run(&watch);
    for (struct watch_file *file = watch.files.first; file; file = file->next)
        watch_run_forget(&watch, file);
    watch_events_close(&watch);
    watch_disconnect(&watch);
    watch_places_free(&watch);
    watch_files_free(&watch.files);
    watch_domains_free(&watch.domains);
    watch_sources_drop_all(&watch);
    close(watch.epoll);
    return status;
}
