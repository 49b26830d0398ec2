// SPDX-License-Identifier: MIT
//
// kills.so - preloaded into the binary under test: kills it at one of the acts that others can see.
// KILL_AT is "KIND NUMBER": before the NUMBERth request to xenstored ("xenstore 12") or the
// NUMBERth time that it opens a driver's file to bind or unbind an interface ("driver 2"), or right
// after the NUMBERth process that it has started ("start 1").

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_FD = 1024, XS_HEADER = 16 };

// What is sent to xenstored, which may come in pieces.
struct stream {
    bool xenstore;
    size_t at; // bytes of the header that were sent
    uint8_t header[XS_HEADER];
    uint32_t body; // bytes that follow
};
static struct stream streams[MAX_FD];

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static const char *when;

// Neither what runs the binary nor what that starts is killed.
__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("KILL_AT");
    if (!at || strcmp(program_invocation_short_name, "xenusb") != 0)
        return;
    when = strdup(at);
    unsetenv("KILL_AT");
}

static void act(const char *kind)
{
    static long acts;
    size_t length = strlen(kind);
    if (when && !strncmp(when, kind, length) && when[length] == ' ' &&
        ++acts == strtol(when + length, NULL, 10))
        kill(getpid(), SIGKILL);
}

static void about_to_send(int fd, const uint8_t *bytes, size_t size)
{
    struct stream *stream = fd >= 0 && fd < MAX_FD ? &streams[fd] : NULL;
    for (size_t i = 0; stream && stream->xenstore && i < size; i++) {
        if (stream->body) {
            stream->body--;
            continue;
        }
        if (!stream->at)
            act("xenstore");
        stream->header[stream->at++] = bytes[i];
        if (stream->at < XS_HEADER)
            continue;
        memcpy(&stream->body, stream->header + 12, sizeof(stream->body));
        stream->at = 0;
    }
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)address;
    if (fd >= 0 && fd < MAX_FD)
        streams[fd] = (struct stream){ .xenstore = address->sa_family == AF_UNIX &&
                                                   strstr(local->sun_path, "/xenstored/") };
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
    about_to_send(fd, bytes, size);
    return NEXT(write)(fd, bytes, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    about_to_send(fd, bytes, size);
    return NEXT(send)(fd, bytes, size, flags);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    for (int i = 0; i < count; i++)
        about_to_send(fd, vector[i].iov_base, vector[i].iov_len);
    return NEXT(writev)(fd, vector, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    for (size_t i = 0; i < message->msg_iovlen; i++)
        about_to_send(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return NEXT(sendmsg)(fd, message, flags);
}

int open(const char *path, int flags, ...)
{
    const char *file = strrchr(path, '/');
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (file && (!strcmp(file, "/bind") || !strcmp(file, "/unbind")))
        act("driver");
    return NEXT(open)(path, flags, mode);
}

pid_t fork(void)
{
    pid_t pid = NEXT(fork)();
    if (pid > 0)
        act("start");
    return pid;
}
