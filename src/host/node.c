// SPDX-License-Identifier: MIT
#include "node.h"

#include "base/arena.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>

enum {
    STATUS_MAX = 1 << 16,
    PATH_SHOWN = 64,
    FILE_SYSTEM_ID = 3, // of the four ids in a line: real, effective, saved, file system
    CAPABILITY_DAC_OVERRIDE = 1,
};

static const char *path_of(const struct host_device *device, char path[PATH_SHOWN])
{
    (void)snprintf(path, PATH_SHOWN, "/dev/bus/usb/%03u/%03u", device->bus, device->address);
    return path;
}

int host_node_open(const struct host_device *device)
{
    char path[PATH_SHOWN];
    return open(path_of(device, path), O_RDWR | O_CLOEXEC);
}

// The rest of the line that begins with `name`; TEXT_EMPTY if there is none.
static struct text line_of(struct text status, const char *name)
{
    while (status.size) {
        size_t end = text_find(status, '\n', 0);
        if (text_starts(status, name))
            return text_part(status, strlen(name), end);
        status = text_part(status, end + 1, status.size);
    }
    return TEXT_EMPTY;
}

// The next number of a line, whose words are separated by tabs or blanks; false at the end.
static bool next_number(struct text *line, unsigned base, uint64_t *number)
{
    size_t start = 0;
    while (start < line->size && (line->at[start] == ' ' || line->at[start] == '\t'))
        start++;
    size_t end = start;
    while (end < line->size && line->at[end] != ' ' && line->at[end] != '\t')
        end++;
    struct text word = text_part(*line, start, end);
    *line = text_part(*line, end, line->size);
    return word.size && text_number(word, base, 0, UINT64_MAX, number) == NUMBER_OK;
}

static bool id_of(struct text status, const char *name, uint64_t *id)
{
    struct text line = line_of(status, name);
    for (int i = 0; i <= FILE_SYSTEM_ID; i++)
        if (!next_number(&line, 10, id))
            return false;
    return true;
}

static bool has_group(struct text status, uint64_t own, uint64_t wanted)
{
    struct text line = line_of(status, "Groups:");
    bool has = own == wanted;
    for (uint64_t id; !has && next_number(&line, 10, &id);)
        has = id == wanted;
    return has;
}

enum verdict node_is_permitted(struct text status, const struct stat *node)
{
    struct text line = line_of(status, "CapEff:");
    uint64_t capabilities, user, group;
    if (!next_number(&line, 16, &capabilities) || !id_of(status, "Uid:", &user) ||
        !id_of(status, "Gid:", &group))
        return VERDICT_UNKNOWN;
    if (capabilities >> CAPABILITY_DAC_OVERRIDE & 1)
        return VERDICT_YES;
    mode_t needed = S_IROTH | S_IWOTH;
    if (user == node->st_uid)
        needed = S_IRUSR | S_IWUSR;
    else if (has_group(status, group, node->st_gid))
        needed = S_IRGRP | S_IWGRP;
    return (node->st_mode & needed) == needed ? VERDICT_YES : VERDICT_NO;
}

// Whether the process has the same `name` in /proc/PID as this one; sets errno if not known.
static bool is_shared(struct arena *arena, unsigned pid, const char *name)
{
    struct stat theirs, ours;
    errno = 0;
    return stat(arena_printf(arena, "/proc/%u/%s", pid, name), &theirs) == 0 &&
           stat(arena_printf(arena, "/proc/self/%s", name), &ours) == 0 &&
           theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

enum verdict host_node_may_open(struct arena *arena, unsigned pid, const struct host_device *device)
{
    char node[PATH_SHOWN];
    const char *path = path_of(device, node);
    struct stat info;
    if (!pid)
        return VERDICT_UNKNOWN;
    if (!is_shared(arena, pid, "root") || !is_shared(arena, pid, "ns/mnt")) {
        if (errno)
            return VERDICT_UNKNOWN;
        path = arena_printf(arena, "/proc/%u/root%s", pid, path);
    }
    if (stat(path, &info) != 0)
        return errno == ENOENT ? VERDICT_NO : VERDICT_UNKNOWN;
    // In another user namespace its capabilities do not count for the host's files.
    if (!is_shared(arena, pid, "ns/user"))
        return VERDICT_UNKNOWN;
    return node_is_permitted(
        sysfs_table(arena, arena_printf(arena, "/proc/%u/status", pid), STATUS_MAX), &info);
}
