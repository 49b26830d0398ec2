// SPDX-License-Identifier: MIT
#include "busy.h"

#include "base/arena.h"
#include "base/session.h"
#include "sysfs.h"
#include "xen/domain.h"

#include <errno.h>

enum {
    WALK_DEPTH_MAX = 16, // .../1-1:1.0/host6/target6:0:0/6:0:0:0/block/sda is the deepest known: 6
    STACK_DEPTH_MAX = 6, // a file system on LVM on md on a partition: 4
    GUEST_SHOWN = 128,
};

// A look at one interface.
struct search {
    struct arena *arena;
    struct host_tables *tables;
    struct part part; // whether all was read that matters
    const char *fix;  // set with the reason that was found
    bool passes;      // also set with it
    struct host_disk *disks;
};

// ---- reading sysfs ----

static void note_part(struct search *search, const struct part *part)
{
    if (!part_is_unreadable(&search->part))
        search->part = *part;
}

// Records that a path cannot be read, unless that is because it is not there (any more).
static void note_error(struct search *search, const char *path, int error)
{
    if (error == 0 || error == ENOENT || error == ENODEV || error == ENOTDIR)
        return;
    const struct part part =
        part_unreadable(arena_printf(search->arena, "cannot read %s: %s", path, strerror(error)));
    note_part(search, &part);
}

static struct name_list names_in(struct search *search, const char *directory)
{
    const struct name_list names = sysfs_names(search->arena, directory);
    note_error(search, directory, names.error);
    return names;
}

// The first line of an attribute; "" if there is none.
static const char *value_of(struct search *search, const char *directory, const char *name)
{
    errno = 0;
    const char *value = sysfs_value(search->arena, directory, name);
    if (!value[0])
        note_error(search, arena_printf(search->arena, "%s/%s", directory, name), errno);
    return value;
}

static bool is_directory(struct search *search, const char *directory, const char *name)
{
    bool is = sysfs_is_directory(search->arena, directory, name);
    if (!is)
        note_error(search, arena_printf(search->arena, "%s/%s", directory, name), errno);
    return is;
}

// ---- disks ----

static const char *busy_stack(struct search *search, const char *directory, const char *name,
                              unsigned depth);

// What is built on this block device, and how that is used.
static const char *busy_holders(struct search *search, const char *directory, const char *shown,
                                unsigned depth)
{
    struct arena *arena = search->arena;
    struct name_list names = names_in(search, arena_printf(arena, "%s/holders", directory));
    for (size_t i = 0; i < names.count && depth < STACK_DEPTH_MAX; i++) {
        const char *above = arena_printf(arena, "/sys/class/block/%s", names.name[i]);
        const char *why = busy_stack(search, above, names.name[i], depth + 1);
        if (why)
            return why;
    }
    // A holder may be in use without being mounted: an LVM volume that is a guest's disk, say.
    if (!names.count)
        return NULL;
    search->fix = arena_printf(arena, "stop /dev/%s first", names.name[0]);
    return arena_printf(arena, "%s is part of /dev/%s", shown, names.name[0]);
}

static const char *show_guest(struct search *search, int domain)
{
    const char *name = xen_domain_name(search->tables->session->xen, domain);
    return *name ? arena_printf(search->arena, "%s (%d)",
                                text_show(search->arena, text_of(name), GUEST_SHOWN), domain)
                 : arena_printf(search->arena, "domain %d", domain);
}

// Where the block device is mounted, also if only other processes see it.
static const char *busy_mount(struct search *search, const struct block_device *block,
                              const char *shown)
{
    struct arena *arena = search->arena;
    const struct host_tables *tables = search->tables;
    const char *place = mounts_find(arena, tables->mounts, block);
    search->fix = "unmount it first";
    if (place)
        return arena_printf(arena, "%s is mounted on %s", shown, place);
    search->fix = "unmount it there first, or end what runs there";
    for (const struct process_mounts *at = tables->processes.mounts; at; at = at->next) {
        place = mounts_find(arena, at->table, block);
        if (place)
            return arena_printf(arena, "%s is mounted on %s in the mount namespace of %s", shown,
                                place, processes_show(arena, at->pid));
    }
    const struct btrfs_member *btrfs = btrfs_find(tables->btrfs, block->name);
    search->fix = "unmount that first, or remove the device from it";
    return btrfs ? arena_printf(arena, "%s is part of the mounted btrfs %s", shown, btrfs->uuid)
                 : NULL;
}

// Who has the block device open. That comes last, because it says the least about its use.
static const char *busy_open(struct search *search, const struct block_device *block,
                             const char *shown)
{
    const struct process_disk *disk =
        processes_find_disk(&search->tables->processes, block->number);
    if (!disk)
        return NULL;
    search->fix = "end that program first";
    search->passes = true;
    return arena_printf(search->arena, "%s is open in %s", shown,
                        processes_show(search->arena, disk->pid));
}

