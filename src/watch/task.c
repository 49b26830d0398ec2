// SPDX-License-Identifier: MIT
#include "task.h"

static const double gather = 0.05, // seconds
    soon = 5.0,                    // a device that is lost after less than that flaps
    calm = 60.0;                   // without that for so long, it no longer does
enum { FLAPS_FREE = 2 };

static double later(double one, double other)
{
    return one > other ? one : other;
}

double task_pause(unsigned failures)
{
    const double first = 0.5, longest = 60.0;
    double pause = first;
    for (unsigned i = 1; i < failures && pause < longest; i++)
        pause *= 2;
    return pause < longest ? pause : longest;
}

void task_wake(struct watch_task *task, double now, double delay)
{
    double at = later(now + delay, task->not_before);
    if (task->started > 0)
        at = later(at, task->started + gather);
    // A retry that is planned for later comes earlier.
    if (!task->due || task->failures || task->due_at > at)
        task->due_at = at;
    task->due = true;
    task->failures = 0;
}

void task_lost(struct watch_task *task, double now, double attached)
{
    if (now - task->flapped > calm)
        task->flaps = 0;
    if (attached > soon)
        return;
    task->flapped = now;
    if (++task->flaps > FLAPS_FREE)
        task->not_before = now + task_pause(task->flaps - FLAPS_FREE);
}

bool task_is_due(const struct watch_task *task, double now)
{
    return task->due && !task->running && task->due_at <= now;
}

void task_start(struct watch_task *task, double now)
{
    task->due = false;
    task->running = true;
    task->started = now;
}

bool task_end(struct watch_task *task, double now, bool failed)
{
    task->running = false;
    if (!failed) {
        task->failures = 0;
        return true;
    }
    if (task->due)
        return true;
    if (++task->failures >= TASK_TRIES)
        return false;
    task->due = true;
    task->due_at = now + task_pause(task->failures);
    return true;
}
