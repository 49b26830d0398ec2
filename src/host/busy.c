// SPDX-License-Identifier: MIT
#include "busy.h"

#include "base/arena.h"
#include "base/session.h"
#include "search.h"

#include <errno.h>

// .../1-1:1.0/host6/target6:0:0/6:0:0:0/block/sda is the deepest known: 6
enum { WALK_DEPTH_MAX = 16 };

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

// Looks at the directories of those kinds.
static void search_below(struct search *search, const char *directory, unsigned depth)
{
    if (depth == WALK_DEPTH_MAX) {
        search_note_error(search, directory, ELOOP);
        return;
    }
    const struct name_list names = search_names(search, directory);
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
