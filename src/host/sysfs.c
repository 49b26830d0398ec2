// SPDX-License-Identifier: MIT
#include "sysfs.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static int open_to_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        shortage_note(errno);
    return fd;
}

struct text sysfs_table(struct arena *arena, const char *path, size_t limit)
{
    // Files in procfs report no size, so grow the buffer until a read returns 0.
    cleanup_close int fd = open_to_read(path);
    if (fd < 0)
        return TEXT_EMPTY;
    size_t size = limit < 4096 ? limit : 4096, used = 0;
    char *bytes = arena_alloc(arena, size + 1);
    for (;;) {
        if (used == size) {
            if (size == limit)
                break;
            size = size < limit / 4 ? size * 4 : limit;
            char *more = arena_alloc(arena, size + 1);
            memcpy(more, bytes, used);
            bytes = more;
        }
        ssize_t got = read(fd, bytes + used, size - used);
        if (got < 0)
            return TEXT_EMPTY;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    bytes[used] = '\0';
    return (struct text){ bytes, used };
}

struct text sysfs_whole(struct arena *arena, const char *path, size_t limit)
{
    struct text whole = sysfs_table(arena, path, limit + 1);
    if (whole.size <= limit)
        return whole;
    errno = EFBIG;
    return TEXT_EMPTY;
}

struct text sysfs_file(struct arena *arena, const char *path, size_t limit)
{
    cleanup_close int fd = open_to_read(path);
    char *bytes = fd < 0 ? NULL : arena_alloc(arena, limit + 1);
    ssize_t got = fd < 0 ? -1 : read(fd, bytes, limit);
    return got < 0 ? TEXT_EMPTY : (struct text){ bytes, (size_t)got };
}

const char *sysfs_value(struct arena *arena, const char *directory, const char *name)
{
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    struct text value = sysfs_file(arena, path, SYSFS_VALUE_MAX);
    value = text_part(value, 0, text_find(value, '\n', 0));
    value = text_part(value, 0, text_find(value, '\0', 0));
    return value.at ? arena_copy(arena, value.at, value.size) : "";
}

unsigned sysfs_number(struct arena *arena, const char *directory, const char *name, unsigned max)
{
    uint64_t number = 0;
    struct text value = text_trim(text_of(sysfs_value(arena, directory, name)));
    return text_number(value, 10, 0, max, &number) == NUMBER_OK ? (unsigned)number : 0;
}

const char *sysfs_target(struct arena *arena, const char *directory, const char *name)
{
    char target[PATH_MAX];
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        shortage_note(errno);
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    return arena_strdup(arena, target);
}

const char *sysfs_link(struct arena *arena, const char *directory, const char *name)
{
    const char *target = sysfs_target(arena, directory, name);
    const char *slash = target ? strrchr(target, '/') : NULL;
    return slash ? slash + 1 : target;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Adds a name to an array with room for `size`, which is replaced if it is full.
static const char **add_name(struct arena *arena, const char **names, size_t *size, size_t count,
                             const char *name)
{
    if (count == *size) {
        const char **more = arena_array_of(arena, const char *, *size ? 2 * *size : 64);
        if (count)
            memcpy(more, names, count * sizeof *names);
        *size = *size ? 2 * *size : 64;
        names = more;
    }
    names[count] = arena_strdup(arena, name);
    return names;
}

struct name_list sysfs_names(struct arena *arena, const char *directory)
{
    const char **names = NULL;
    size_t count = 0, size = 0;
    cleanup_closedir DIR *dir = opendir(directory);
    int error = dir ? 0 : errno;
    if (!dir)
        shortage_note(error);
    while (dir) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry || count == SYSFS_NAMES_MAX) {
            error = entry ? EFBIG : errno;
            break;
        }
        if (entry->d_name[0] != '.')
            names = add_name(arena, names, &size, count++, entry->d_name);
    }
    if (count)
        qsort(names, count, sizeof *names, by_name);
    return (struct name_list){ names, count, error };
}

bool sysfs_is_directory(struct arena *arena, const char *directory, const char *name)
{
    struct stat info;
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    if (lstat(path, &info) != 0)
        return false;
    errno = 0;
    return S_ISDIR(info.st_mode);
}

bool sysfs_write(const char *path, const char *value)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t size = (ssize_t)strlen(value);
    return fd >= 0 && write(fd, value, (size_t)size) == size;
}
