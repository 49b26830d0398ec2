// SPDX-License-Identifier: MIT
// The part of inject.so for what is sent to xenstored, to QEMU, and into files.
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { XS_HEADER = 16 };

// What is sent to xenstored, which may come in pieces.
struct stream {
    bool xenstore, lost;
    bool spoilt; // a file that cannot be read
    bool dies;   // when the request is complete
    bool counts; // a peer, but not the simulated kernel
    size_t at;   // bytes of the header that were seen
    uint8_t header[XS_HEADER];
    uint32_t body; // bytes that follow
    long number;   // of the act, and what is shown of it
    char what[INJECT_SHOWN];
    size_t shown;
};
static struct stream streams[INJECT_MAX_FD];

static bool down; // xenstored cannot be connected to any more

static struct stream *stream_of(int fd)
{
    return inject_active && fd >= 0 && fd < INJECT_MAX_FD && streams[fd].xenstore ? &streams[fd]
                                                                                  : NULL;
}

static void log_request(const struct stream *stream)
{
    static const char *const names[] = {
        "control",   "directory", "read",     "get_perms", "watch", "unwatch", "start",    "end",
        "introduce", "release",   "get_path", "write",     "mkdir", "rm",      "set_perms"
    };
    uint32_t type, transaction;
    char what[INJECT_SHOWN + 64];
    memcpy(&type, stream->header, sizeof(type));
    memcpy(&transaction, stream->header + 8, sizeof(transaction));
    snprintf(what, sizeof(what), "%s%s %.*s", type < 15 ? names[type] : "request",
             transaction ? " t" : "", (int)stream->shown, stream->what);
    inject_log(stream->number, XENSTORE, what);
}

// Follows what is about to be sent: whether a request in it is the wanted one. *before is how many
// bytes are before that.
static enum inject_verdict follow(struct stream *stream, const uint8_t *bytes, size_t size,
                                  size_t *before)
{
    enum inject_verdict verdict = PASSES;
    for (size_t i = 0; i < size; i++) {
        if (stream->body) {
            if (stream->shown < sizeof(stream->what))
                stream->what[stream->shown++] = (char)bytes[i];
            if (!--stream->body)
                log_request(stream);
            continue;
        }
        if (!stream->at && verdict == PASSES) {
            *before = i;
            verdict = inject_count(XENSTORE, &stream->number);
        } else if (!stream->at)
            inject_count(XENSTORE, &stream->number);
        stream->header[stream->at++] = bytes[i];
        if (stream->at < XS_HEADER)
            continue;
        memcpy(&stream->body, stream->header + 12, sizeof(stream->body));
        stream->at = stream->shown = 0;
        if (!stream->body)
            log_request(stream);
    }
    return verdict;
}

// Whether to send it. If not, errno is set; what is before the wanted request was sent if the
// connection is lost now.
static bool send_request(struct stream *stream, int fd, const void *bytes, size_t size,
                         enum inject_verdict *verdict)
{
    const struct stream kept = *stream;
    size_t before = 0;
    *verdict = follow(stream, bytes, size, &before);
    if (*verdict == LOSES) {
        stream->lost = true;
        down = !strcmp(inject_action, "down");
    }
    bool sends = *verdict != FAILS && *verdict != DIES;
    stream->dies |= *verdict == DIES_AFTER;
    if (stream->dies)
        *verdict = stream->at || stream->body ? PASSES : DIES_AFTER;
    if (sends && (!stream->lost || (strcmp(inject_action, "unsent") && !down)))
        return true;
    if (*verdict == FAILS) {
        *stream = kept; // it may be sent again
        return false;
    }
    if (*verdict != PASSES)
        NEXT(send)(fd, bytes, before, MSG_NOSIGNAL);
    if (*verdict == DIES)
        inject_die();
    errno = EPIPE;
    return false;
}

