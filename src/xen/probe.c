// SPDX-License-Identifier: MIT
#include "probe.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/shortage.h"
#include "base/waiting.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

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

// A non-blocking connect to a Unix socket with a full backlog fails with EAGAIN, and poll does not
// report when there is room (connect(2)), so retry.
static int connect_until(const char *path, struct deadline deadline)
{
    const double pause = 0.01;
    cleanup_waiting struct waiting waiting =
        waiting_until(deadline, "xenstored to accept a connection");
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
        if (why == EAGAIN && waiting_pause(&waiting, pause))
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

// The first line of a file; "" if it cannot be read.
static void read_line(const char *path, char line[64])
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        shortage_note(errno);
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

static int probe_connect(const char *path, struct deadline deadline)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return -1;
    return S_ISSOCK(info.st_mode) ? connect_until(path, deadline)
                                  : open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

enum xen_probe xen_probe_open(struct arena *arena, const char *path, double seconds,
                              struct wire **wire)
{
    struct deadline deadline = deadline_in(seconds);
    int fd = probe_connect(path, deadline);
    *wire = NULL;
    if (fd < 0)
        return failure(errno);
    struct wire *opened = wire_new(arena, fd);
    if (wire_ping(opened, deadline)) {
        *wire = opened;
        return PROBE_ANSWERED;
    }
    int why = errno;
    wire_close(opened);
    return failure(why);
}

enum xen_probe xen_probe(struct arena *arena, const char *path, double seconds)
{
    struct wire *wire;
    enum xen_probe probe = xen_probe_open(arena, path, seconds, &wire);
    int why = errno;
    wire_close(wire);
    errno = why;
    return probe;
}
