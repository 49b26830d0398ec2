// SPDX-License-Identifier: MIT
//
// loses.so - preloaded into xenusb: the connection to xenstored is lost at the Nth request, counted
// from 1 over all connections of the process. LOSES is "N HOW [MORE]". HOW:
//
//     unsent    the request is not sent
//     reset     xenstored has carried the request out, but its answer never arrives
//     timeout   the same, and it looks like the end of the time limit
//     stop      xenstored, the process LOSES_STOPS, is stopped before the request is sent
//
// With MORE, "down", xenstored can no longer be connected to afterwards. The file named by LOST
// gets the number of requests that were begun, so that it is also known how many there are.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
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

// What is sent on a connection to xenstored, which may come in pieces.
struct stream {
    bool xenstore;
    bool lost;                 // its request was the Nth
    size_t at;                 // bytes of the header that were seen
    uint8_t header[XS_HEADER]; // type, request, transaction, length
    uint32_t body;             // bytes that follow it
};

static struct stream streams[MAX_FD];
static _Atomic uint64_t unused, *begun = &unused;
static uint64_t nth;
static char how[16], more[16];
static bool down;

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("LOST"), *what = getenv("LOSES");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *shared = MAP_FAILED;

    if (fd >= 0 && !ftruncate((int)fd, sizeof(*begun)))
        shared = mmap(NULL, sizeof(*begun), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    if (shared == MAP_FAILED || !what || sscanf(what, "%lu %15s %15s", &nth, how, more) < 2) {
        fprintf(stderr, "loses.so: $LOST or $LOSES is wrong\n");
        abort();
    }
    syscall(SYS_close, fd);
    begun = shared;
}

static struct stream *stream_of(int fd)
{
    return fd >= 0 && fd < MAX_FD && streams[fd].xenstore ? &streams[fd] : NULL;
}

// Follows what is about to be sent; whether the Nth request begins in it.
static bool meets(struct stream *stream, const uint8_t *bytes, size_t size)
{
    bool met = false;

    for (size_t i = 0; i < size; i++) {
        if (stream->body) {
            stream->body--;
            continue;
        }
        if (!stream->at)
            met |= ++*begun == nth;
        stream->header[stream->at++] = bytes[i];
        if (stream->at < XS_HEADER)
            continue;
        memcpy(&stream->body, stream->header + 12, sizeof(stream->body));
        stream->at = 0;
    }
    return met;
}

// Whether to send it.
static bool follow(int fd, const void *bytes, size_t size)
{
    struct stream *stream = stream_of(fd);

    if (stream && meets(stream, bytes, size)) {
        bool stops = !strcmp(how, "stop");
        if (stops)
            kill((pid_t)strtol(getenv("LOSES_STOPS"), NULL, 10), SIGSTOP);
        stream->lost = !stops;
        down = !strcmp(more, "down");
    }
    if (!stream || !stream->lost || strcmp(how, "unsent"))
        return true;
    errno = EPIPE;
    return false;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)address;
    bool xenstore = address->sa_family == AF_UNIX && strstr(local->sun_path, "/xenstored/");

    if (fd >= 0 && fd < MAX_FD)
        streams[fd] = (struct stream){ .xenstore = xenstore };
    if (xenstore && down) {
        errno = ECONNREFUSED;
        return -1;
    }
    return NEXT(connect)(fd, address, size);
}

int close(int fd)
{
    if (fd >= 0 && fd < MAX_FD)
        streams[fd].xenstore = false;
    return NEXT(close)(fd);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return follow(fd, bytes, size) ? NEXT(write)(fd, bytes, size) : -1;
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    for (int i = 0; i < count; i++)
        if (!follow(fd, vector[i].iov_base, vector[i].iov_len))
            return -1;
    return NEXT(writev)(fd, vector, count);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    return follow(fd, bytes, size) ? NEXT(send)(fd, bytes, size, flags) : -1;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    for (size_t i = 0; i < message->msg_iovlen; i++)
        if (!follow(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len))
            return -1;
    return NEXT(sendmsg)(fd, message, flags);
}

// Whether the answer is to be lost; waits until it is there.
static bool is_lost(int fd)
{
    struct stream *stream = stream_of(fd);
    struct pollfd wanted = { .fd = fd, .events = POLLIN };

    if (!stream || !stream->lost)
        return false;
    poll(&wanted, 1, 10000);
    // A time limit of the kernel's exists only on a blocking socket.
    bool timeout = !strcmp(how, "timeout") && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
    errno = timeout ? EAGAIN : ECONNRESET;
    return true;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    return is_lost(fd) ? -1 : NEXT(read)(fd, bytes, size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    return is_lost(fd) ? -1 : NEXT(recv)(fd, bytes, size, flags);
}
