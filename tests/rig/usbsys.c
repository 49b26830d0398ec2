// SPDX-License-Identifier: MIT
//
// usbsys.so - a driver's files in the mocked sysfs (bind, unbind, new_id, remove_id, drivers_probe)
// that behave like the kernel's: a write returns when it is done, with the errno that it would
// have. And the nodes of /dev/bus/usb (usbnode.c), and sockets for uevents.
//
// usbbed preloads this before libumockdev-preload. Opening such a file for writing returns a
// connection to usbbed, on which every write is one packet. A write(2) through libc's write() waits
// for the answer; one that bypasses it (a shell's echo, stdio) is processed in order, but does not
// wait.

#define _GNU_SOURCE
#include "usbnode.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_driver_file[MAX_FD]; // by file descriptor: is a connection to usbbed

// By file descriptor: of an open node, the descriptor that shows it in /proc/PID/fd (show_node); 0
// for none.
static int markers[MAX_FD];

// Returns the path of fd in the mocked tree, such as "/sys/bus/usb/drivers_probe"; or NULL. Uses
// raw system calls, since umockdev intercepts those of libc and returns the path without its root.
static const char *place_in_tree(int fd, char path[PATH_MAX])
{
    const char *root = getenv("UMOCKDEV_DIR");
    char link[64];
    long length;

    if (!root || !getenv("USBBED_SOCKET"))
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return strncmp(path, root, strlen(root)) ? NULL : path + strlen(root);
}

// Returns the driver's file at this path, such as "usbhid/bind" or "drivers_probe"; or NULL.
static const char *driver_file(const char *place)
{
    static const char drivers[] = "/sys/bus/usb/drivers";

    if (strncmp(place, drivers, strlen(drivers)))
        return NULL;
    place += strlen(drivers);
    if (!strcmp(place, "_probe"))
        return "drivers_probe";
    return *place == '/' ? place + 1 : NULL;
}

int usbbed_connect(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("USBBED_SOCKET"));
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof(address)))
        usbsys_broken();
    return connection;
}

void usbsys_broken(void)
{
    perror("usbsys");
    abort(); // the test must not continue
}

static void take_over_driver(int fd, int flags, const char *file)
{
    char hello[PATH_MAX + 8];
    int connection = usbbed_connect();

    snprintf(hello, sizeof(hello), "file %s", file);
    if (send(connection, hello, strlen(hello), MSG_NOSIGNAL) < 0 ||
        dup3(connection, fd, flags & O_CLOEXEC) < 0)
        usbsys_broken();
    close(connection);
    is_driver_file[fd] = true;
}

// Make an open node visible in /proc/PID/fd as on Linux: as a character device with the number of
// the USB device. What is open here is a pipe or a file, so a second descriptor, of usbtree.c's
// device node, shows it; O_PATH needs no driver. It is inherited and closed like the node itself.
static int show_node(int fd, int flags, const char *node)
{
    char path[PATH_MAX];
    long low;

    if (fd < 0 || flags & O_PATH)
        return fd;
    snprintf(path, sizeof(path), "%s/nodes/%s", getenv("UMOCKDEV_DIR"), node);
    low = syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC);
    if (low < 0)
        usbsys_broken();
    // Out of the way of the descriptors that a program expects next.
    markers[fd] =
        (int)syscall(SYS_fcntl, low, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, MAX_FD / 2);
    syscall(SYS_close, low);
    if (markers[fd] < 0)
        usbsys_broken();
    return fd;
}

// A program that closes all its descriptors may have closed the marker, and opened another file.
static void hide_node(int fd)
{
    const int marker = markers[fd];

    markers[fd] = 0;
    if (marker && syscall(SYS_fcntl, marker, F_GETFL) & O_PATH)
        syscall(SYS_close, marker);
}

// Replace fd if it is a driver's file or a device's node, open for writing.
static int take_over(int fd, int flags)
{
    static const char nodes[] = "/dev/bus/usb/";
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    char path[PATH_MAX];
    const char *place, *file;

    if (fd < 0 || fd >= MAX_FD)
        return fd;
    place = place_in_tree(fd, path);
    if (!place)
        return fd;
    if (!strncmp(place, nodes, strlen(nodes)) && strchr(place + strlen(nodes), '/')) {
        place += strlen(nodes);
        return show_node(writes ? usbnode_open(fd, flags, place) : fd, flags, place);
    }
    file = writes ? driver_file(place) : NULL;
    if (file)
        take_over_driver(fd, flags, file);
    return fd;
}

// Whether open() fails because the node is neither in the tree nor in the real /dev. Such a call
// must not reach umockdev, which opens a connection for it, never closes it, and aborts the program
// at the 51st (QEMU's usb-audio looks for 32 sound cards, at two paths each).
static bool is_missing_node(const char *path, int flags)
{
    const char *root = getenv("UMOCKDEV_DIR");
    char mocked[PATH_MAX];

    if (!root || strncmp(path, "/dev/", 5) || flags & O_CREAT)
        return false;
    snprintf(mocked, sizeof(mocked), "%s%s", root, path);
    return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) && errno == ENOENT &&
           syscall(SYS_faccessat, AT_FDCWD, mocked, F_OK) && errno == ENOENT;
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
        if (is_missing_node(path, flags))                                                          \
            return -1;                                                                             \
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
        if (is_missing_node(path, flags))                                                          \
            return -1;                                                                             \
        return take_over(next(dir, path, flags, mode), flags);                                     \
    }

