// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: lets it run out of descriptors. FAILOPEN_AT is the number
// of the first file, directory or socket that cannot be opened, counted from 1; FAILOPEN_FOR how
// many (default: all later ones). They fail with ENFILE. FAILOPEN_COUNT is a file that receives how
// many were opened or should have been. Only those of the program xenusb count, from the start of
// its main().
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static bool active;
static unsigned long calls, first, last;
static int (*real_main)(int, char **, char **);

static void report(void)
{
    const char *path = getenv("FAILOPEN_COUNT");
    char text[32];
    int size = snprintf(text, sizeof(text), "%lu\n", calls), fd;

    active = false;
    if (!path)
        return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, (size_t)size) != size)
        abort();
    close(fd);
}

static int counted_main(int argc, char **argv, char **environment)
{
    const char *at = getenv("FAILOPEN_AT"), *number = getenv("FAILOPEN_FOR");

    if (strcmp(program_invocation_short_name, "xenusb") == 0) {
        atexit(report);
        first = at ? strtoul(at, NULL, 10) : 0;
        last = number ? first + strtoul(number, NULL, 10) : (unsigned long)-1;
        active = true;
    }
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack)
{
    real_main = main;
    return NEXT(__libc_start_main)(counted_main, argc, argv, init, fini, end, stack);
}

// What the simulated hypervisor opens does not count: the real one is called without a file.
static bool fails(const char *path)
{
    const char *hypervisor = getenv("FAKEXEN_DIR");

    if (path && hypervisor && strncmp(path, hypervisor, strlen(hypervisor)) == 0)
        return false;
    if (!active || ++calls < first || first == 0 || calls >= last)
        return false;
    errno = ENFILE;
    return true;
}

#define WRAP_OPEN(name)                                                                            \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
        va_start(arguments, flags);                                                                \
        mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                                    \
        va_end(arguments);                                                                         \
        return fails(path) ? -1 : NEXT(name)(path, flags, mode);                                   \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

DIR *opendir(const char *path)
{
    return fails(path) ? NULL : NEXT(opendir)(path);
}

int socket(int domain, int type, int protocol)
{
    return fails(NULL) ? -1 : NEXT(socket)(domain, type, protocol);
}
