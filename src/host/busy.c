// SPDX-License-Identifier: MIT
#include "busy.h"

#include "base/arena.h"
#include "base/session.h"
#include "search.h"

#include <errno.h>

// .../1-1:1.0/host6/target6:0:0/6:0:0:0/block/sda is the deepest known: 6
enum { WALK_DEPTH_MAX = 16, UEVENT_MAX = 4096, NODE_SHOWN = 64 };

static const struct kind {
    const char *name; // of the directories
    const char *(*find)(struct search *search, const char *directory);
    bool disk;
    bool has_nodes; // of which a program may have one open without harm to more than itself
} kinds[] = {
    { "block", busy_disks, true, false },       { "net", busy_networks, false, false },
    { "scsi_generic", busy_scsi, true, false }, { "scsi_tape", busy_scsi, true, false },
    { "sound", busy_sound, false, true },
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

// A disk is the more serious reason, and ends the search: not even --force takes it.
static void add_use(struct search *search, const struct kind *kind, const char *why)
{
    struct host_use *use = &search->use;
    if (!why || (use->why && !kind->disk))
        return;
    use->why = why;
    use->fix = search->fix;
    use->passes = search->passes;
    use->disk = kind->disk;
}

// ---- what only causes a warning ----

// The value of a key in a device's "uevent"; empty without it.
static struct text uevent_value(struct text uevent, const char *key)
{
    while (uevent.size) {
        size_t end = text_find(uevent, '\n', 0);
        struct text line = text_part(uevent, 0, end);
        size_t equals = text_find(line, '=', 0);
        if (text_is(text_part(line, 0, equals), key))
            return text_part(line, equals + 1, line.size);
        uevent = text_part(uevent, end + 1, uevent.size);
    }
    return TEXT_EMPTY;
}

// Adds a character device, whose directory that is.
static void add_node(struct search *search, const char *directory)
{
    struct arena *arena = search->arena;
    const char *path = arena_printf(arena, "%s/uevent", directory);
    struct text uevent = sysfs_file(arena, path, UEVENT_MAX);
    struct text name = uevent_value(uevent, "DEVNAME");
    struct text major = uevent_value(uevent, "MAJOR"), minor = uevent_value(uevent, "MINOR");
    if (!uevent.at)
        search_note_error(search, path, errno);
    if (!name.size)
        return;
    struct host_node *node = arena_new_of(arena, struct host_node);
    *node = (struct host_node){
        search->use.nodes,
        arena_printf(arena, "/dev/%s", text_show(arena, name, NODE_SHOWN)),
        arena_printf(arena, "%.*s:%.*s", (int)major.size, major.at, (int)minor.size, minor.at),
    };
    search->use.nodes = node;
}

static void note_parts(struct search *search, const char *directory, const struct name_list *names)
{
    const char *slash = strrchr(directory, '/');
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i], "dev") == 0)
            add_node(search, directory);
    if (strcmp(slash, "/input") == 0)
        search->use.input = true;
    if (strcmp(slash, "/bluetooth") == 0 && names->count)
        search->use.adapter = names->name[0];
}

// ---- the interface ----

// Looks at the directories of those kinds.
static void search_below(struct search *search, const char *directory, unsigned depth)
{
    if (depth == WALK_DEPTH_MAX) {
        search_note_error(search, directory, ELOOP);
        return;
    }
    const struct name_list names = search_names(search, directory);
    if (search->tables->cautions)
        note_parts(search, directory, &names);
    for (size_t i = 0; i < names.count && !search->use.disk; i++) {
        if (!search_is_directory(search, directory, names.name[i]))
            continue;
        const char *path = arena_printf(search->arena, "%s/%s", directory, names.name[i]);
        const struct kind *kind = kind_of(names.name[i]);
        search->passes = false;
        if (kind)
            add_use(search, kind, kind->find(search, path));
        if (!kind || kind->has_nodes)
            search_below(search, path, depth + 1);
    }
}

struct host_use host_busy(struct host_tables *tables, const char *directory)
{
    struct search search = { .arena = tables->session->arena,
                             .tables = tables,
                             .use = { .part = part_read() } };
    search_below(&search, directory, 0);
    return search.use;
}
