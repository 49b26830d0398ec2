// SPDX-License-Identifier: MIT
//
// usbsys.so - a driver's files in the mocked sysfs (bind, unbind, new_id, remove_id,
// drivers_probe), with the manners of the kernel's: a write comes back when it is done, and with
// the errno it would have.
//
// Preloaded above libumockdev-preload by usbbed. An open for writing of such a file yields a
// connection to usbbed in its place, on which every write is one packet. A write(2) that goes
// through libc's write waits for the answer; one that does not (a shell's echo, stdio) arrives in
// order but waits for nothing.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_FD 1024

static bool is_driver_file[MAX_FD]; // by file descriptor: a connection of ours

// The file below <root>/sys/bus/usb that fd is, such as "usbhid/bind" or "drivers_probe"; or NULL.
// Raw system calls: umockdev answers the libc ones with the path that the program believes in.
static const char *driver_file(int fd, char path[PATH_MAX])
{
    const char *root = getenv("UMOCKDEV_DIR");
    char link[64], prefix[PATH_MAX];
    long length;

    if (!root || !getenv("USBBED_SOCKET"))
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    snprintf(prefix, sizeof(prefix), "%s/sys/bus/usb/drivers", root);
    if (strncmp(path, prefix, strlen(prefix)))
        return NULL;
    path += strlen(prefix);
    if (!strcmp(path, "_probe"))
        return "drivers_probe";
    return *path == '/' ? path + 1 : NULL;
}

// Put a connection to usbbed in the place of fd, if that is a driver's file open for writing.
static int take_over(int fd, int flags)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[PATH_MAX], hello[PATH_MAX + 8];
    const char *file;
    int connection;

    if (fd < 0 || fd >= MAX_FD || (flags & O_ACCMODE) == O_RDONLY)
        return fd;
    file = driver_file(fd, path);
    if (!file)
        return fd;
    snprintf(hello, sizeof(hello), "file %s", file);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("USBBED_SOCKET"));
    connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)) ||
        send(connection, hello, strlen(hello), MSG_NOSIGNAL) < 0 ||
        dup3(connection, fd, flags & O_CLOEXEC) < 0) {
        perror("usbsys");
        abort(); // the rig is broken, and no test may go on
    }
    close(connection);
    is_driver_file[fd] = true;
    return fd;
}

#define WRAP_OPEN(name)                                                                            \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static int (*next)(const char *, int, ...);                                                \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                     \
            va_list args;                                                                          \
            va_start(args, flags);                                                                 \
            mode = va_arg(args, mode_t);                                                           \
            va_end(args);                                                                          \
        }                                                                                          \
        if (!next)                                                                                 \
            next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                       \
        return take_over(next(path, flags, mode), flags);                                          \
    }

#define WRAP_OPENAT(name)                                                                          \
    int name(int dir, const char *path, int flags, ...)                                            \
    {                                                                                              \
        static int (*next)(int, const char *, int, ...);                                           \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                     \
            va_list args;                                                                          \
            va_start(args, flags);                                                                 \
            mode = va_arg(args, mode_t);                                                           \
            va_end(args);                                                                          \
        }                                                                                          \
        if (!next)                                                                                 \
            next = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #name);                  \
        return take_over(next(dir, path, flags, mode), flags);                                     \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

ssize_t write(int fd, const void *bytes, size_t count)
{
    static ssize_t (*next)(int, const void *, size_t);
    char reply[16];
    ssize_t length;

    if (!next)
        next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (fd < 0 || fd >= MAX_FD || !is_driver_file[fd])
        return next(fd, bytes, count);
    if (send(fd, bytes, count, MSG_NOSIGNAL) < 0)
        return -1;
    length = recv(fd, reply, sizeof(reply) - 1, 0);
    if (length <= 0) {
        errno = EIO;
        return -1;
    }
    reply[length] = '\0';
    errno = (int)strtol(reply, NULL, 10);
    return errno ? -1 : (ssize_t)count;
}

int dup2(int old, int new)
{
    static int (*next)(int, int);
    int fd;

    if (!next)
        next = (int (*)(int, int))dlsym(RTLD_NEXT, "dup2");
    fd = next(old, new);
    if (fd >= 0 && fd < MAX_FD && old < MAX_FD)
        is_driver_file[fd] = is_driver_file[old];
    return fd;
}

int close(int fd)
{
    static int (*next)(int);

    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < MAX_FD)
        is_driver_file[fd] = false;
    return next(fd);
}
