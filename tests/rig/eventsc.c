// SPDX-License-Identifier: MIT
// Prints what the event sources of a watcher report, until standard input ends or has a line.
//
// eventsc plug [SIZE]
//     the USB events; with SIZE, in a receive buffer of so many bytes
// eventsc xen PATH...
//     the paths that xenstore's watches report
//
// It prints "ready" first. Exits with 5, after printing the reason, if a source fails.
#include "base/text.h"
#include "host/plug.h"
#include "xen/events.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAILED = 5 };

// Waits for an event. False if standard input has ended.
static bool await(int fd)
{
    struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                            { .fd = fd, .events = POLLIN } };
    while (poll(fds, 2, -1) <= 0)
        ;
    return fds[0].revents == 0;
}

static int failed(const char *what, const char *why)
{
    printf("%s: %s\n", what, why);
    return FAILED;
}

// ---- USB ----

static void take_plug(struct host_plug *plug)
{
    static const char *const kinds[] = { "comes", "goes", "changes" };
    struct host_plug_event event;
    enum plug_result result;
    while ((result = host_plug_take(plug, &event)) != PLUG_NONE) {
        if (result == PLUG_LOST)
            puts("lost");
        else
            printf("%s %s %u.%u %04x:%04x\n", event.busid, kinds[event.kind], event.bus,
                   event.address, event.vendor, event.product);
    }
}

static int print_plug(char **words)
{
    const char *why;
    struct host_plug *plug = host_plug_open(&why);
    uint64_t size;
    if (!plug)
        return failed("not opened", why);
    if (words[0] && text_number(text_of(words[0]), 10, 0, INT32_MAX, &size) == NUMBER_OK) {
        const int bytes = (int)size;
        if (setsockopt(host_plug_fd(plug), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0)
            perror("SO_RCVBUF");
    }
    puts("ready");
    while (await(host_plug_fd(plug)))
        take_plug(plug);
    host_plug_close(plug);
    return 0;
}

// ---- xenstore ----

static void print_path(void *context, const char *path)
{
    (void)context;
    puts(path);
}

static int print_xen(char **words)
{
    const double patience = 2;
    const char *why;
    size_t count = 0;
    while (words[count])
        count++;
    struct xen_events *events = xen_events_open((const char *const *)words, count, patience, &why);
    if (!events)
        return failed("not opened", why);
    puts("ready");
    bool good = true;
    while (good && await(xen_events_fd(events)))
        good = xen_events_take(events, print_path, NULL, &why);
    if (!good)
        printf("lost: %s\n", why);
    xen_events_close(events);
    return good ? 0 : FAILED;
}

int main(int argc, char **argv)
{
    setlinebuf(stdout);
    if (argc > 1 && strcmp(argv[1], "plug") == 0)
        return print_plug(argv + 2);
    if (argc > 2 && strcmp(argv[1], "xen") == 0)
        return print_xen(argv + 2);
    fputs("usage: eventsc plug [SIZE] | xen PATH...\n", stderr);
    return 2;
}
