// SPDX-License-Identifier: MIT
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct interrupt process = { .wake = -1 };

const struct interrupt *interrupt_of_process(void)
{
    return &process;
}

// The event is never read, so later polls see it too.
static void raise_interrupt(int number)
{
    const uint64_t one = 1;
    const int error = errno;
    (void)number;
    process.raised = 1;
    ssize_t written = write(process.wake, &one, sizeof one);
    (void)written; // without a descriptor, a wait ends with its present pause
    errno = error;
}

void interrupt_catch(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    const struct sigaction action = { .sa_handler = raise_interrupt };
    if (process.wake < 0)
        process.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction present;
        if (sigaction(signals[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void interrupt_renew(void)
{
    if (process.wake >= 0)
        close(process.wake);
    process.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    process.raised = 0;
}

void interrupt_poll(const struct interrupt *interrupt, struct waiting *waiting,
                    struct pollfd *wanted, double seconds)
{
    struct pollfd both[2] = { wanted ? *wanted : (struct pollfd){ .fd = -1 },
                              { .fd = interrupt ? interrupt->wake : -1, .events = POLLIN } };
    if (interrupt && interrupt->raised)
        seconds = 0;
    if (waiting)
        waiting->can_stop = interrupt && interrupt->wake >= 0;
    if (waiting_poll(waiting, both, 2, seconds) <= 0)
        both[0].revents = 0;
    if (wanted)
        wanted->revents = both[0].revents;
}
