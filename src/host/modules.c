// SPDX-License-Identifier: MIT
#include "modules.h"

#include "base/arena.h"
#include "sysfs.h"

#include <fnmatch.h>
#include <sys/utsname.h>

bool modules_alias_matches(struct arena *arena, struct text line, const char *modalias,
                           const char **module)
{
    static const char prefix[] = "alias usb:", middle[] = ".alias=usb:";
    const size_t usb = sizeof "usb:" - 1;
    struct text pattern, name;
    if (text_starts(line, prefix)) {
        size_t from = sizeof prefix - 1 - usb, blank = text_find(line, ' ', from);
        pattern = text_part(line, from, blank);
        name = text_part(line, blank + 1, line.size);
    } else {
        size_t dot = text_find(line, '.', 0);
        if (!text_starts(text_part(line, dot, line.size), middle))
            return false;
        pattern = text_part(line, dot + sizeof middle - 1 - usb, line.size);
        name = text_part(line, 0, dot);
    }
    if (fnmatch(arena_copy(arena, pattern.at, pattern.size), modalias, 0) != 0)
        return false;
    *module = arena_copy(arena, name.at, name.size);
    return true;
}

void modules_read(struct arena *arena, struct modules *modules)
{
    struct utsname name;
    *modules = (struct modules){ .directory = "/lib/modules" };
    if (uname(&name) == 0)
        modules->directory = arena_printf(arena, "/lib/modules/%s", name.release);
    modules->alias = sysfs_table(arena, arena_printf(arena, "%s/modules.alias", modules->directory),
                                 PROC_TABLE_MAX);
    modules->builtin =
        sysfs_table(arena, arena_printf(arena, "%s/modules.builtin.modinfo", modules->directory),
                    PROC_TABLE_MAX);
}

static bool find_in(struct arena *arena, struct text table, char end, const char *modalias,
                    const char **module)
{
    for (size_t from = 0; from < table.size;) {
        size_t to = text_find(table, end, from);
        if (modules_alias_matches(arena, text_part(table, from, to), modalias, module))
            return true;
        from = to + 1;
    }
    return false;
}

bool modules_available(const struct modules *modules)
{
    return modules->alias.size || modules->builtin.size;
}

const char *modules_find(struct arena *arena, const struct modules *modules, const char *modalias)
{
    const char *module;
    return find_in(arena, modules->alias, '\n', modalias, &module) ||
                   find_in(arena, modules->builtin, '\0', modalias, &module)
               ? module
               : NULL;
}
