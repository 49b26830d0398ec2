// SPDX-License-Identifier: MIT
//
// counts.so - preloaded into xenusb or xl: counts what it asks of others. The file named by COUNTS
// gets four 64-bit numbers, added up over all processes that count into it: QMP commands (with
// qmp_capabilities), xenstore requests, files and directories opened, and replaced copies of
// libxl's saved config. They are in shared memory, so they are right also for a process that is
// killed.
//
// What the dynamic loader and libc open for themselves is not counted.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_FD = 1024, XS_HEADER = 16 };

struct counts {
    _Atomic uint64_t qmp, xenstore, opened, saved;
};

// What is sent on a socket is a stream, so that a message may come in pieces.
struct stream {
    enum { NOT_COUNTED, QMP, XENSTORE } kind;
    size_t at;                 // bytes of `word`, or of the header, that were seen
    uint8_t header[XS_HEADER]; // xenstore: type, request, transaction, length
    uint32_t body;             // bytes that follow the header
};

static struct counts unused, *counts = &unused;
static struct stream streams[MAX_FD];

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("COUNTS");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *shared = MAP_FAILED;

    if (fd >= 0 && !ftruncate((int)fd, sizeof(*counts)))
        shared = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    if (shared == MAP_FAILED) {
        fprintf(stderr, "counts.so: cannot count into %s\n", path ? path : "$COUNTS");
        abort();
    }
    syscall(SYS_close, fd);
    counts = shared;
}

// ---- sockets ----

static void count_qmp(struct stream *stream, const uint8_t *bytes, size_t size)
{
    static const char word[] = "\"execute\"";

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != word[stream->at])
            stream->at = 0;
        if (bytes[i] == word[stream->at] && !word[++stream->at]) {
            counts->qmp++;
            stream->at = 0;
        }
    }
}

static void count_xenstore(struct stream *stream, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (stream->body) {
            stream->body--;
            continue;
        }
        stream->header[stream->at++] = bytes[i];
        if (stream->at < XS_HEADER)
            continue;
        memcpy(&stream->body, stream->header + 12, sizeof(stream->body));
        stream->at = 0;
        counts->xenstore++;
    }
}

static void sent(int fd, const void *bytes, ssize_t size)
{
    if (fd < 0 || fd >= MAX_FD || size <= 0)
        return;
    if (streams[fd].kind == QMP)
        count_qmp(&streams[fd], bytes, (size_t)size);
    if (streams[fd].kind == XENSTORE)
        count_xenstore(&streams[fd], bytes, (size_t)size);
}

static void sent_vector(int fd, const struct iovec *vector, size_t count, ssize_t size)
{
    for (size_t i = 0; i < count && size > 0; i++) {
        ssize_t part = size < (ssize_t)vector[i].iov_len ? size : (ssize_t)vector[i].iov_len;
        sent(fd, vector[i].iov_base, part);
        size -= part;
    }
}

// A Unix socket that is not xenstored's may be QEMU's; others never send the word.
int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)address;

    if (fd >= 0 && fd < MAX_FD) {
        streams[fd] = (struct stream){ .kind = NOT_COUNTED };
        if (address->sa_family == AF_UNIX)
            streams[fd].kind = strstr(local->sun_path, "/xenstored/") ? XENSTORE : QMP;
    }
    return NEXT(connect)(fd, address, size);
}

int close(int fd)
{
    if (fd >= 0 && fd < MAX_FD)
        streams[fd].kind = NOT_COUNTED;
    return NEXT(close)(fd);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t done = NEXT(write)(fd, bytes, size);
    sent(fd, bytes, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    ssize_t done = NEXT(writev)(fd, vector, count);
    sent_vector(fd, vector, (size_t)count, done);
    return done;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    ssize_t done = NEXT(send)(fd, bytes, size, flags);
    sent(fd, bytes, done);
    return done;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t done = NEXT(sendmsg)(fd, message, flags);
    sent_vector(fd, message->msg_iov, message->msg_iovlen, done);
    return done;
}

// ---- files ----

#define COUNT_OPEN(name)                                                                           \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        int fd = NEXT(name)(path, flags, va_arg(args, mode_t));                                    \
        va_end(args);                                                                              \
        counts->opened += fd >= 0;                                                                 \
        return fd;                                                                                 \
    }
COUNT_OPEN(open)
COUNT_OPEN(open64)

#define COUNT_OPENAT(name)                                                                         \
    int name(int dir, const char *path, int flags, ...)                                            \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        int fd = NEXT(name)(dir, path, flags, va_arg(args, mode_t));                               \
        va_end(args);                                                                              \
        counts->opened += fd >= 0;                                                                 \
        return fd;                                                                                 \
    }
COUNT_OPENAT(openat)
COUNT_OPENAT(openat64)

// What a program built with _FORTIFY_SOURCE calls.
#define COUNT_OPEN_2(name, parameters, arguments)                                                  \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        int fd = NEXT(name) arguments;                                                             \
        counts->opened += fd >= 0;                                                                 \
        return fd;                                                                                 \
    }
COUNT_OPEN_2(__open_2, (const char *path, int flags), (path, flags))
COUNT_OPEN_2(__open64_2, (const char *path, int flags), (path, flags))
COUNT_OPEN_2(__openat_2, (int dir, const char *path, int flags), (dir, path, flags))
COUNT_OPEN_2(__openat64_2, (int dir, const char *path, int flags), (dir, path, flags))

#define COUNT_FOPEN(name)                                                                          \
    FILE *name(const char *path, const char *mode)                                                 \
    {                                                                                              \
        FILE *stream = NEXT(name)(path, mode);                                                     \
        counts->opened += stream != NULL;                                                          \
        return stream;                                                                             \
    }
COUNT_FOPEN(fopen)
COUNT_FOPEN(fopen64)

DIR *opendir(const char *path)
{
    DIR *dir = NEXT(opendir)(path);
    counts->opened += dir != NULL;
    return dir;
}

int rename(const char *from, const char *to)
{
    int result = NEXT(rename)(from, to);
    const char *end = strrchr(to, '.');
    counts->saved += result == 0 && end && !strcmp(end, ".libxl-json");
    return result;
}
