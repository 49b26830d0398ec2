// SPDX-License-Identifier: MIT
#include "deadline.h"

#include <limits.h>
#include <time.h>

double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct deadline deadline_in(double seconds)
{
    return (struct deadline){ clock_now() + seconds };
}

double deadline_left(struct deadline deadline)
{
    double left = deadline.at - clock_now();
    return left > 0 ? left : 0;
}

bool deadline_passed(struct deadline deadline)
{
    return clock_now() >= deadline.at;
}

int deadline_poll(struct deadline deadline)
{
    double milliseconds = deadline_left(deadline) * 1000;
    if (milliseconds >= INT_MAX)
        return INT_MAX;
    int whole = (int)milliseconds;
    return whole < milliseconds ? whole + 1 : whole;
}
