// SPDX-License-Identifier: MIT
//
// inject.so - preloaded into xenusb: counts its acts, which are what other processes and the disk
// can see of it, and at one of them kills it, lets the act fail, or stops another process. INJECT
// is "KIND NUMBER ACTION": at the NUMBERth act, from 1 on, of that kind of the table in inject.h;
// "any" counts all but looks. Processes that xenusb forks count with it until they execute a
// program. ACTION:
//
//     kill         kill -9 before it, but after earlier requests that are sent together with it
//     kill-after   kill -9 right after it
//     EIO ...      it fails with this error, one of the table below
//     unreadable   a look: the file is opened, but reading it fails with EIO
//     SIGTERM, SIGINT  xenusb is sent this signal before it
//     stop         stop the process INJECT_STOPS before it
//     unsent       a request to xenstored: the connection is lost before it
//     reset        the same, but xenstored carries the request out, and its answer is lost
//     timeout      the same as reset, and it looks like the end of the time limit
//     down         the same as unsent, and xenstored cannot be connected to again
//
// With INJECT_LOG, the name of a file, each act is a line of it: "NUMBER KIND WHAT". Looks have
// numbers of their own.

#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const kinds[INJECT_KINDS] = { "xenstore", "qmp",    "connect", "driver", "open",
                                                 "write",    "files",  "lock",    "sync",   "ioctl",
                                                 "start",    "signal", "look" };

static const struct {
    const char *name;
    int value;
} errors[] = { { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EAGAIN", EAGAIN },
               { "EINTR", EINTR },   { "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
               { "EACCES", EACCES }, { "EPIPE", EPIPE },   { "EROFS", EROFS } };

bool inject_active;
static _Atomic long *counts; // of each kind, and of any; shared with what is forked
char inject_action[16] = "kill";
static char kind_wanted[16];
static long number_wanted;
static int log_fd = -1;
static pid_t process; // of xenusb, not of what it forks

void inject_die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

// Neither what runs the binary nor what that starts takes part.
__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("INJECT"), *log = getenv("INJECT_LOG");
    if ((!what && !log) || strcmp(program_invocation_short_name, "xenusb") != 0)
        return;
    counts = mmap(NULL, (INJECT_KINDS + 1) * sizeof(*counts), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    process = getpid();
    if (what && sscanf(what, "%15s %ld %15s", kind_wanted, &number_wanted, inject_action) < 2)
        abort();
    if (log) {
        // Where it does not change the numbers of the other descriptors.
        long fd =
            syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
        syscall(SYS_close, fd);
    }
    unsetenv("INJECT");
    unsetenv("INJECT_LOG");
    inject_active = true;
}

void inject_log(long number, enum inject_kind kind, const char *what)
{
    char line[INJECT_SHOWN + 64];
    if (log_fd < 0)
        return;
    int size = snprintf(line, sizeof(line), "%ld %s %s", number, kinds[kind], what);
    size = size < (int)sizeof(line) ? size : (int)sizeof(line) - 1;
    for (int i = 0; i < size; i++)
        line[i] = line[i] < ' ' || line[i] > '~' ? ' ' : line[i];
    line[size++] = '\n';
    syscall(SYS_write, log_fd, line, size);
}

// What must happen at the act that begins now. Sets errno if it fails, and *number.
enum inject_verdict inject_count(enum inject_kind kind, long *number)
{
    bool any = strcmp(kind_wanted, "any") == 0;
    long of_kind = ++counts[kind];
    *number = kind == LOOK ? of_kind : ++counts[INJECT_KINDS];
    if (any ? kind == LOOK || *number != number_wanted
            : of_kind != number_wanted || strcmp(kind_wanted, kinds[kind]) != 0)
        return PASSES;
    if (!strcmp(inject_action, "kill"))
        return DIES;
    if (!strcmp(inject_action, "kill-after"))
        return DIES_AFTER;
    if (!strcmp(inject_action, "stop")) {
        const char *pid = getenv("INJECT_STOPS");
        syscall(SYS_kill, pid ? (pid_t)strtol(pid, NULL, 10) : 0, SIGSTOP);
        return PASSES;
    }
    if (!strncmp(inject_action, "SIG", 3)) {
        syscall(SYS_kill, process, !strcmp(inject_action, "SIGINT") ? SIGINT : SIGTERM);
        return PASSES;
    }
    if (!strcmp(inject_action, "unreadable"))
        return SPOILS;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (!strcmp(inject_action, errors[i].name)) {
            errno = errors[i].value;
            return FAILS;
        }
    return kind == XENSTORE ? LOSES : PASSES;
}

enum inject_verdict inject_act(enum inject_kind kind, const char *format, ...)
{
    char what[INJECT_SHOWN];
    long number;
    va_list arguments;
    if (!inject_active)
        return PASSES;
    int error = errno;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    errno = error;
    // The entry comes first: the act may be the last one.
    number = kind == LOOK ? counts[kind] + 1 : counts[INJECT_KINDS] + 1;
    inject_log(number, kind, what);
    enum inject_verdict verdict = inject_count(kind, &number);
    if (verdict == DIES)
        inject_die();
    return verdict;
}

void inject_finish(enum inject_verdict verdict)
{
    if (verdict == DIES_AFTER)
        inject_die();
}

// ---- files ----

static enum inject_verdict opening(const char *path, int flags)
{
    const char *file = strrchr(path, '/'), *hypervisor = getenv("FAKEXEN_DIR");
    if (!inject_active || (hypervisor && !strncmp(path, hypervisor, strlen(hypervisor))))
        return PASSES;
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT))
        return inject_act(LOOK, "%s", path);
    return inject_act(file && (!strcmp(file, "/bind") || !strcmp(file, "/unbind")) ? DRIVER : OPEN,
                      "%s", path);
}

