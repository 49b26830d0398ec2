// SPDX-License-Identifier: MIT
#include "holder.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/text.h"

#include <errno.h>
#include <sys/stat.h>

// Clears *complete if the process cannot be checked.
static bool has_open(struct arena *arena, const char *process, dev_t number, bool *complete)
{
    const char *directory = arena_printf(arena, "/proc/%s/fd", process);
    cleanup_closedir DIR *dir = opendir(directory);
    // A process that has just exited has nothing open.
    *complete &= dir || errno == ENOENT;
    for (const struct dirent *at = dir ? readdir(dir) : NULL; at; at = readdir(dir)) {
        struct stat info;
        if (fstatat(dirfd(dir), at->d_name, &info, 0) == 0 && S_ISCHR(info.st_mode) &&
            info.st_rdev == number)
            return true;
    }
    return false;
}

bool holder_find(struct arena *arena, dev_t number, unsigned *pid)
{
    cleanup_closedir DIR *dir = opendir("/proc");
    bool complete = dir;
    *pid = 0;
    for (const struct dirent *at = dir ? readdir(dir) : NULL; at; at = readdir(dir)) {
        uint64_t process;
        if (text_number(text_of(at->d_name), 10, 1, UINT32_MAX, &process) != NUMBER_OK ||
            !has_open(arena, at->d_name, number, &complete))
            continue;
        *pid = (unsigned)process;
        return true;
    }
    return complete;
}