// What open() becomes with _FORTIFY_SOURCE, which checks that no mode is missing (libusb).
#define WRAP_OPEN_2(name)                                                                          \
    int name(const char *path, int flags);                                                         \
    int name(const char *path, int flags)                                                          \
    {                                                                                              \
        static int (*next)(const char *, int);                                                     \
        if (!next)                                                                                 \
            next = (int (*)(const char *, int))dlsym(RTLD_NEXT, #name);                            \
        if (is_missing_node(path, flags))                                                          \
            return -1;                                                                             \
        return take_over(next(path, flags), flags);                                                \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP_OPEN_2(__open_2)
WRAP_OPEN_2(__open64_2)

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

ssize_t read(int fd, void *bytes, size_t count)
{
    static ssize_t (*next)(int, void *, size_t);

    if (usbnode_is(fd))
        return usbnode_read(fd, bytes, count);
    if (!next)
        next = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    return next(fd, bytes, count);
}

#define WRAP_SEEK(name)                                                                            \
    off_t name(int fd, off_t offset, int whence)                                                   \
    {                                                                                              \
        static off_t (*next)(int, off_t, int);                                                     \
        if (usbnode_is(fd))                                                                        \
            return usbnode_seek(fd, offset, whence);                                               \
        if (!next)                                                                                 \
            next = (off_t(*)(int, off_t, int))dlsym(RTLD_NEXT, #name);                             \
        return next(fd, offset, whence);                                                           \
    }

WRAP_SEEK(lseek)
WRAP_SEEK(lseek64)

// umockdev replaces the sockets for uevents; those of usbbed are the real ones (usbevent.c).
int socket(int domain, int type, int protocol)
{
    static int (*next)(int, int, int);

    if (domain == AF_NETLINK && protocol == NETLINK_KOBJECT_UEVENT)
        return (int)syscall(SYS_socket, domain, type, protocol);
    if (!next)
        next = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
    return next(domain, type, protocol);
}

int dup2(int old, int new)
{
    static int (*next)(int, int);
    int fd;

    if (!next)
        next = (int (*)(int, int))dlsym(RTLD_NEXT, "dup2");
    fd = next(old, new);
    if (fd < 0 || fd >= MAX_FD || old >= MAX_FD || fd == old)
        return fd;
    is_driver_file[fd] = is_driver_file[old];
    hide_node(fd);
    if (markers[old])
        markers[fd] = (int)syscall(SYS_fcntl, markers[old], F_DUPFD, MAX_FD / 2);
    return fd;
}

int close(int fd)
{
    static int (*next)(int);

    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < MAX_FD) {
        is_driver_file[fd] = false;
        hide_node(fd);
        usbnode_close(fd);
    }
    return next(fd);
}

static void receive_node(int fd)
{
    const int low = fd < MAX_FD && getenv("USBBED_SOCKET") ? usbnode_receive(fd) : -1;

    if (low < 0)
        return;
    markers[fd] = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, MAX_FD / 2);
    syscall(SYS_close, low);
}

static void send_node(int fd)
{
    if (usbnode_is(fd))
        usbnode_send(fd);
}

// Calls `then` for each descriptor that a message has.
static void each_descriptor(struct msghdr *message, void (*then)(int fd))
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= at->cmsg_len; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(fd));
            then(fd);
        }
    }
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr copy = *message;
    static ssize_t (*next)(int, const struct msghdr *, int);

    if (!next)
        next = (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
    if (message->msg_controllen)
        each_descriptor(&copy, send_node);
    return next(fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    static ssize_t (*next)(int, struct msghdr *, int);
    ssize_t length;

    if (!next)
        next = (ssize_t(*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
    length = next(fd, message, flags);
    if (length > 0 && message->msg_controllen)
        each_descriptor(message, receive_node);
    return length;
}

// On Linux the file is open for reading and writing, whatever the pipe is, and has no flags that
// matter.
static int control_node(int fd, int command, long argument)
{
    int copy;

    if (command == F_GETFL)
        return O_RDWR;
    if (command == F_SETFL)
        return 0;
    copy = (int)syscall(SYS_fcntl, fd, command, argument);
    if ((command != F_DUPFD && command != F_DUPFD_CLOEXEC) || copy < 0 || copy >= MAX_FD)
        return copy;
    usbnode_copy(fd, copy);
    if (markers[fd])
        markers[copy] = (int)syscall(SYS_fcntl, markers[fd], F_DUPFD_CLOEXEC, MAX_FD / 2);
    return copy;
}

#define WRAP_FCNTL(name)                                                                           \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        static int (*next)(int, int, long);                                                        \
        va_list args;                                                                              \
        long argument;                                                                             \
        va_start(args, command);                                                                   \
        argument = va_arg(args, long);                                                             \
        va_end(args);                                                                              \
        if (usbnode_is(fd))                                                                        \
            return control_node(fd, command, argument);                                            \
        if (!next)                                                                                 \
            next = (int (*)(int, int, long))dlsym(RTLD_NEXT, #name);                               \
        return next(fd, command, argument);                                                        \
    }

WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

// An ioctl has at most one argument, whose type depends on the request.
int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, void *);
    va_list args;
    void *argument;

    va_start(args, request);
    argument = va_arg(args, void *);
    va_end(args);
    if (usbnode_is(fd))
        return usbnode_ioctl(fd, request, argument);
    if (!next)
        next = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}

// A program may map memory for transfers from usbfs; anonymous memory works as well.
#define WRAP_MMAP(name)                                                                            \
    void *name(void *at, size_t length, int protection, int flags, int fd, off_t offset)           \
    {                                                                                              \
        static void *(*next)(void *, size_t, int, int, int, off_t);                                \
        const bool ours = usbnode_is(fd);                                                          \
        if (!next)                                                                                 \
            next = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, #name);       \
        return next(at, length, protection, flags | (ours ? MAP_ANONYMOUS : 0), ours ? -1 : fd,    \
                    offset);                                                                       \
    }

WRAP_MMAP(mmap)
WRAP_MMAP(mmap64)
