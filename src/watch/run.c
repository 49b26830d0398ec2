// SPDX-License-Identifier: MIT
// A run is a child of its own, which reports through a pipe.
#include "base/arena.h"
#include "base/deadline.h"
#include "base/file.h"
#include "base/scope.h"
#include "tell.h"
#include "watching.h"
#include "world/world.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <syslog.h>
#include <time.h>

enum {
    RESERVE = 1024 * 1024, // bytes, as in main()
    PIECE = 16 * 1024,     // of a report, read at once
    MORE = 4 * PIECE,      // by which its buffer grows
};

static const double ending = 0.1; // seconds in which a domain ends whose QEMU has exited

// ---- in the child ----

static void close_between(int from, int to)
{
    if (from < to - 1)
        (void)close_range((unsigned)from + 1, (unsigned)to - 1, 0);
}

// Everything that was inherited, above all the watcher's lock, except where the report goes, and
// the connection to xenstored, if there is one.
static void close_inherited(int out, int xen)
{
    const int low = xen >= 0 && xen < out ? xen : out, high = xen > out ? xen : out;
    closelog();
    close_between(STDERR_FILENO, low);
    close_between(low, high);
    (void)close_range((unsigned)high + 1, ~0U, 0);
    openlog("xenusb", LOG_PID, LOG_DAEMON);
}

static size_t find_rivals(struct arena *arena, const struct watch *watch,
                          const struct watch_file *file, const struct watch_rival **rivals)
{
    size_t count = 0;
    for (const struct watch_file *at = watch->files.first; at != file; at = at->next)
        count += at->id >= 0 && at->config;
    struct watch_rival *all = arena_array_of(arena, struct watch_rival, count);
    count = 0;
    for (const struct watch_file *at = watch->files.first; at != file; at = at->next)
        if (at->id >= 0 && at->config)
            all[count++] = (struct watch_rival){ at->domain, at->id, at->config };
    *rivals = all;
    return count;
}

// Takes over `owner`, the arena of *xen.
static void run_child(const struct watch *watch, const struct watch_file *file, struct arena *owner,
                      struct xen *xen, int out) __attribute__((noreturn));
static void run_child(const struct watch *watch, const struct watch_file *file, struct arena *owner,
                      struct xen *xen, int out)
{
    struct watch_report report = { .why = "", .uuid = "" };
    struct watch_request request = {
        .config = file->config,
        .domain = file->domain,
        .id = file->id,
        .last = file->report,
        .start_backend = watch->options->start_backend,
        .timeout_scale = watch->options->timeout_scale,
        .undo_scale = watch->options->undo_scale,
    };
    close_inherited(out, xen ? xen_fd(xen) : -1);
    (void)sigprocmask(SIG_SETMASK, &watch->signals, NULL);
    struct arena *arena = arena_new(RESERVE);
    if (!arena)
        arena_give_up();
    request.rival_count = find_rivals(arena, watch, file, &request.rivals);
    struct world_known known = { .xen = xen, .claims = watch->known };
    // Its own domain may have another name by now.
    known.count = watch_domains_known(&watch->domains, arena, file->id, &known.named);
    request.known = xen ? &known : NULL;
    (void)watch->options->act(watch->options->context, arena, &request, &report);
    const bool written = write_all(out, watch_report_write(arena, &report));
    arena_free(arena);
    arena_free(owner);
    _exit(written ? 0 : 1);
}

// ---- processes whose end matters ----

static void on_end(struct watch *watch, struct watch_source *source)
{
    struct watch_file *file = source->file;
    file->ends[source->which] = (struct watch_end){ NULL, 0 };
    watch_source_drop(watch, source);
    task_wake(&file->task, clock_now(), ending);
}

static void await_end(struct watch *watch, struct watch_file *file, unsigned which, unsigned pid)
{
    struct watch_end *end = &file->ends[which];
    if (end->pid == pid)
        return;
    watch_source_drop(watch, end->source);
    *end = (struct watch_end){ NULL, pid };
    const int fd = pid && !watch->options->once ? pidfd_open((pid_t)pid, 0) : -1;
    if (fd < 0 || !(end->source = watch_source_add(watch, fd, on_end)))
        return;
    end->source->file = file;
    end->source->which = which;
}

// ---- the end of a run ----

static bool has_failed(const struct watch_report *report)
{
    for (const struct watch_entry *entry = report->entries; entry; entry = entry->next)
        if (entry->verdict == WATCH_FAILED || entry->verdict == WATCH_REFUSED)
            return true;
    return report->status != STATUS_OK;
}

// A device that was lost soon after it had been attached; several at once count as one.
static void count_lost(struct watch_file *file, const struct watch_report *now)
{
    const int64_t today = time(NULL);
    double shortest = HUGE_VAL;
    for (const struct watch_entry *entry = now->entries; entry && file->report;
         entry = entry->next) {
        const struct watch_entry *same = watch_report_same(file->report, entry);
        if (same && same->verdict == WATCH_THERE && entry->changed &&
            (double)(today - same->since) < shortest)
            shortest = (double)(today - same->since);
    }
    if (shortest < HUGE_VAL)
        task_lost(&file->task, clock_now(), shortest);
}

