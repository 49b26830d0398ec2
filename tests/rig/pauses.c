// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: before it opens a file whose path ends with PAUSE_FILE for
// the PAUSE_TIMES-th time, it creates the file PAUSE_MARK and waits until that is removed.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), least = strlen(end);
    return length >= least && strcmp(path + length - least, end) == 0;
}

int open(const char *path, int flags, ...)
{
    static long times;
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    const char *mark = getenv("PAUSE_MARK");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (mark && ends_with(path, getenv("PAUSE_FILE")) &&
        ++times == strtol(getenv("PAUSE_TIMES"), NULL, 10)) {
        close(real(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        while (access(mark, F_OK) == 0)
            usleep(1000);
    }
    return real(path, flags, mode);
}