// How this block device itself, or anything built on it, is used.
static const char *busy_block(struct search *search, const char *directory, const char *name,
                              unsigned depth)
{
    struct arena *arena = search->arena;
    const struct host_tables *tables = search->tables;
    struct block_device block = {
        .number = value_of(search, directory, "dev"),
        .name = name,
        .mapped = value_of(search, arena_printf(arena, "%s/dm", directory), "name"),
    };
    const char *shown = block.mapped[0] ? arena_printf(arena, "/dev/mapper/%s", block.mapped)
                                        : arena_printf(arena, "/dev/%s", name);
    const char *why = busy_mount(search, &block, shown);
    if (why)
        return why;
    search->fix = "stop using it as swap first";
    if (swaps_contain(tables->swaps, &block))
        return arena_printf(arena, "%s is used as swap", shown);
    const struct guest_disk *guest = guest_disks_find(&tables->guests, block.number);
    search->fix = "detach that disk from the guest first";
    if (guest)
        return arena_printf(arena, "%s is a disk of %s", shown, show_guest(search, guest->domain));
    why = busy_holders(search, directory, shown, depth);
    return why ? why : busy_open(search, &block, shown);
}

// How a block device or one of its partitions is used. The partitions come first, since they give
// the more specific reason.
static const char *busy_stack(struct search *search, const char *directory, const char *name,
                              unsigned depth)
{
    struct name_list names = names_in(search, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *part = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        if (value_of(search, part, "partition")[0] == '\0')
            continue;
        const char *why = busy_block(search, part, names.name[i], depth);
        if (why)
            return why;
    }
    return busy_block(search, directory, name, depth);
}

// Adds a disk to those of the interface, for host_reserve().
static void add_disk(struct search *search, const char *directory, const char *name)
{
    struct text number = text_of(value_of(search, directory, "dev"));
    size_t colon = text_find(number, ':', 0);
    uint64_t major, minor;
    if (text_number(text_part(number, 0, colon), 10, 0, UINT32_MAX, &major) != NUMBER_OK ||
        text_number(text_part(number, colon + 1, number.size), 10, 0, UINT32_MAX, &minor) !=
            NUMBER_OK)
        return;
    struct host_disk *disk = arena_new_of(search->arena, struct host_disk);
    *disk = (struct host_disk){ search->disks, arena_printf(search->arena, "/dev/%s", name),
                                (unsigned)major, (unsigned)minor };
    search->disks = disk;
}

static const char *busy_disks(struct search *search, const char *directory)
{
    note_part(search, tables_of_disks(search->tables));
    struct name_list names = names_in(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++) {
        const char *path = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        add_disk(search, path, names.name[i]);
        why = busy_stack(search, path, names.name[i], 0);
    }
    return why;
}

// ---- network devices ----

// Why a network device is needed: a route uses it, or a bridge, bond or VLAN on top of it, or it is
// a port of one. What is on top gives the more specific reason.
static const char *busy_network(struct search *search, const char *directory, const char *name,
                                unsigned depth)
{
    static const char upper[] = "upper_";
    struct arena *arena = search->arena;
    const struct host_tables *tables = search->tables;
    if (routes_have_default(tables->routes, name) || routes6_have_default(tables->routes6, name))
        return "carries the default route";
    struct name_list names = names_in(search, directory);
    for (size_t i = 0; i < names.count && depth < STACK_DEPTH_MAX; i++) {
        if (!text_starts(text_of(names.name[i]), upper))
            continue;
        const char *above = names.name[i] + sizeof upper - 1;
        const char *path = arena_printf(arena, "/sys/class/net/%s", above);
        const char *why = busy_network(search, path, above, depth + 1);
        if (why)
            return arena_printf(arena, "is part of %s, which %s", above, why);
    }
    // A bridge, bond, team or VRF, or a switch of Open vSwitch.
    const char *master = sysfs_link(arena, directory, "master");
    if (!master)
        note_error(search, arena_printf(arena, "%s/master", directory), errno);
    else if (is_directory(search, directory, "brport"))
        return arena_printf(arena, "is a port of bridge %s", master);
    else
        return arena_printf(arena, "is part of %s", master);
    return routes_have_any(tables->routes, name) || routes6_have_any(tables->routes6, name)
               ? "carries a route"
               : NULL;
}

static const char *busy_networks(struct search *search, const char *directory)
{
    search->fix = "stop using it first, or use --force";
    note_part(search, tables_of_networks(search->tables));
    struct name_list names = names_in(search, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *path = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        const char *why = busy_network(search, path, names.name[i], 0);
        if (why)
            return arena_printf(search->arena, "%s %s", names.name[i], why);
    }
    return NULL;
}

// ---- the interface ----

// Looks for directories named "block" and "net".
static const char *busy_below(struct search *search, const char *directory, unsigned depth,
                              bool *disk)
{
    if (depth == WALK_DEPTH_MAX) {
        note_error(search, directory, ELOOP);
        return NULL;
    }
    struct name_list names = names_in(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++) {
        const char *name = names.name[i];
        if (!is_directory(search, directory, name))
            continue;
        const char *path = arena_printf(search->arena, "%s/%s", directory, name);
        *disk = strcmp(name, "block") == 0;
        if (*disk)
            why = busy_disks(search, path);
        else if (strcmp(name, "net") == 0)
            why = busy_networks(search, path);
        else
            why = busy_below(search, path, depth + 1, disk);
    }
    return why;
}

struct host_use host_busy(struct host_tables *tables, const char *directory)
{
    struct search search = { .arena = tables->session->arena,
                             .tables = tables,
                             .part = part_read() };
    bool disk = false;
    const char *why = busy_below(&search, directory, 0, &disk);
    return (struct host_use){ .why = why,
                              .fix = why ? search.fix : NULL,
                              .passes = why && search.passes,
                              .disk = why && disk,
                              .part = search.part,
                              .disks = search.disks };
}