// Whether that was the last try.
static bool end(const struct watch *watch, struct watch_file *file, bool failed)
{
    if (task_end(&file->task, clock_now(), failed))
        return false;
    say(watch->options->json, watch_subject(file), "given up until something changes");
    return true;
}

static void take_report(struct watch *watch, struct watch_file *file, struct arena *arena,
                        struct watch_report *report)
{
    const struct telling telling = { file->domain, file->path, file->report, report };
    // A domain that could not be looked at is still the one it was.
    if (report->domain < 0 && report->status != STATUS_OK) {
        report->domain = file->id;
        report->uuid = file->uuid;
    }
    watch_report_date(report, file->report, time(NULL));
    count_lost(file, report);
    (void)(watch->options->json ? tell_json : tell_text)(arena, &telling, stdout);
    fflush(stdout);
    watch->status = status_worse(watch->status, report->status);
    for (unsigned i = 0; i < WATCH_QEMUS; i++)
        await_end(watch, file, i, report->qemus[i]);
    report->given_up = end(watch, file, has_failed(report));
    // It is told; what is stored is how things are.
    for (struct watch_entry *entry = report->entries; entry; entry = entry->next)
        entry->changed = false;
    (void)watch_keep_report(file, report);
    watch_remember(watch, file);
}

// What is known of the domain stays known, but not that it is as it should be.
static void note_given_up(struct watch *watch, struct watch_file *file, const char *why)
{
    const struct watch_report none = { .domain = file->id, .why = "", .uuid = file->uuid };
    struct watch_report *report = watch_keep_report(file, file->report ? file->report : &none);
    report->status = STATUS_FAILED;
    report->why = why;
    report->given_up = true;
    watch_remember(watch, file);
}

static void finish(struct watch *watch, struct watch_file *file)
{
    static const char no_report[] = "its run ended without a report";
    struct watch_child *child = &file->child;
    cleanup_arena struct arena *arena = arena_new(0);
    if (!arena)
        arena_give_up();
    struct watch_report *report = arena_new_of(arena, struct watch_report);
    // What the run has changed must not start another one.
    (void)watch_events_sync(watch);
    watch->running--;
    if (watch_report_read(arena, (struct text){ child->said, child->size }, report)) {
        take_report(watch, file, arena, report);
    } else {
        say(watch->options->json, watch_subject(file), "%s", no_report);
        watch->status = status_worse(watch->status, STATUS_FAILED);
        if (end(watch, file, true))
            note_given_up(watch, file, no_report);
    }
    free(child->said);
    *child = (struct watch_child){ .source = NULL };
}

static void on_report(struct watch *watch, struct watch_source *source)
{
    struct watch_file *file = source->file;
    struct watch_child *child = &file->child;
    if (child->capacity - child->size < PIECE) {
        child->capacity += MORE;
        child->said = realloc(child->said, child->capacity);
        if (!child->said)
            arena_give_up();
    }
    ssize_t got = read(source->fd, child->said + child->size, PIECE);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        child->size += (size_t)got;
    if (got > 0 && child->size <= WATCH_REPORT_MAX)
        return;
    watch_source_drop(watch, source);
    finish(watch, file);
}

void watch_run_start(struct watch *watch, struct watch_file *file)
{
    int ends[2];
    cleanup_arena struct arena *arena = arena_new(0);
    if (!arena)
        arena_give_up();
    cleanup_xen struct xen *xen = watch_know(watch, arena, file->id);
    const double now = clock_now();
    task_start(&file->task, now);
    fflush(stdout);
    pid_t pid = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? fork() : -2;
    if (pid == 0) {
        (void)fcntl(ends[1], F_SETFL, 0); // the child waits until its report is taken
        run_child(watch, file, arena, xen, ends[1]);
    }
    if (pid != -2)
        close(ends[1]);
    if (pid > 0 && (file->child.source = watch_source_add(watch, ends[0], on_report))) {
        file->child.source->file = file;
        file->child.pid = pid;
        watch->running++;
        return;
    }
    say(watch->options->json, watch_subject(file), "cannot start a process: %s", strerror(errno));
    if (pid == -1)
        close(ends[0]);
    if (end(watch, file, true))
        note_given_up(watch, file, "no process could be started");
}

void watch_run_forget(struct watch *watch, struct watch_file *file)
{
    if (file->child.source) {
        watch_source_drop(watch, file->child.source);
        free(file->child.said);
        file->child = (struct watch_child){ .source = NULL };
        watch->running--;
    }
    for (unsigned i = 0; i < WATCH_QEMUS; i++)
        await_end(watch, file, i, 0);
    arena_free(file->said);
    file->said = NULL;
    file->report = NULL;
    file->task = (struct watch_task){ .due = false };
}
