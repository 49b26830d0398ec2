// SPDX-License-Identifier: MIT
// Network devices.
#include "search.h"

#include "base/arena.h"
#include "base/session.h"

#include <errno.h>
#include <net/if.h>

// Why a network device is needed: a route uses it, or a bridge, bond or VLAN on top of it, or it is
// a port of one. What is on top gives the more specific reason. (/proc/net/route has only the main
// table. No route of any table uses a device that is down, and one that is up is in use anyway.)
static const char *busy_network(struct search *search, const char *directory, const char *name,
                                unsigned depth)
{
    static const char upper[] = "upper_";
    struct arena *arena = search->arena;
    const struct host_tables *tables = search->tables;
    search->fix = "stop using it first, or use --force";
    if (routes_have_default(tables->routes, name) || routes6_have_default(tables->routes6, name))
        return "carries the default route";
    struct name_list names = search_names(search, directory);
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
    if (master)
        search->fix = arena_printf(arena, "remove it from %s first, or use --force", master);
    if (!master)
        search_note_error(search, arena_printf(arena, "%s/master", directory), errno);
    else if (search_is_directory(search, directory, "brport"))
        return arena_printf(arena, "is a port of bridge %s", master);
    else
        return arena_printf(arena, "is part of %s", master);
    return routes_have_any(tables->routes, name) || routes6_have_any(tables->routes6, name)
               ? "carries a route"
               : NULL;
}

// Whether a network device is up: 0x1 of its flags (IFF_UP, linux/if.h).
static bool is_up(struct search *search, const char *directory)
{
    static const char hex[] = "0x";
    uint64_t flags = 0;
    struct text value = text_of(search_value(search, directory, "flags"));
    if (text_starts(value, hex) && text_number(text_part(value, sizeof hex - 1, value.size), 16, 0,
                                               UINT32_MAX, &flags) == NUMBER_OK)
        return flags & IFF_UP;
    const struct part part = part_unreadable(
        arena_printf(search->arena, "%s/flags does not say whether it is up", directory));
    search_note(search, &part);
    return false;
}

static const char *busy_device(struct search *search, const char *directory, const char *name)
{
    struct arena *arena = search->arena;
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    const char *why = busy_network(search, path, name, 0);
    if (why)
        return arena_printf(arena, "%s %s", name, why);
    search->fix = "set it down first, or use --force";
    return is_up(search, path) ? arena_printf(arena, "%s is up", name) : NULL;
}

const char *busy_networks(struct search *search, const char *directory)
{
    search_note(search, tables_of_networks(search->tables));
    const struct name_list names = search_names(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++)
        why = busy_device(search, directory, names.name[i]);
    if (why || names.count || names.error)
        return why;
    // The kernel shows a network device only in its namespace, but keeps its directory.
    search->fix = "move it back here first, or use --force";
    return "its network device is in another network namespace";
}