#define WRAP_OPEN(name, parameters, arguments)                                                     \
    int name parameters                                                                            \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                       \
            va_list list;                                                                          \
            va_start(list, flags);                                                                 \
            mode = va_arg(list, mode_t);                                                           \
            va_end(list);                                                                          \
        }                                                                                          \
        enum inject_verdict verdict = opening(path, flags);                                        \
        if (verdict == FAILS)                                                                      \
            return -1;                                                                             \
        int fd = NEXT(name) arguments;                                                             \
        if (verdict == SPOILS)                                                                     \
            inject_spoil(fd);                                                                      \
        inject_finish(verdict);                                                                    \
        return fd;                                                                                 \
    }
WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
WRAP_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

DIR *opendir(const char *path)
{
    return opening(path, O_RDONLY) == FAILS ? NULL : NEXT(opendir)(path);
}

FILE *fopen(const char *path, const char *mode)
{
    return opening(path, *mode == 'r' ? O_RDONLY : O_RDWR) == FAILS ? NULL
                                                                    : NEXT(fopen)(path, mode);
}

// A call whose failure is -1.
#define WRAP(type, name, parameters, arguments, ...)                                               \
    type name parameters                                                                           \
    {                                                                                              \
        enum inject_verdict verdict = inject_act(__VA_ARGS__);                                     \
        if (verdict == FAILS)                                                                      \
            return -1;                                                                             \
        type result = NEXT(name) arguments;                                                        \
        inject_finish(verdict);                                                                    \
        return result;                                                                             \
    }
WRAP(int, rename, (const char *from, const char *to), (from, to), FILES, "rename %s to %s", from,
     to)
WRAP(int, renameat, (int at, const char *from, int there, const char *to), (at, from, there, to),
     FILES, "rename %s to %s", from, to)
WRAP(int, renameat2, (int at, const char *from, int there, const char *to, unsigned flags),
     (at, from, there, to, flags), FILES, "rename %s to %s", from, to)
WRAP(int, linkat, (int at, const char *from, int there, const char *to, int flags),
     (at, from, there, to, flags), FILES, "link %s to %s", from, to)
WRAP(int, unlink, (const char *path), (path), FILES, "unlink %s", path)
WRAP(int, unlinkat, (int at, const char *path, int flags), (at, path, flags), FILES, "unlink %s",
     path)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), FILES, "mkdir %s", path)
WRAP(int, rmdir, (const char *path), (path), FILES, "rmdir %s", path)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), FILES, "fchown")
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), FILES, "fchmod")
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), FILES, "ftruncate")
WRAP(int, flock, (int fd, int operation), (fd, operation), LOCK, "flock %d", operation)
WRAP(int, fsync, (int fd), (fd), SYNC, "fsync")
WRAP(int, fdatasync, (int fd), (fd), SYNC, "fdatasync")
WRAP(int, execve, (const char *path, char *const arguments[], char *const environment[]),
     (path, arguments, environment), START, "exec %s", path)
WRAP(int, execv, (const char *path, char *const arguments[]), (path, arguments), START, "exec %s",
     path)

pid_t fork(void)
{
    enum inject_verdict verdict = inject_act(START, "fork");
    pid_t pid = verdict == FAILS ? -1 : NEXT(fork)();
    if (pid > 0)
        inject_finish(verdict);
    return pid;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    enum inject_verdict verdict = fd > 2 ? inject_act(IOCTL, "%lx", request) : PASSES;
    if (verdict == FAILS)
        return -1;
    int result = NEXT(ioctl)(fd, request, argument);
    inject_finish(verdict);
    return result;
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[])
{
    enum inject_verdict verdict = inject_act(START, "spawn %s", path);
    if (verdict == FAILS)
        return errno;
    int result = NEXT(posix_spawn)(pid, path, actions, attributes, arguments, environment);
    inject_finish(verdict);
    return result;
}

// Signal 0 only asks.
int kill(pid_t pid, int number)
{
    enum inject_verdict verdict = number ? inject_act(SIGNAL, "%d", number) : PASSES;
    if (verdict == FAILS)
        return -1;
    int result = NEXT(kill)(pid, number);
    inject_finish(verdict);
    return result;
}
