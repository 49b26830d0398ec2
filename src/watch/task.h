// SPDX-License-Identifier: MIT
// When the domain of a config file is brought up to date. Pure: the time is given, in seconds on
// the monotonic clock.
#ifndef XENUSB_WATCH_TASK_H
#define XENUSB_WATCH_TASK_H

#include <stdbool.h>

enum { TASK_TRIES = 10 }; // after so many failures in a row, only an event starts another run

// Zeroed: nothing is to be done.
struct watch_task {
    bool due;
    double due_at;     // when the next run starts
    bool running;      // a child is at it
    double started;    // when the last run started
    unsigned failures; // of the runs since the last event
    unsigned flaps;    // how often in a row a device was lost soon after it had been attached
    double flapped;    // when, the last time
    double not_before; // after too many of them: no run before that
};

// An event: a run is due in `delay` seconds. The first event is acted on at once; those within
// 50 ms of the start of a run are gathered for the next one. Failures are forgotten.
void task_wake(struct watch_task *task, double now, double delay);

// A device was lost that had been attached for so many seconds. From the third time in a row on, if
// that was soon, the next run waits: 0.5, 1, 2, ... 60 s.
void task_lost(struct watch_task *task, double now, double attached);

bool task_is_due(const struct watch_task *task, double now);
void task_start(struct watch_task *task, double now);

// The run has ended. If something failed, the next one is due in 0.5, 1, 2, ... 60 s, unless an
// event has made it due already. False if that was the last try.
bool task_end(struct watch_task *task, double now, bool failed);

// The pause before try number `failures`, from 1: 0.5, 1, 2, ... 60 s.
double task_pause(unsigned failures);

#endif
