// SPDX-License-Identifier: MIT
#include "tables.h"

#include "base/arena.h"
#include "base/session.h"
#include "sysfs.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum {
    FIELDS_MAX = 16,   // columns of a line that are read
    ROUTE_UP = 0x0001, // RTF_UP and RTF_REJECT, linux/route.h
    ROUTE_REJECT = 0x0200,
};

// ---- reading them ----

// Reads one table. Records in *part if that fails.
static struct text read_table(struct arena *arena, const char *path, struct part *part)
{
    struct text table = sysfs_whole(arena, path, PROC_TABLE_MAX);
    if (!table.at && !part_is_unreadable(part))
        *part = part_unreadable(arena_printf(arena, "cannot read %s: %s", path, strerror(errno)));
    return table;
}

// The same for a table that kernels without that feature do not have.
static struct text read_optional(struct arena *arena, const char *path, struct part *part)
{
    if (access(path, F_OK) != 0 && errno == ENOENT && access("/proc/self", F_OK) == 0)
        return TEXT_EMPTY;
    return read_table(arena, path, part);
}

static void note_unreadable(struct arena *arena, const char *path, int error, struct part *part)
{
    if (error && error != ENOENT && !part_is_unreadable(part))
        *part = part_unreadable(arena_printf(arena, "cannot read %s: %s", path, strerror(error)));
}

// The kernel shows there the file systems that are mounted, and the devices of each (Linux:
// fs/btrfs/sysfs.c).
static struct btrfs_member *read_btrfs(struct arena *arena, struct part *part)
{
    static const char root[] = "/sys/fs/btrfs";
    struct btrfs_member *members = NULL;
    const struct name_list all = sysfs_names(arena, root);
    note_unreadable(arena, root, all.error, part);
    for (size_t i = 0; i < all.count; i++) {
        const char *path = arena_printf(arena, "%s/%s/devices", root, all.name[i]);
        const struct name_list names = sysfs_names(arena, path); // "features" has none
        note_unreadable(arena, path, names.error, part);
        for (size_t at = 0; at < names.count; at++) {
            struct btrfs_member *member = arena_new_of(arena, struct btrfs_member);
            *member = (struct btrfs_member){ members, names.name[at], all.name[i] };
            members = member;
        }
    }
    return members;
}

static struct loop_device *read_loops(struct arena *arena, struct part *part)
{
    static const char root[] = "/sys/block", loop[] = "loop";
    struct loop_device *loops = NULL;
    const struct name_list names = sysfs_names(arena, root);
    note_unreadable(arena, root, names.error, part);
    for (size_t i = 0; i < names.count; i++) {
        if (!text_starts(text_of(names.name[i]), loop))
            continue;
        const char *path = arena_printf(arena, "%s/%s/loop/backing_file", root, names.name[i]);
        struct text file = sysfs_file(arena, path, PATH_MAX);
        if (!file.at) // ENOENT: it is not in use
            note_unreadable(arena, path, errno, part);
        if (!file.size)
            continue;
        struct loop_device *device = arena_new_of(arena, struct loop_device);
        file = text_part(file, 0, text_find(file, '\n', 0));
        *device =
            (struct loop_device){ loops, names.name[i], arena_copy(arena, file.at, file.size) };
        loops = device;
    }
    return loops;
}

const struct part *tables_of_processes(struct host_tables *tables)
{
    if (tables->walked.state == PART_NOT_NEEDED)
        tables->walked = processes_read(tables->session->arena, &tables->processes);
    return &tables->walked;
}

const struct part *tables_of_disks(struct host_tables *tables)
{
    struct arena *arena = tables->session->arena;
    struct part *part = &tables->disks;
    if (part->state != PART_NOT_NEEDED)
        return part;
    *part = guest_disks_read(tables->session, &tables->guests);
    const struct part *processes = tables_of_processes(tables);
    if (!part_is_unreadable(part))
        *part = *processes;
    tables->btrfs = read_btrfs(arena, part);
    tables->loops = read_loops(arena, part);
    tables->mounts = read_table(arena, "/proc/self/mountinfo", part);
    tables->swaps = read_optional(arena, "/proc/swaps", part);
    return part;
}

const struct part *tables_of_networks(struct host_tables *tables)
{
    struct arena *arena = tables->session->arena;
    struct part *part = &tables->networks;
    if (part->state != PART_NOT_NEEDED)
        return part;
    *part = part_read();
    tables->routes = read_optional(arena, "/proc/net/route", part);
    tables->routes6 = read_optional(arena, "/proc/net/ipv6_route", part);
    return part;
}

// ---- what is in them ----

