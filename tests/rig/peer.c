// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: the process that listens at a socket whose path ends with
// PEER_SOCKET is PEER_PID, as if a program between xenusb and that process were the process itself.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int is_at(int fd, const char *end)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t size = sizeof address - 1;
    if (getpeername(fd, (struct sockaddr *)&address, &size))
        return 0;
    size_t length = strlen(address.sun_path), least = strlen(end);
    return length >= least && strcmp(address.sun_path + length - least, end) == 0;
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    int (*real)(int, int, int, void *, socklen_t *) =
        (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
    const char *end = getenv("PEER_SOCKET"), *pid = getenv("PEER_PID");
    int result = real(fd, level, option, value, size);
    if (result == 0 && level == SOL_SOCKET && option == SO_PEERCRED && end && pid && is_at(fd, end))
        ((struct ucred *)value)->pid = (pid_t)strtol(pid, NULL, 10);
    return result;
}
