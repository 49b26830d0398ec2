// SPDX-License-Identifier: MIT
// A guest that does not answer must not use up the time of the others, so each has a process. What
// it prints goes to memory, so that lines of several guests are not mixed.
#include "base/arena.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/scope.h"
#include "envelope.h"
#include "park.h"
#include "xen/xen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 8 }; // processes; as many as the watcher has

// For all guests, before it is scaled. systemd gives the service 90 s, and what is undone when the
// time is over needs some, too.
#define ALL_SECONDS 60.0

enum { STREAM_OUT, STREAM_ERR, STREAMS };

struct child {
    const struct domain *domain;
    pid_t pid;         // 0: it was not started; -1: it has ended
    int ended;         // readable when it has
    int into[STREAMS]; // what it prints
    struct text said;  // --json
};

struct children {
    const struct invocation *invocation;
    park_one *act;
    struct child *at;
    size_t count;
    size_t started;
    size_t running;
    int ends;            // an epoll of their `ended`
    const char *stopped; // why no further one is started; NULL
    bool found;          // one with something to do
    enum status worst;
};

static bool is_json(const struct children *children)
{
    return children->invocation->given & OPTION_JSON;
}

static void worsen(struct children *children, enum status status)
{
    children->worst = status_worse(children->worst, status);
}

static void complain_not_done(const struct children *children, struct diags *diags,
                              const struct domain *domain, const char *why)
{
    complain_error(diags, CODE_FAILED, "%s (%d) was not %sed%s%s", domain->name, domain->id,
                   children->invocation->command->name, why ? ": " : "", why ? why : "");
}

// ---- in the child ----

static void block_signals(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    (void)sigprocmask(how, &signals, NULL);
}

// What goes into the envelope of all.
static void say(const struct park_run *run)
{
    const char *why;
    const struct invocation *invocation = run->invocation;
    struct json_writer *json = json_writer_to(invocation->arena, stdout, false);
    json_open_object(json);
    json_key(json, "guest");
    if (run->said.size)
        json_put_value(json, json_read(invocation->arena, run->said, &why));
    else
        json_put_null(json);
    json_add_bool(json, "changed", invocation->envelope->changed);
    json_key(json, "complaints");
    json_open_array(json);
    diags_write_json(invocation->diags, json);
    json_close(json);
    json_close(json);
    json_writer_end(json);
}

static void run_child(const struct children *children, const struct child *child)
    __attribute__((noreturn));
static void run_child(const struct children *children, const struct child *child)
{
    struct diags diags;
    struct invocation invocation = *children->invocation;
    struct park_run run = { .invocation = &invocation, .all = true };
    interrupt_renew();
    block_signals(SIG_UNBLOCK);
    diags_init(&diags, invocation.arena);
    invocation.diags = &diags;
    enum status status = STATUS_FAILED;
    if (dup2(child->into[STREAM_OUT], STDOUT_FILENO) >= 0 &&
        dup2(child->into[STREAM_ERR], STDERR_FILENO) >= 0)
        status = children->act(&run, arena_printf(invocation.arena, "%d", child->domain->id));
    if (status != STATUS_OK)
        complain_not_done(children, &diags, child->domain, NULL);
    if (is_json(children))
        say(&run);
    fflush(stdout);
    diags_print(&diags, stderr, invocation.color);
    _exit((int)status);
}

// ---- starting them ----

static void close_all(struct child *child)
{
    int *const all[] = { &child->ended, &child->into[STREAM_OUT], &child->into[STREAM_ERR] };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
}

static bool await_end(const struct children *children, struct child *child)
{
    struct epoll_event event = { .events = EPOLLIN };
    child->ended = pidfd_open(child->pid, 0);
    return child->ended >= 0 && epoll_ctl(children->ends, EPOLL_CTL_ADD, child->ended, &event) == 0;
}

static bool fork_child(const struct children *children, struct child *child)
{
    child->into[STREAM_OUT] = memfd_create("output", MFD_CLOEXEC);
    child->into[STREAM_ERR] = memfd_create("errors", MFD_CLOEXEC);
    if (child->into[STREAM_OUT] < 0 || child->into[STREAM_ERR] < 0)
        return false;
    // A signal between the fork and interrupt_renew() would reach the others as well.
    block_signals(SIG_BLOCK);
    child->pid = fork();
    if (child->pid == 0)
        run_child(children, child);
    block_signals(SIG_UNBLOCK);
    return child->pid > 0;
}

static void start(struct children *children, struct child *child)
{
    if (!fork_child(children, child)) {
        complain_not_done(children, children->invocation->diags, child->domain,
                          arena_printf(children->invocation->arena, "cannot start a process: %s",
                                       strerror(errno)));
        worsen(children, STATUS_FAILED);
        close_all(child);
        child->pid = -1;
        return;
    }
    children->running++;
    // Without that, its end is only seen with that of another one, or late.
    (void)await_end(children, child);
}

// ---- their ends ----

static struct text contents_of(struct arena *arena, int fd)
{
    const off_t size = lseek(fd, 0, SEEK_END);
    struct text text = TEXT_EMPTY;
    if (size <= 0 || lseek(fd, 0, SEEK_SET) != 0)
        return text;
    char *bytes = arena_alloc(arena, (size_t)size);
    text.at = bytes;
    return read_up_to(fd, bytes, (size_t)size, &text.size) ? text : TEXT_EMPTY;
}

