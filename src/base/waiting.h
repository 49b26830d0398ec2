// SPDX-License-Identifier: MIT
// What a run waits for, and the one place where it sleeps (tests/layers): so a user can be shown
// each wait that takes long.
#ifndef XENUSB_BASE_WAITING_H
#define XENUSB_BASE_WAITING_H

#include "deadline.h"

#include <stdbool.h>
#include <stddef.h>

struct pollfd;

// A wait: what for, and until when at the latest. It ends with its scope.
struct waiting {
    const char *what; // what follows "waiting for"; not owned
    double began;     // by clock_now()
    struct deadline until;
    bool can_stop; // a signal ends it
    double due;    // when it is to be shown next
    bool shown;
};
#define cleanup_waiting __attribute__((cleanup(waiting_end)))

// Begins a wait: "the guest to eject controller hci0".
struct waiting waiting_until(struct deadline until, const char *what);
// Begins it again, because a part of what is waited for has come.
void waiting_renew(struct waiting *waiting, struct deadline until);
void waiting_end(struct waiting *waiting);

// From now on, each wait is passed to `show` once it takes half a second, then each second, and
// NULL when it ends. Without this, and in the child of a fork(), nobody is told.
void waiting_show_with(void (*show)(const struct waiting *waiting));

// poll() for at most that many seconds; 0 or less returns at once. -1, with errno EINTR, if a
// signal arrives meanwhile. `waiting` NULL: a pause that is not worth being shown.
int waiting_poll(struct waiting *waiting, struct pollfd *wanted, size_t count, double seconds);

// The pause between two looks at something that is awaited: sleeps that long, but never past the
// end of the wait, or until a signal arrives. False, without sleeping, if its time is over.
bool waiting_pause(struct waiting *waiting, double seconds);
// The same for a wait that is not worth being shown.
bool deadline_pause(struct deadline deadline, double seconds);

// Sleeps that many seconds, or until a signal arrives. Zero or less returns at once.
void clock_sleep(double seconds);

#endif