// Removes the next line from a table and splits it at blanks; false at the end.
static bool next_line(struct text *table, struct text fields[FIELDS_MAX], size_t *count)
{
    if (table->size == 0)
        return false;
    size_t end = text_find(*table, '\n', 0);
    struct text line = text_part(*table, 0, end);
    *table = text_part(*table, end + 1, table->size);
    for (*count = 0; *count < FIELDS_MAX; ++*count) {
        line = text_trim(line);
        size_t stop = 0;
        while (stop < line.size && line.at[stop] != ' ' && line.at[stop] != '\t')
            stop++;
        if (stop == 0)
            break;
        fields[*count] = text_part(line, 0, stop);
        line = text_part(line, stop, line.size);
    }
    return true;
}

// Whether a path is that of the block device: /dev/sda1 or /dev/mapper/vg-data.
static bool is_path_of(struct text path, const struct block_device *block)
{
    static const char dev[] = "/dev/", mapper[] = "/dev/mapper/";
    if (!text_starts(path, dev))
        return false;
    if (text_is(text_part(path, sizeof dev - 1, path.size), block->name))
        return true;
    return block->mapped[0] && text_starts(path, mapper) &&
           text_is(text_part(path, sizeof mapper - 1, path.size), block->mapped);
}

// The value of the escape \ooo at the start of `text`, or -1 if there is none.
static int escape_value(struct text text)
{
    int value = 0;
    if (text.size < 4 || text.at[0] != '\\')
        return -1;
    for (size_t i = 1; i <= 3; i++) {
        if (text.at[i] < '0' || text.at[i] > '7')
            return -1;
        value = value * 8 + (text.at[i] - '0');
    }
    return value;
}

// The kernel escapes blanks, tabs, newlines and backslashes in a path.
static const char *unescape(struct arena *arena, struct text path)
{
    unsigned char *plain = arena_alloc(arena, path.size + 1);
    for (size_t i = 0, used = 0; i < path.size; used++) {
        int value = escape_value(text_part(path, i, path.size));
        plain[used] = (unsigned char)(value < 0 ? path.at[i] : value);
        i += value < 0 ? 1 : 4;
    }
    return (const char *)plain;
}

const char *mounts_find(struct arena *arena, struct text mounts, const struct block_device *block)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&mounts, fields, &count);) {
        if (count < 5)
            continue;
        // Some file systems (btrfs) show a device number of their own; their device is then the
        // second field after the "-".
        size_t hyphen = 6;
        while (hyphen < count && !text_is(fields[hyphen], "-"))
            hyphen++;
        if (text_is(fields[2], block->number) ||
            (hyphen + 2 < count && is_path_of(fields[hyphen + 2], block)))
            return unescape(arena, fields[4]);
    }
    return NULL;
}

const struct btrfs_member *btrfs_find(const struct btrfs_member *members, const char *name)
{
    while (members && strcmp(members->name, name) != 0)
        members = members->next;
    return members;
}

const struct loop_device *loops_find(const struct loop_device *loops,
                                     const struct block_device *block)
{
    while (loops && !is_path_of(text_of(loops->file), block))
        loops = loops->next;
    return loops;
}

bool swaps_contain(struct text swaps, const struct block_device *block)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&swaps, fields, &count);)
        if (count > 0 && is_path_of(fields[0], block))
            return true;
    return false;
}

// Whether a route with these flags (hexadecimal) is up and does not reject packets.
static bool is_usable(struct text flags)
{
    uint64_t value = 0;
    return text_number(flags, 16, 0, UINT32_MAX, &value) == NUMBER_OK &&
           (value & (ROUTE_UP | ROUTE_REJECT)) == ROUTE_UP;
}

bool routes_have_default(struct text routes, const char *device)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&routes, fields, &count);)
        if (count >= 8 && text_is(fields[0], device) && text_is(fields[1], "00000000") &&
            text_is(fields[7], "00000000") && is_usable(fields[3]))
            return true;
    return false;
}

bool routes6_have_default(struct text routes6, const char *device)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&routes6, fields, &count);)
        if (count >= 10 && text_is(fields[9], device) &&
            text_is(fields[0], "00000000000000000000000000000000") && text_is(fields[1], "00") &&
            is_usable(fields[8]))
            return true;
    return false;
}

bool routes_have_any(struct text routes, const char *device)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&routes, fields, &count);)
        if (count >= 8 && text_is(fields[0], device) && is_usable(fields[3]))
            return true;
    return false;
}

bool routes6_have_any(struct text routes6, const char *device)
{
    struct text fields[FIELDS_MAX];
    for (size_t count; next_line(&routes6, fields, &count);)
        if (count >= 10 && text_is(fields[9], device) && is_usable(fields[8]) &&
            !text_starts(fields[0], "fe80") && !text_starts(fields[0], "ff"))
            return true;
    return false;
}