static void finish(struct children *children, struct child *child, int ended)
{
    struct arena *arena = children->invocation->arena;
    const bool exited = WIFEXITED(ended);
    const enum status status = exited ? (enum status)WEXITSTATUS(ended) : STATUS_FAILED;
    const struct text out = contents_of(arena, child->into[STREAM_OUT]);
    const struct text err = contents_of(arena, child->into[STREAM_ERR]);
    if (is_json(children))
        child->said = out;
    else
        fwrite(out.at, 1, out.size, stdout);
    fflush(stdout);
    fwrite(err.at, 1, err.size, stderr);
    if (!exited)
        complain_not_done(
            children, children->invocation->diags, child->domain,
            arena_printf(arena, "its process was killed by signal %d", WTERMSIG(ended)));
    children->found |= out.size || status != STATUS_OK;
    worsen(children, status);
    if (child->ended >= 0)
        (void)epoll_ctl(children->ends, EPOLL_CTL_DEL, child->ended, NULL);
    close_all(child);
    child->pid = -1;
    children->running--;
}

static void reap(struct children *children)
{
    int ended;
    for (size_t i = 0; i < children->started; i++)
        if (children->at[i].pid > 0 &&
            waitpid(children->at[i].pid, &ended, WNOHANG) == children->at[i].pid)
            finish(children, &children->at[i], ended);
}

static void stop(struct children *children, const char *why)
{
    children->stopped = why;
    for (size_t i = 0; i < children->started; i++)
        if (children->at[i].pid > 0)
            (void)kill(children->at[i].pid, SIGTERM);
}

static void start_some(struct children *children)
{
    while (!children->stopped && children->started < children->count && children->running < AT_ONCE)
        start(children, &children->at[children->started++]);
}

// What a child has been doing when it is stopped, it undoes, within its own limits.
static void run_all(struct children *children)
{
    const double limit = ALL_SECONDS * children->invocation->timeout_scale, again = 1;
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(limit), "all guests");
    const struct interrupt *interrupt = interrupt_of_process();
    for (;;) {
        waiting_end(&waiting); // what has ended is printed
        reap(children);
        if (!children->running && (children->stopped || children->started == children->count))
            return;
        if (!children->stopped && interrupt->raised)
            stop(children, "interrupted");
        if (!children->stopped && deadline_passed(waiting.until))
            stop(children, arena_printf(children->invocation->arena,
                                        "the time for all guests, %g s, is over", limit));
        start_some(children);
        struct pollfd ends = { .fd = children->ends, .events = POLLIN };
        const double left = children->stopped ? again : deadline_left(waiting.until);
        if (children->running)
            interrupt_poll(children->stopped ? NULL : interrupt, &waiting, &ends,
                           left < again ? left : again);
    }
}

// ---- all of it ----

static enum status list_domains(struct children *children)
{
    size_t count = 0;
    const struct domain *domains = NULL;
    cleanup_xen struct xen *xen = NULL;
    const struct world_options options = options_for_world(children->invocation);
    enum status status = world_open_xen(&options, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, options.diags, DOMAIN_NAME, &domains, &count);
    children->at = arena_array_of(options.arena, struct child, count);
    for (size_t i = 0; i < count; i++)
        if (domains[i].id != 0 && !domains[i].dying)
            children->at[children->count++] =
                (struct child){ .domain = &domains[i], .ended = -1, .into = { -1, -1 } };
    return status;
}

static void complain_stopped(struct children *children)
{
    struct diags *diags = children->invocation->diags;
    if (!children->stopped)
        return;
    for (size_t i = children->started; i < children->count; i++)
        complain_not_done(children, diags, children->at[i].domain, children->stopped);
    if (children->started == children->count)
        complain_error(diags, interrupt_of_process()->raised ? CODE_INTERRUPTED : CODE_NO_ANSWER,
                       "%s", children->stopped);
    worsen(children, interrupt_of_process()->raised ? STATUS_FAILED : STATUS_TIMEOUT);
}

// A guest whose process has not said anything.
static void put_unsaid(const struct children *children, const struct child *child,
                       struct json_writer *json)
{
    json_open_object(json);
    json_add_string(json, "domain", child->domain->name);
    json_add_integer(json, "domid", child->domain->id);
    json_add_string(json, "state", "failed");
    json_add_string(json, "why", children->stopped ? children->stopped : "its process ended");
    json_key(json, "steps");
    json_open_array(json);
    json_close(json);
    json_close(json);
}

static void write_json(const struct children *children)
{
    const char *why;
    const struct invocation *invocation = children->invocation;
    for (size_t i = 0; i < children->count; i++) {
        const struct child *child = &children->at[i];
        const struct json *said = json_read(invocation->arena, child->said, &why);
        const struct json *guest = json_member(said, "guest");
        if (guest && guest->type == JSON_OBJECT)
            json_put_value(envelope_list(invocation, "guests"), guest);
        else
            put_unsaid(children, child, envelope_list(invocation, "guests"));
        const struct json *at = json_elements(json_member(said, "complaints"));
        for (; at; at = at->next)
            json_put_value(envelope_list(invocation, "complaints"), at);
        if (json_member_is_true(said, "changed"))
            envelope_changed(invocation);
    }
}

enum status park_all(const struct invocation *invocation, park_one *act)
{
    struct children children = { .invocation = invocation, .act = act };
    enum status status = list_domains(&children);
    if (status != STATUS_OK)
        return status;
    interrupt_catch();
    cleanup_close int ends = epoll_create1(EPOLL_CLOEXEC);
    children.ends = ends;
    fflush(stdout);
    run_all(&children);
    complain_stopped(&children);
    if (invocation->given & OPTION_QUIET)
        return children.worst;
    if (is_json(&children)) {
        write_json(&children);
        return children.worst;
    }
    if (!children.found && children.worst == STATUS_OK)
        puts("Nothing to do.");
    return children.worst;
}
