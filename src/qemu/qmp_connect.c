// SPDX-License-Identifier: MIT
#include "qmp_client.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/session.h"
#include "base/shortage.h"
#include "base/waiting.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PAUSE 0.02 // seconds between two attempts

// Pauses before another attempt; false if there should be none. While QEMU serves a client it does
// not accept others: one waits in the socket's backlog and the rest get EAGAIN. ECONNREFUSED means
// that QEMU has exited, or that it is starting and does not listen yet, which does not take long
// (`starting`).
static bool pause_to_retry(const struct session *session, int error, struct waiting *waiting,
                           struct deadline starting)
{
    if (error != EAGAIN && error != EINTR && (error != ECONNREFUSED || deadline_passed(starting)))
        return false;
    return session_pause(session, waiting, PAUSE);
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
        *why = arena_printf(arena, "no permission to connect to %s; run xenusb as root", path);
        return STATUS_REFUSED;
    case EAGAIN:
    case EINTR:
        *why = arena_printf(arena,
                            "QEMU at %s is busy: other clients (xl, libvirt, another tool) are "
                            "using its monitor or waiting for it, or it hangs",
                            path);
        return STATUS_TIMEOUT;
    case ECONNREFUSED:
        *why = arena_printf(arena, "nothing is listening at %s: its QEMU has exited", path);
        return STATUS_FAILED;
    default:
        shortage_note(error);
        *why = arena_printf(arena, "cannot connect to %s: %s", path, strerror(error));
        return STATUS_FAILED;
    }
}

// Connecting to the empty path would use an address chosen by the kernel, and connecting to another
// kind of file fails with ECONNREFUSED, as if QEMU had exited.
static bool is_not_socket(const char *path)
{
    struct stat facts;
    return !*path || (stat(path, &facts) == 0 && !S_ISSOCK(facts.st_mode));
}

// Connects until the deadline, QMP_CONNECT_SECONDS from now.
static enum status connect_to(const struct session *session, const char *path,
                              struct qmp_socket *connected, struct deadline *until,
                              const char **why)
{
    struct arena *arena = session->arena;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const double limit = QMP_CONNECT_SECONDS * session->timeout_scale;
    const struct deadline deadline = deadline_in(limit), starting = deadline_in(limit / 5);
    if (strlen(path) >= sizeof address.sun_path) {
        *why = arena_printf(arena, "the socket path is longer than %zu bytes: %s",
                            sizeof address.sun_path - 1, path);
        return STATUS_REQUEST;
    }
    if (is_not_socket(path)) {
        *why = arena_printf(arena, "'%s' is not a socket", path);
        return STATUS_REQUEST;
    }
    memcpy(address.sun_path, path, strlen(path));
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return connection_failed(arena, path, errno, why);
    cleanup_waiting struct waiting waiting =
        waiting_until(deadline, arena_printf(arena, "QEMU at %s to accept a connection", path));
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        if (pause_to_retry(session, error, &waiting, starting))
            continue;
        if (!session_interrupted(session))
            return connection_failed(arena, path, error, why);
        *why = arena_printf(arena, "interrupted while connecting to %s", path);
        return STATUS_FAILED;
    }
    *connected = (struct qmp_socket){ steal_fd(&fd), arena_printf(arena, "QEMU at %s", path) };
    *until = deadline;
    return STATUS_OK;
}

enum status qmp_negotiate(const struct session *session, struct qmp_socket socket,
                          struct deadline deadline, struct qmp_client **client, const char **why)
{
    struct qmp_client *made;
    enum status status = qmp_greet(session, socket, deadline, &made, why);
    if (status != STATUS_OK)
        return status;
    if (qmp_await(made)) {
        *client = made;
        return STATUS_OK;
    }
    status = qmp_broken(made) ? STATUS_FAILED : STATUS_TIMEOUT;
    *why = qmp_why(made);
    qmp_close(made);
    return status;
}

enum status qmp_connect(const struct session *session, const char *path, struct qmp_client **client,
                        const char **why)
{
    struct qmp_socket connected;
    struct deadline deadline;
    enum status status = connect_to(session, path, &connected, &deadline, why);
    return status == STATUS_OK ? qmp_negotiate(session, connected, deadline, client, why) : status;
}

enum status qmp_begin(const struct session *session, const char *path, struct qmp_client **client,
                      const char **why)
{
    struct qmp_socket connected;
    struct deadline deadline;
    enum status status = connect_to(session, path, &connected, &deadline, why);
    return status == STATUS_OK ? qmp_greet(session, connected, deadline, client, why) : status;
}

void qmp_resume(struct qmp_client *client, const char *path)
{
    struct qmp_socket connected;
    struct deadline deadline;
    const char *why;
    if (connect_to(qmp_session(client), path, &connected, &deadline, &why) == STATUS_OK)
        qmp_greet_again(client, connected, deadline);
    else
        qmp_break(client, why);
}
