// SPDX-License-Identifier: MIT
#include "waiting.h"

#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

// Seconds before a wait is shown.
#define PATIENCE 0.5

// Who shows waits: this process only, since a child may have no such terminal.
static struct {
    void (*show)(const struct waiting *waiting);
    pid_t process;
} view;

void waiting_show_with(void (*show)(const struct waiting *waiting))
{
    view.show = show;
    view.process = getpid();
}

struct waiting waiting_until(struct deadline until, const char *what)
{
    const double now = clock_now();
    return (struct waiting){ .what = what, .began = now, .until = until, .due = now + PATIENCE };
}

void waiting_renew(struct waiting *waiting, struct deadline until)
{
    const char *what = waiting->what;
    waiting_end(waiting);
    *waiting = waiting_until(until, what);
}

void waiting_end(struct waiting *waiting)
{
    if (waiting->shown)
        view.show(NULL);
    waiting->shown = false;
}

static double whole_seconds(double seconds)
{
    return (double)(long long)seconds;
}

// Shows it if that is due; returns the seconds until it is next.
static double show(struct waiting *waiting)
{
    const double now = clock_now();
    if (now >= waiting->due) {
        view.show(waiting);
        waiting->shown = true;
        waiting->due = waiting->began + whole_seconds(now - waiting->began) + 1;
    }
    return waiting->due - now;
}

static int poll_once(struct pollfd *wanted, size_t count, double seconds)
{
    const double longest = INT_MAX; // 68 years: any time_t can hold it
    seconds = seconds < 0 ? 0 : seconds > longest ? longest : seconds;
    struct timespec time = { .tv_sec = (time_t)seconds };
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    return ppoll(wanted, count, &time, NULL);
}

int waiting_poll(struct waiting *waiting, struct pollfd *wanted, size_t count, double seconds)
{
    const bool shown = waiting && view.show && view.process == getpid();
    const struct deadline end = deadline_in(seconds);
    for (;;) {
        const double left = deadline_left(end), due = shown ? show(waiting) : left;
        const int ready = poll_once(wanted, count, due < left ? due : left);
        if (ready != 0 || due >= left)
            return ready;
    }
}

bool waiting_pause(struct waiting *waiting, double seconds)
{
    const double left = deadline_left(waiting->until);
    if (left <= 0)
        return false;
    waiting_poll(waiting, NULL, 0, seconds < left ? seconds : left);
    return true;
}

bool deadline_pause(struct deadline deadline, double seconds)
{
    const double left = deadline_left(deadline);
    if (left <= 0)
        return false;
    clock_sleep(seconds < left ? seconds : left);
    return true;
}

void clock_sleep(double seconds)
{
    if (seconds > 0)
        waiting_poll(NULL, NULL, 0, seconds);
}