// Whether the answer is lost; waits until it is there.
static bool is_lost(int fd)
{
    struct stream *stream = stream_of(fd);
    struct pollfd wanted = { .fd = fd, .events = POLLIN };
    if (!stream || !stream->lost)
        return false;
    if (!strcmp(inject_action, "reset") || !strcmp(inject_action, "timeout"))
        poll(&wanted, 1, 10000);
    // The kernel's time limit exists only on a blocking socket.
    bool timeout = !strcmp(inject_action, "timeout") && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
    errno = timeout ? EAGAIN : ECONNRESET;
    return true;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)address;
    bool is_local = address->sa_family == AF_UNIX && !strstr(local->sun_path, "/usbbed.");
    bool xenstore = is_local && strstr(local->sun_path, "/xenstored/");
    enum inject_verdict verdict = is_local ? inject_act(CONNECT, "%s", local->sun_path) : PASSES;
    if (verdict == FAILS)
        return -1;
    if (inject_active && fd >= 0 && fd < INJECT_MAX_FD)
        streams[fd] = (struct stream){ .xenstore = xenstore, .counts = is_local };
    if (xenstore && down) {
        errno = ECONNREFUSED;
        return -1;
    }
    int result = NEXT(connect)(fd, address, size);
    inject_finish(verdict);
    return result;
}

int close(int fd)
{
    if (fd >= 0 && fd < INJECT_MAX_FD)
        streams[fd].xenstore = streams[fd].counts = streams[fd].spoilt = false;
    return NEXT(close)(fd);
}

void inject_spoil(int fd)
{
    if (fd >= 0 && fd < INJECT_MAX_FD)
        streams[fd].spoilt = true;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    if (inject_active && fd >= 0 && fd < INJECT_MAX_FD && streams[fd].spoilt) {
        errno = EIO;
        return -1;
    }
    return is_lost(fd) ? -1 : NEXT(read)(fd, bytes, size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    return is_lost(fd) ? -1 : NEXT(recv)(fd, bytes, size, flags);
}

// ---- what is sent and written ----

// Whether to do it; then call inject_finish().
static bool about_to_write(int fd, const void *bytes, size_t size, bool socket,
                           enum inject_verdict *verdict)
{
    struct stream *stream = stream_of(fd);
    *verdict = PASSES;
    if (stream)
        return send_request(stream, fd, bytes, size, verdict);
    if (inject_active && fd > 2 && (!socket || (fd < INJECT_MAX_FD && streams[fd].counts)))
        *verdict = inject_act(socket ? QMP : WRITE, "%.*s",
                              size < INJECT_SHOWN ? (int)size : INJECT_SHOWN, (const char *)bytes);
    return *verdict != FAILS;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    enum inject_verdict verdict;
    if (!about_to_write(fd, bytes, size, false, &verdict))
        return -1;
    ssize_t written = NEXT(write)(fd, bytes, size);
    inject_finish(verdict);
    return written;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    enum inject_verdict verdict;
    if (!about_to_write(fd, bytes, size, true, &verdict))
        return -1;
    ssize_t sent = NEXT(send)(fd, bytes, size, flags);
    inject_finish(verdict);
    return sent;
}

// The parts, one by one.
static ssize_t write_parts(int fd, const struct iovec *vector, size_t count_of, bool socket)
{
    ssize_t sum = 0;
    for (size_t i = 0; i < count_of; i++) {
        enum inject_verdict verdict;
        if (!vector[i].iov_len)
            continue;
        if (!about_to_write(fd, vector[i].iov_base, vector[i].iov_len, socket, &verdict))
            return sum ? sum : -1;
        ssize_t written = NEXT(write)(fd, vector[i].iov_base, vector[i].iov_len);
        inject_finish(verdict);
        if (written < 0)
            return sum ? sum : -1;
        sum += written;
        if ((size_t)written < vector[i].iov_len)
            break;
    }
    return sum;
}

ssize_t writev(int fd, const struct iovec *vector, int count_of)
{
    return inject_active && fd > 2 ? write_parts(fd, vector, (size_t)count_of, false)
                                   : NEXT(writev)(fd, vector, count_of);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (stream_of(fd))
        return write_parts(fd, message->msg_iov, message->msg_iovlen, true);
    enum inject_verdict verdict =
        message->msg_iovlen && fd >= 0 && fd < INJECT_MAX_FD && streams[fd].counts
            ? inject_act(QMP, "%.*s",
                         message->msg_iov->iov_len < INJECT_SHOWN ? (int)message->msg_iov->iov_len
                                                                  : INJECT_SHOWN,
                         (const char *)message->msg_iov->iov_base)
            : PASSES;
    if (verdict == FAILS)
        return -1;
    ssize_t sent = NEXT(sendmsg)(fd, message, flags);
    inject_finish(verdict);
    return sent;
}
