// SPDX-License-Identifier: MIT
#include "guest_disks.h"

#include "base/arena.h"
#include "base/session.h"
#include "xen/xen.h"

#include <string.h>

// Where the toolstack and the hotplug script describe blkback's disks (Xen:
// docs/misc/xenstore-paths.pandoc, tools/hotplug/Linux/block-common.sh). Those that a driver domain
// serves are not disks of this host.
#define BACKEND "/local/domain/0/backend/vbd"

enum { DOMAIN_ID_MAX = 0x7fef, MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff };

const char *guest_disks_number(struct arena *arena, const char *value)
{
    struct text text = text_of(value);
    text = text_part(text, 0, text_find(text, '\n', 0));
    uint64_t major, minor;
    size_t colon = text_find(text, ':', 0);
    if (text_number(text_part(text, 0, colon), 16, 0, MAJOR_MAX, &major) != NUMBER_OK ||
        text_number(text_part(text, colon + 1, text.size), 16, 0, MINOR_MAX, &minor) != NUMBER_OK)
        return NULL;
    return arena_printf(arena, "%u:%u", (unsigned)major, (unsigned)minor);
}

// One level of the tree below BACKEND: a query for each node.
struct level {
    struct xen_query *query;
    size_t count;
};

// A level with a node for each child of each node of `above`; `leaf` is appended to its path.
static struct level level_below(struct arena *arena, const struct level *above, const char *leaf)
{
    struct level level = { .count = 0 };
    for (size_t i = 0; i < above->count; i++)
        level.count += above->query[i].count;
    level.query = arena_array_of(arena, struct xen_query, level.count);
    struct xen_query *query = level.query;
    for (size_t i = 0; i < above->count; i++)
        for (size_t child = 0; child < above->query[i].count; child++, query++) {
            query->path = arena_printf(arena, "%s/%s%s", above->query[i].path,
                                       above->query[i].names[child], leaf);
            query->list = !*leaf;
        }
    return level;
}

static int domain_of(const char *path)
{
    struct text text = text_of(path + sizeof BACKEND);
    uint64_t domain;
    return text_number(text_part(text, 0, text_find(text, '/', 0)), 10, 0, DOMAIN_ID_MAX,
                       &domain) == NUMBER_OK
               ? (int)domain
               : -1;
}

static struct part add_disks(struct arena *arena, const struct level *devices,
                             struct guest_disks *disks)
{
    struct part part = part_read();
    struct guest_disk *all = arena_array_of(arena, struct guest_disk, devices->count);
    for (size_t i = 0; i < devices->count; i++) {
        const struct xen_query *query = &devices->query[i];
        // The node is absent until the hotplug script has run, and for a file also afterwards.
        if (query->result != XEN_OK || !query->value.size)
            continue;
        const char *number = guest_disks_number(arena, query->value.at);
        if (!number)
            part = part_unreadable(arena_printf(arena, "%s is not a device number", query->path));
        else
            all[disks->count++] =
                (struct guest_disk){ .number = number, .domain = domain_of(query->path) };
    }
    disks->at = all;
    return part;
}

struct part guest_disks_read(const struct session *session, struct guest_disks *disks)
{
    struct arena *arena = session->arena;
    struct xen_query root = { .path = BACKEND, .list = true };
    *disks = (struct guest_disks){ .count = 0 };
    if (!session->xen)
        return part_read();
    struct level level = { .query = &root, .count = 1 };
    static const char *const leaves[] = { "", "/physical-device" };
    enum xen_result result = xen_ask(session->xen, level.query, level.count);
    for (size_t i = 0; i < 2 && result <= XEN_ABSENT && level.count; i++) {
        level = level_below(arena, &level, leaves[i]);
        result = level.count ? xen_ask(session->xen, level.query, level.count) : XEN_OK;
    }
    if (result > XEN_ABSENT)
        return part_unreadable(arena_printf(
            arena, "cannot read the disks of guests in xenstore: %s", xen_why(session->xen)));
    return level.query == &root ? part_read() : add_disks(arena, &level, disks);
}

const struct guest_disk *guest_disks_find(const struct guest_disks *disks, const char *number)
{
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->at[i].number, number) == 0)
            return &disks->at[i];
    return NULL;
}
