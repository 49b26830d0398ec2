// SPDX-License-Identifier: MIT
// Time limits, on a clock that nobody sets.
#ifndef XENUSB_BASE_DEADLINE_H
#define XENUSB_BASE_DEADLINE_H

#include <stdbool.h>

// Seconds on the monotonic clock. Only the difference of two readings means anything.
double clock_now(void);

// A moment on the monotonic clock. {0} is a deadline that has passed.
struct deadline {
    double at; // by clock_now()
};

// The moment that many seconds from now.
struct deadline deadline_in(double seconds);

// Seconds until then; 0 once it has passed.
double deadline_left(struct deadline deadline);

bool deadline_passed(struct deadline deadline);

// The time left as poll() takes it: whole milliseconds, rounded up, so that a poll that times out
// means that the deadline has passed; at most INT_MAX.
int deadline_poll(struct deadline deadline);

#endif
