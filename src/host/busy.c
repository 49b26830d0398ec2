// SPDX-License-Identifier: MIT
#include "busy.h"

#include "base/arena.h"
#include "sysfs.h"

#include <stdio.h>

enum {
    WALK_DEPTH_MAX = 10, // .../1-1:1.0/host6/target6:0:0/6:0:0:0/block/sda is the deepest known
    STACK_DEPTH_MAX = 6, // a file system on LVM on md on a partition: 4
    FIELDS_MAX = 16,     // columns of a line that are read
    ROUTE_UP = 0x0001,   // RTF_UP and RTF_REJECT, linux/route.h
    ROUTE_REJECT = 0x0200,
};

void host_tables_read(struct arena *arena, struct host_tables *tables)
{
    tables->mounts = sysfs_table(arena, "/proc/self/mountinfo", PROC_TABLE_MAX);
    tables->swaps = sysfs_table(arena, "/proc/swaps", PROC_TABLE_MAX);
    tables->routes = sysfs_table(arena, "/proc/net/route", PROC_TABLE_MAX);
    tables->routes6 = sysfs_table(arena, "/proc/net/ipv6_route", PROC_TABLE_MAX);
}

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

static const char *busy_stack(struct arena *arena, const struct host_tables *tables,
                              const char *directory, const char *name, unsigned depth);

// How this block device itself, or anything built on it, is used.
static const char *busy_block(struct arena *arena, const struct host_tables *tables,
                              const char *directory, const char *name, unsigned depth)
{
    struct block_device block = {
        .number = sysfs_value(arena, directory, "dev"),
        .name = name,
        .mapped = sysfs_value(arena, arena_printf(arena, "%s/dm", directory), "name"),
    };
    const char *shown = block.mapped[0] ? arena_printf(arena, "/dev/mapper/%s", block.mapped)
                                        : arena_printf(arena, "/dev/%s", name);
    const char *place = mounts_find(arena, tables->mounts, &block);
    if (place)
        return arena_printf(arena, "%s is mounted on %s", shown, place);
    if (swaps_contain(tables->swaps, &block))
        return arena_printf(arena, "%s is used as swap", shown);

    const char *holders = arena_printf(arena, "%s/holders", directory);
    struct name_list names = sysfs_names(arena, holders);
    for (size_t i = 0; i < names.count && depth < STACK_DEPTH_MAX; i++) {
        const char *above = arena_printf(arena, "/sys/class/block/%s", names.name[i]);
        const char *why = busy_stack(arena, tables, above, names.name[i], depth + 1);
        if (why)
            return why;
    }
    // A holder may be in use without being mounted: an LVM volume that is a guest's disk, say.
    return names.count ? arena_printf(arena, "%s is part of /dev/%s", shown, names.name[0]) : NULL;
}

// How a block device or one of its partitions is used. The partitions come first, since they give
// the more specific reason.
static const char *busy_stack(struct arena *arena, const struct host_tables *tables,
                              const char *directory, const char *name, unsigned depth)
{
    struct name_list names = sysfs_names(arena, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *part = arena_printf(arena, "%s/%s", directory, names.name[i]);
        if (sysfs_value(arena, part, "partition")[0] == '\0')
            continue;
        const char *why = busy_block(arena, tables, part, names.name[i], depth);
        if (why)
            return why;
    }
    return busy_block(arena, tables, directory, name, depth);
}

// Why a network device is needed: a default route uses it, or a bridge, bond or VLAN on top of it.
static const char *busy_net(struct arena *arena, const struct host_tables *tables,
                            const char *directory, const char *name, unsigned depth)
{
    static const char upper[] = "upper_";
    if (routes_have_default(tables->routes, name) || routes6_have_default(tables->routes6, name))
        return "carries the default route";
    struct name_list names = sysfs_names(arena, directory);
    for (size_t i = 0; i < names.count && depth < STACK_DEPTH_MAX; i++) {
        if (!text_starts(text_of(names.name[i]), upper))
            continue;
        const char *above = names.name[i] + sizeof upper - 1;
        const char *path = arena_printf(arena, "/sys/class/net/%s", above);
        const char *why = busy_net(arena, tables, path, above, depth + 1);
        if (why)
            return arena_printf(arena, "is part of %s, which %s", above, why);
    }
    return NULL;
}

// Checks each device in a directory named "block" or "net".
static const char *busy_class(struct arena *arena, const struct host_tables *tables,
                              const char *directory, bool net)
{
    struct name_list names = sysfs_names(arena, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *path = arena_printf(arena, "%s/%s", directory, names.name[i]);
        const char *why = net ? busy_net(arena, tables, path, names.name[i], 0)
                              : busy_stack(arena, tables, path, names.name[i], 0);
        if (why)
            return net ? arena_printf(arena, "%s %s", names.name[i], why) : why;
    }
    return NULL;
}

static const char *busy_below(struct arena *arena, const struct host_tables *tables,
                              const char *directory, unsigned depth, bool *disk)
{
    struct name_list names = sysfs_names(arena, directory);
    for (size_t i = 0; i < names.count && depth < WALK_DEPTH_MAX; i++) {
        const char *name = names.name[i];
        if (!sysfs_is_directory(arena, directory, name))
            continue;
        const char *path = arena_printf(arena, "%s/%s", directory, name);
        bool net = strcmp(name, "net") == 0;
        const char *why = net || strcmp(name, "block") == 0
                              ? busy_class(arena, tables, path, net)
                              : busy_below(arena, tables, path, depth + 1, disk);
        if (why) {
            *disk = *disk || strcmp(name, "block") == 0;
            return why;
        }
    }
    return NULL;
}

const char *host_busy(struct arena *arena, const struct host_tables *tables, const char *directory,
                      bool *disk)
{
    *disk = false;
    return busy_below(arena, tables, directory, 0, disk);
}
