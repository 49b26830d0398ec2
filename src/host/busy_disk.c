// SPDX-License-Identifier: MIT
// Disks: what is mounted, swap, part of something else, a guest's, or open.
#include "search.h"

#include "base/arena.h"
#include "base/session.h"
#include "xen/domain.h"

enum { GUEST_SHOWN = 128 };

static const char *busy_stack(struct search *search, const char *directory, const char *name,
                              unsigned depth);

// What is built on this block device, and how that is used.
static const char *busy_holders(struct search *search, const char *directory, const char *shown,
                                unsigned depth)
{
    struct arena *arena = search->arena;
    struct name_list names = search_names(search, arena_printf(arena, "%s/holders", directory));
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

// The loop device on this block device, and how that is used.
static const char *busy_loop(struct search *search, const struct block_device *block,
                             const char *shown, unsigned depth)
{
    struct arena *arena = search->arena;
    const struct loop_device *loop = loops_find(search->tables->loops, block);
    if (!loop)
        return NULL;
    const char *path = arena_printf(arena, "/sys/block/%s", loop->name);
    const char *why =
        depth < STACK_DEPTH_MAX ? busy_stack(search, path, loop->name, depth + 1) : NULL;
    if (why)
        return why;
    search->passes = false;
    search->fix = arena_printf(arena, "release /dev/%s first", loop->name);
    return arena_printf(arena, "/dev/%s is on %s", loop->name, shown);
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
    const struct process_node *node =
        processes_find_node(&search->tables->processes, NODE_BLOCK, block->number);
    if (!node)
        return NULL;
    search->fix = "end that program first";
    search->passes = true;
    return arena_printf(search->arena, "%s is open in %s", shown,
                        processes_show(search->arena, node->pid));
}

// How this block device itself, or anything built on it, is used.
static const char *busy_block(struct search *search, const char *directory, const char *name,
                              unsigned depth)
{
    struct arena *arena = search->arena;
    const struct host_tables *tables = search->tables;
    struct block_device block = {
        .number = search_value(search, directory, "dev"),
        .name = name,
        .mapped = search_value(search, arena_printf(arena, "%s/dm", directory), "name"),
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
    if (!why)
        why = busy_loop(search, &block, shown, depth);
    return why ? why : busy_open(search, &block, shown);
}

// How a block device or one of its partitions is used. The partitions come first, since they give
// the more specific reason.
static const char *busy_stack(struct search *search, const char *directory, const char *name,
                              unsigned depth)
{
    struct name_list names = search_names(search, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *part = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        if (search_value(search, part, "partition")[0] == '\0')
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
    struct text number = text_of(search_value(search, directory, "dev"));
    size_t colon = text_find(number, ':', 0);
    uint64_t major, minor;
    if (text_number(text_part(number, 0, colon), 10, 0, UINT32_MAX, &major) != NUMBER_OK ||
        text_number(text_part(number, colon + 1, number.size), 10, 0, UINT32_MAX, &minor) !=
            NUMBER_OK)
        return;
    struct host_disk *disk = arena_new_of(search->arena, struct host_disk);
    *disk = (struct host_disk){ search->use.disks, arena_printf(search->arena, "/dev/%s", name),
                                (unsigned)major, (unsigned)minor };
    search->use.disks = disk;
}

const char *busy_disks(struct search *search, const char *directory)
{
    search_note(search, tables_of_disks(search->tables));
    struct name_list names = search_names(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++) {
        const char *path = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        add_disk(search, path, names.name[i]);
        why = busy_stack(search, path, names.name[i], 0);
    }
    return why;
}

// A program that burns a CD, say, has this node open and not that of the disk.
const char *busy_scsi(struct search *search, const char *directory)
{
    struct arena *arena = search->arena;
    search_note(search, tables_of_processes(search->tables));
    struct name_list names = search_names(search, directory);
    for (size_t i = 0; i < names.count; i++) {
        const char *path = arena_printf(arena, "%s/%s", directory, names.name[i]);
        const struct process_node *node = processes_find_node(
            &search->tables->processes, NODE_CHARACTER, search_value(search, path, "dev"));
        if (!node)
            continue;
        search->fix = "end that program first";
        search->passes = true;
        return arena_printf(arena, "/dev/%s is open in %s", names.name[i],
                            processes_show(arena, node->pid));
    }
    return NULL;
}
