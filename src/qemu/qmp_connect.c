// SPDX-License-Identifier: MIT
#include "qmp_client.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "base/scope.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PAUSE 0.02 // seconds between two tries

// While QEMU serves a client, it does not accept: one more waits in the queue of the socket, and
// those behind it get EAGAIN. A socket that refuses belongs to a QEMU that has ended, or has not
// begun to listen yet; only for that moment (`soon`) it is tried again.
static bool try_again(int error, struct deadline deadline, struct deadline soon)
{
    if (error == EAGAIN || error == EINTR)
        return deadline_pause(deadline, PAUSE);
    return error == ECONNREFUSED && deadline_pause(soon, PAUSE);
}

static enum status connection_failed(struct arena *arena, const char *path, int error,
                                     const char **why)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        *why = arena_printf(arena, "there is no QMP socket %s", path);
        return STATUS_REQUEST;
    case EACCES:
    case EPERM:
        *why = arena_printf(arena, "no permission to connect to %s; are you root?", path);
        return STATUS_REFUSED;
    case EAGAIN:
    case EINTR:
        *why = arena_printf(arena,
                            "QEMU at %s has no time for another client: others (xl, libvirt, some "
                            "other tool) hold it or wait for it",
                            path);
        return STATUS_TIMEOUT;
    case ECONNREFUSED:
        *why = arena_printf(arena, "nobody listens at %s: its QEMU has ended", path);
        return STATUS_FAILED;
    default:
        *why = arena_printf(arena, "cannot connect to %s: %s", path, strerror(error));
        return STATUS_FAILED;
    }
}

// An empty path would be an address that the kernel chooses, and what is no socket refuses like one
// where nobody listens.
static bool is_no_socket(const char *path)
{
    struct stat facts;
    return !*path || (stat(path, &facts) == 0 && !S_ISSOCK(facts.st_mode));
}

enum status qmp_connect(struct arena *arena, const char *path, double timeout_scale,
                        struct qmp_client **client, const char **why)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const double limit = QMP_CONNECT_SECONDS * timeout_scale;
    const struct deadline deadline = deadline_in(limit), soon = deadline_in(limit / 5);
    if (strlen(path) >= sizeof address.sun_path) {
        *why = arena_printf(arena, "the path of a socket has at most %zu bytes: %s",
                            sizeof address.sun_path - 1, path);
        return STATUS_REQUEST;
    }
    if (is_no_socket(path)) {
        *why = arena_printf(arena, "'%s' is no QMP socket", path);
        return STATUS_REQUEST;
    }
    memcpy(address.sun_path, path, strlen(path));
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return connection_failed(arena, path, errno, why);
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        if (!try_again(error, deadline, soon))
            return connection_failed(arena, path, error, why);
    }
    const struct qmp_socket connected = { steal_fd(&fd), arena_printf(arena, "QEMU at %s", path) };
    return qmp_negotiate(arena, connected, deadline, timeout_scale, client, why);
}
