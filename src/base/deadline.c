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

void clock_sleep(double seconds)
{
    const double longest = INT_MAX; // 68 years: any time_t can hold it
    if (seconds <= 0)
        return;
    if (seconds > longest)
        seconds = longest;
    struct timespec time = { .tv_sec = (time_t)seconds };
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
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

bool deadline_pause(struct deadline deadline, double seconds)
{
    double left = deadline_left(deadline);
    if (left <= 0)
        return false;
    clock_sleep(seconds < left ? seconds : left);
    return true;
}
