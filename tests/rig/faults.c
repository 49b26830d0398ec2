// SPDX-License-Identifier: MIT
//
// faults.so - preloaded into xenusb: lets it fail to open or read files. FAULT_PATH is a pattern
// (fnmatch(3)) for the absolute paths of files and directories that cannot be opened, and
// FAULT_ERRNO is the reason, a number or one of the names below. With FAULT_READ set, they can be
// opened, but not read. With FAULT_INSTEAD, that file is opened instead of them. With FAULT_ERRNO
// HANG, an open never returns. It also mocks Bluetooth adapters.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 1024, HANG = 1 << 16 };

static bool broken[MAX_FD]; // descriptors that cannot be read

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static int reason(void)
{
    static const struct {
        const char *name;
        int value;
    } names[] = { { "EMFILE", EMFILE },
                  { "ENOMEM", ENOMEM },
                  { "EIO", EIO },
                  { "EACCES", EACCES },
                  { "HANG", HANG } };
    const char *wanted = getenv("FAULT_ERRNO");
    for (size_t i = 0; wanted && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, wanted) == 0)
            return names[i].value;
    return wanted && atoi(wanted) > 0 ? atoi(wanted) : EIO;
}

static bool is_faulty(const char *path)
{
    const char *pattern = getenv("FAULT_PATH");
    return pattern && fnmatch(pattern, path, 0) == 0;
}

// Whether opening the path fails, with errno set; otherwise *path is what to open.
static bool fails(const char **path)
{
    const char *instead = getenv("FAULT_INSTEAD");
    if (!is_faulty(*path) || getenv("FAULT_READ"))
        return false;
    if (instead) {
        *path = instead;
        return false;
    }
    while (reason() == HANG)
        pause();
    errno = reason();
    return true;
}

static int opened(int fd, const char *path)
{
    if (fd >= 0 && fd < MAX_FD)
        broken[fd] = getenv("FAULT_READ") && is_faulty(path);
    return fd;
}

#define FAIL_OPEN(name)                                                                            \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        const char *instead = path;                                                                \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = va_arg(args, mode_t);                                                        \
        va_end(args);                                                                              \
        return fails(&instead) ? -1 : opened(NEXT(name)(instead, flags, mode), path);              \
    }
FAIL_OPEN(open)
FAIL_OPEN(open64)

// What a program built with _FORTIFY_SOURCE calls.
#define FAIL_OPEN_2(name)                                                                          \
    int name(const char *path, int flags);                                                         \
    int name(const char *path, int flags)                                                          \
    {                                                                                              \
        const char *instead = path;                                                                \
        return fails(&instead) ? -1 : opened(NEXT(name)(instead, flags), path);                    \
    }
FAIL_OPEN_2(__open_2)
FAIL_OPEN_2(__open64_2)

// A stream does not read through read() of this file; at its start, /proc/self/mem cannot be read
// (EIO).
FILE *fopen(const char *path, const char *mode)
{
    if (fails(&path))
        return NULL;
    return NEXT(fopen)(getenv("FAULT_READ") && is_faulty(path) ? "/proc/self/mem" : path, mode);
}

DIR *opendir(const char *path)
{
    return fails(&path) ? NULL : NEXT(opendir)(path);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    if (fd >= 0 && fd < MAX_FD && broken[fd]) {
        errno = reason();
        return -1;
    }
    return NEXT(read)(fd, bytes, size);
}

// Bluetooth adapters, with BLUETOOTH set: every one is up or down, or gone, or the kernel has no
// Bluetooth (absent).
static const char *bluetooth(void)
{
    return getenv("BLUETOOTH");
}

int socket(int domain, int type, int protocol)
{
    if (domain != AF_BLUETOOTH || !bluetooth())
        return NEXT(socket)(domain, type, protocol);
    if (strcmp(bluetooth(), "absent") != 0)
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    errno = EAFNOSUPPORT;
    return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
    enum { GET_INFO = 211, FLAGS_AT = 16 }; // HCIGETDEVINFO and struct hci_dev_info of Linux
    va_list args;
    va_start(args, request);
    void *at = va_arg(args, void *);
    va_end(args);
    if (!bluetooth() || _IOC_TYPE(request) != 'H' || _IOC_NR(request) != GET_INFO)
        return NEXT(ioctl)(fd, request, at);
    if (strcmp(bluetooth(), "gone") == 0) {
        errno = ENODEV;
        return -1;
    }
    const uint32_t flags = strcmp(bluetooth(), "up") == 0;
    memcpy((char *)at + FLAGS_AT, &flags, sizeof flags);
    return 0;
}
