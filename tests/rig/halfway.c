// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: kills it right after its Nth act that others can see, with
// N in HALFWAY_AFTER. Such acts are what it sends to a socket, writes to a file, and renames. With
// HALFWAY_COUNT, the name of a file, writes the number of acts of a run to it instead.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static long acts;

// What is written to stdout and stderr does not count.
static void act(int fd)
{
    const char *after = getenv("HALFWAY_AFTER");
    if (fd >= 0 && fd <= 2)
        return;
    acts++;
    if (after && acts == strtol(after, NULL, 10))
        kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("HALFWAY_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", acts);
    fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    ssize_t sent = REAL(send)(fd, bytes, size, flags);
    act(fd);
    return sent;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = REAL(sendmsg)(fd, message, flags);
    act(fd);
    return sent;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t written = REAL(write)(fd, bytes, size);
    act(fd);
    return written;
}

ssize_t writev(int fd, const struct iovec *vectors, int count)
{
    ssize_t written = REAL(writev)(fd, vectors, count);
    act(fd);
    return written;
}

int rename(const char *from, const char *to)
{
    int result = REAL(rename)(from, to);
    act(-1);
    return result;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    int result = REAL(renameat)(from_directory, from, to_directory, to);
    act(-1);
    return result;
}
