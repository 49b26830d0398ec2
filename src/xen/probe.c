// SPDX-License-Identifier: MIT
#include "probe.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <xen/io/xs_wire.h>

const char *xen_probe_path(struct arena *arena)
{
    const char *path = getenv("XENSTORED_PATH");
    if (path)
        return path;
    const char *directory = getenv("XENSTORED_RUNDIR");
    path = arena_printf(arena, "%s/socket", directory ? directory : "/var/run/xenstored");
    if (access(path, F_OK) == 0)
        return path;
    if (access("/dev/xen/xenbus", F_OK) == 0)
        return "/dev/xen/xenbus";
    return access("/proc/xen/xenbus", F_OK) == 0 ? "/proc/xen/xenbus" : path;
}

// Waits until the descriptor is ready; false if the deadline passes or poll fails.
static bool wait_until(int fd, short events, struct deadline deadline)
{
    struct pollfd wanted = { .fd = fd, .events = events };
    for (;;) {
        int ready = poll(&wanted, 1, deadline_poll(deadline));
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
        if (ready == 0 && deadline_passed(deadline))
            return false;
    }
}

// A non-blocking connect to a Unix socket with a full backlog fails with EAGAIN, and poll does not
// report when there is room (connect(2)), so retry.
static int connect_until(const char *path, struct deadline deadline)
{
    const double pause = 0.01;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    while (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;
        if (why == EINTR)
            continue;
        if (why == EAGAIN && deadline_pause(deadline, pause))
            continue;
        close(fd);
        errno = why == EAGAIN ? ETIMEDOUT : why;
        return -1;
    }
    return fd;
}

static enum xen_probe failure(int why)
{
    switch (why) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ECONNREFUSED: return PROBE_ABSENT;
    case EACCES:
    case EPERM: return PROBE_DENIED;
    case ETIMEDOUT: return PROBE_TIMEOUT;
    default: errno = why; return PROBE_FAILED;
    }
}

// Receives exactly `size` bytes.
static enum xen_probe receive(int fd, void *bytes, size_t size, struct deadline deadline)
{
    for (size_t used = 0; used < size;) {
        if (!wait_until(fd, POLLIN, deadline))
            return PROBE_TIMEOUT;
        ssize_t got = read(fd, (char *)bytes + used, size - used);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return failure(got ? errno : ECONNRESET);
        used += got > 0 ? (size_t)got : 0;
    }
    return PROBE_ANSWERED;
}

// Sends a minimal request and receives the whole reply, so that no part of it is left for the next
// user of the connection.
static enum xen_probe ask(int fd, struct deadline deadline)
{
    struct {
        struct xsd_sockmsg head;
        char path[2];
    } request = { .head = { .type = XS_READ, .len = 2 }, .path = "/" };
    const size_t size = sizeof request.head + sizeof request.path;
    struct xsd_sockmsg reply;
    if (!wait_until(fd, POLLOUT, deadline))
        return PROBE_TIMEOUT;
    // So few bytes are sent all at once or not at all. The kernel's device is not a socket; writing
    // to it never raises SIGPIPE.
    ssize_t sent = send(fd, &request, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK)
        sent = write(fd, &request, size);
    if (sent != (ssize_t)size)
        return failure(sent < 0 ? errno : EIO);
    enum xen_probe probe = receive(fd, &reply, sizeof reply, deadline);
    char value[XENSTORE_PAYLOAD_MAX];
    if (probe == PROBE_ANSWERED)
        probe = receive(fd, value, reply.len < sizeof value ? reply.len : sizeof value, deadline);
    return probe;
}

// The first line of a file; "" if it cannot be read.
static void read_line(const char *path, char line[64])
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, line, 63);
    line[size > 0 ? size : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

bool xen_is_host(struct arena *arena)
{
    struct stat info;
    char type[64], uuid[64];
    read_line("/sys/hypervisor/type", type);
    read_line("/sys/hypervisor/uuid", uuid);
    // A guest has a UUID; domain 0 has zeros.
    if (strcmp(type, "xen") == 0 && uuid[strspn(uuid, "0-")] == '\0')
        return true;
    return stat(xen_probe_path(arena), &info) == 0 && S_ISSOCK(info.st_mode);
}

enum xen_probe xen_probe(const char *path, double seconds)
{
    struct stat info;
    struct deadline deadline = deadline_in(seconds);
    if (stat(path, &info) != 0)
        return failure(errno);
    cleanup_close int fd = S_ISSOCK(info.st_mode)
                               ? connect_until(path, deadline)
                               : open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? failure(errno) : ask(fd, deadline);
}
