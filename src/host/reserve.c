// SPDX-License-Identifier: MIT
#include "reserve.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN_SECONDS  10.0
#define PROBE_SECONDS 2.0
#define PAUSE         0.05 // seconds between two attempts

// A disk to open, and of which of the devices it is.
struct target {
    const struct host_disk *disk;
    size_t device;
};

// ---- in the child, which only makes system calls ----

// Opens the disk and leaves it open. Returns 0, or an errno.
static int open_disk(const struct host_disk *disk, struct deadline probe)
{
    struct stat info;
    int fd;
    do
        fd = open(disk->path, O_RDONLY | O_EXCL | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    while (fd < 0 && errno == EBUSY && deadline_pause(probe, PAUSE));
    if (fd < 0)
        return errno;
    if (fstat(fd, &info) != 0)
        return errno;
    bool same = S_ISBLK(info.st_mode) && major(info.st_rdev) == disk->major &&
                minor(info.st_rdev) == disk->minor;
    return same ? 0 : ENXIO;
}

// Reports the result of each disk, then waits for the parent to close its end, or to die.
static _Noreturn void serve(int channel, const struct target *targets, size_t count,
                            struct deadline probe)
{
    // Neither locks nor connections may outlive the parent.
    if (dup2(channel, 0) != 0 || dup2(0, 1) != 1 || dup2(0, 2) != 2 || close_range(3, ~0u, 0) != 0)
        _exit(1);
    for (size_t i = 0; i < count; i++) {
        int result = open_disk(targets[i].disk, probe);
        if (send(0, &result, sizeof result, MSG_NOSIGNAL) != sizeof result)
            _exit(1);
    }
    char end;
    while (recv(0, &end, 1, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}

// ---- in the parent ----

// Reads the next result; false if it does not come.
static bool read_result(const struct session *session, int channel, struct deadline deadline,
                        int *result)
{
    cleanup_waiting struct waiting waiting = waiting_until(deadline, "a disk to answer");
    while (deadline_left(deadline) > 0 && !session_interrupted(session)) {
        struct pollfd wanted = { .fd = channel, .events = POLLIN };
        session_poll(session, &waiting, &wanted, deadline_left(deadline));
        ssize_t got = recv(channel, result, sizeof *result, MSG_DONTWAIT);
        if (got == sizeof *result)
            return true;
        if (got >= 0 || (errno != EAGAIN && errno != EINTR))
            return false;
    }
    return false;
}

// Whether opening it failed because there is nothing to be in use: no such node or device, or a
// card reader without a card.
static bool is_absent(int error)
{
    return error == ENOENT || error == ENXIO || error == ENODEV || error == ENOMEDIUM;
}

static struct host_objection objection_to(struct arena *arena, const struct host_disk *disk,
                                          int error)
{
    if (!error || is_absent(error))
        return (struct host_objection){ .why = NULL };
    if (error == EBUSY)
        return (struct host_objection){
            arena_printf(arena,
                         "in use by this host: the kernel or a program has %s exclusively (ZFS, "
                         "for example)",
                         disk->path),
            "stop using it there first",
        };
    const char *why = error == ETIMEDOUT ? "it did not answer in time" : strerror(error);
    return (struct host_objection){
        arena_printf(arena, "whether this host uses it is unknown: cannot open %s: %s", disk->path,
                     why),
        "--force does not override this: it may be a disk in use",
    };
}

static bool start(const struct target *targets, size_t count, struct deadline probe,
                  struct reservation *reservation)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    cleanup_close int theirs = ends[1];
    cleanup_close int ours = ends[0];
    pid_t process = fork();
    if (process == 0)
        serve(theirs, targets, count, probe);
    if (process < 0)
        return false;
    *reservation = (struct reservation){ steal_fd(&ours), process };
    return true;
}

static size_t collect(const struct session *session, const struct host_device *const *devices,
                      size_t count, struct target **targets)
{
    size_t disks = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct host_disk *at = devices[i]->disks; at; at = at->next)
            disks++;
    *targets = arena_array_of(session->arena, struct target, disks);
    disks = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct host_disk *at = devices[i]->disks; at; at = at->next)
            (*targets)[disks++] = (struct target){ at, i };
    return disks;
}

void host_reserve(const struct session *session, const struct host_device *const *devices,
                  size_t count, struct host_objection *objections, struct reservation *reservation)
{
    struct target *targets;
    size_t disks = collect(session, devices, count, &targets);
    const struct deadline deadline = deadline_in(OPEN_SECONDS * session->timeout_scale);
    const struct deadline probe = deadline_in(PROBE_SECONDS * session->timeout_scale);
    *reservation = RESERVATION_NONE;
    for (size_t i = 0; i < count; i++)
        objections[i] = (struct host_objection){ .why = NULL };
    if (!disks)
        return;
    bool answers = start(targets, disks, probe, reservation);
    int error = answers ? ETIMEDOUT : errno;
    for (size_t i = 0; i < disks; i++) {
        int result = error;
        answers = answers && read_result(session, reservation->control, deadline, &result);
        const struct host_objection found =
            objection_to(session->arena, targets[i].disk, answers ? result : error);
        if (found.why)
            objections[targets[i].device] = found;
    }
}

void host_release(struct reservation *reservation)
{
    if (reservation->control < 0)
        return;
    close(reservation->control);
    // One that a disk does not answer cannot even be killed. It is init's when xenusb ends.
    kill(reservation->process, SIGKILL);
    waitpid(reservation->process, NULL, WNOHANG);
    *reservation = RESERVATION_NONE;
}
