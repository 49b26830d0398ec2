// SPDX-License-Identifier: MIT
#include "qmp_probe.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/waiting.h"
#include "qmp_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
    ANSWERS = 2, // the greeting, and the answer to qmp_capabilities
    CHUNK = 4096,
};

#define PAUSE 0.02 // seconds between two attempts to connect

static const char negotiate[] = "{\"execute\":\"qmp_capabilities\"}\n";

// One QEMU.
struct attempt {
    struct qmp_probe *probe;
    int fd; // -1: not connected
    bool done;
    unsigned answers; // lines received
    size_t received;  // bytes
};

struct attempts {
    struct arena *arena;
    struct attempt *at;
    struct pollfd *polled; // of each attempt
    size_t count;
    struct waiting waiting;
    struct deadline starting; // a QEMU that starts does not listen yet, but soon
};

static void finish(struct attempt *attempt, const char *why)
{
    attempt->done = true;
    attempt->probe->why = why;
    if (attempt->fd >= 0)
        close(attempt->fd);
    attempt->fd = -1;
}

// Other failures than these are left to qmp_connect(), which reports them without waiting.
static void try_connect(const struct attempts *attempts, struct attempt *attempt)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = attempt->probe->socket;
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        finish(attempt, NULL);
        return;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        attempt->fd = steal_fd(&fd);
        return;
    }
    bool refused = errno == ECONNREFUSED, again = errno == EAGAIN || errno == EINTR;
    attempt->probe->exited = refused && deadline_passed(attempts->starting);
    if (attempt->probe->exited)
        finish(attempt, arena_printf(attempts->arena,
                                     "nothing is listening at %s: its QEMU has exited", path));
    else if (!refused && !again)
        finish(attempt, NULL);
}

// Every message of QEMU is one line.
static void receive(struct attempt *attempt)
{
    char bytes[CHUNK];
    ssize_t got = read(attempt->fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool greeted = attempt->answers > 0;
    for (ssize_t i = 0; i < got; i++)
        attempt->answers += bytes[i] == '\n';
    attempt->received += got > 0 ? (size_t)got : 0;
    if (!greeted && attempt->answers &&
        send(attempt->fd, negotiate, sizeof negotiate - 1, MSG_NOSIGNAL) < 0)
        got = -1;
    if (got <= 0 || attempt->answers >= ANSWERS || attempt->received > QMP_MESSAGE_MAX)
        finish(attempt, NULL);
}

// Returns whether any is still open.
static bool proceed(struct attempts *attempts)
{
    bool open = false, connecting = false;
    for (size_t i = 0; i < attempts->count; i++) {
        struct attempt *attempt = &attempts->at[i];
        if (!attempt->done && attempt->fd < 0)
            try_connect(attempts, attempt);
        connecting |= !attempt->done && attempt->fd < 0;
        open |= !attempt->done;
        attempts->polled[i] = (struct pollfd){ .fd = attempt->fd, .events = POLLIN };
    }
    if (!open)
        return false;
    const double left = deadline_left(attempts->waiting.until);
    if (waiting_poll(&attempts->waiting, attempts->polled, attempts->count,
                     connecting && left > PAUSE ? PAUSE : left) > 0)
        for (size_t i = 0; i < attempts->count; i++)
            if (attempts->polled[i].revents)
                receive(&attempts->at[i]);
    return true;
}

static const char *why_silent(struct arena *arena, const struct attempt *attempt, double limit)
{
    const char *path = attempt->probe->socket;
    return attempt->answers
               ? arena_printf(arena, "QEMU at %s did not answer within %g s", path, limit)
               : arena_printf(arena, "QEMU at %s " QMP_NO_GREETING, path);
}

void qmp_probe(struct arena *arena, struct qmp_probe *probes, size_t count, double timeout_scale)
{
    const double limit = QMP_CONNECT_SECONDS * timeout_scale;
    struct attempts attempts = {
        .arena = arena,
        .at = arena_array_of(arena, struct attempt, count),
        .polled = arena_array_of(arena, struct pollfd, count),
        .count = count,
        .waiting = waiting_until(deadline_in(limit), "the QEMUs of all domains to answer"),
        .starting = deadline_in(limit / 5),
    };
    for (size_t i = 0; i < count; i++) {
        attempts.at[i] = (struct attempt){ .probe = &probes[i], .fd = -1 };
        probes[i].why = NULL;
        probes[i].exited = false;
    }
    while (proceed(&attempts) && !deadline_passed(attempts.waiting.until))
        ;
    waiting_end(&attempts.waiting);
    for (size_t i = 0; i < count; i++)
        if (!attempts.at[i].done)
            finish(&attempts.at[i], why_silent(arena, &attempts.at[i], limit));
}
