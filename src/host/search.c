// SPDX-License-Identifier: MIT
#include "search.h"

#include "base/arena.h"

#include <errno.h>

void search_note(struct search *search, const struct part *part)
{
    if (!part_is_unreadable(&search->use.part))
        search->use.part = *part;
}

void search_note_error(struct search *search, const char *path, int error)
{
    if (error == 0 || error == ENOENT || error == ENODEV || error == ENOTDIR)
        return;
    const struct part part =
        part_unreadable(arena_printf(search->arena, "cannot read %s: %s", path, strerror(error)));
    search_note(search, &part);
}

struct name_list search_names(struct search *search, const char *directory)
{
    const struct name_list names = sysfs_names(search->arena, directory);
    search_note_error(search, directory, names.error);
    return names;
}

const char *search_value(struct search *search, const char *directory, const char *name)
{
    errno = 0;
    const char *value = sysfs_value(search->arena, directory, name);
    if (!value[0])
        search_note_error(search, arena_printf(search->arena, "%s/%s", directory, name), errno);
    return value;
}

bool search_is_directory(struct search *search, const char *directory, const char *name)
{
    bool is = sysfs_is_directory(search->arena, directory, name);
    if (!is)
        search_note_error(search, arena_printf(search->arena, "%s/%s", directory, name), errno);
    return is;
}
