// SPDX-License-Identifier: MIT
// Reads the ports of many domains, level by level: all lists of controllers, then all backends, all
// lists of ports, and all ports, each level in one xen_ask().
#include "base/arena.h"
#include "claims.h"

// What one level reads for a controller or a port.
struct node {
    struct claim_domain *domain;
    struct claim_port port;
    const char *ports; // the directory of its ports; NULL: it has none that libxl would use
};

// The nodes of a level, with a query for each.
struct level {
    struct arena *arena;
    struct node *nodes;
    struct xen_query *queries;
    size_t count;
};

static struct level level_of(struct arena *arena, size_t most)
{
    return (struct level){ arena, arena_array_of(arena, struct node, most),
                           arena_array_of(arena, struct xen_query, most), 0 };
}

static void add(struct level *level, struct node node, const char *path, bool list)
{
    level->nodes[level->count] = node;
    level->queries[level->count] = (struct xen_query){ .path = path, .list = list };
    level->count++;
}

// Asks, and returns how many children were listed.
static size_t ask(struct xen *xen, struct level *level)
{
    size_t children = 0;
    (void)xen_ask(xen, level->queries, level->count);
    for (size_t i = 0; i < level->count; i++) {
        const struct xen_query *query = &level->queries[i];
        struct claim_domain *domain = level->nodes[i].domain;
        children += query->count;
        if (query->result == XEN_OK || query->result == XEN_ABSENT)
            continue;
        domain->result = query->result;
        domain->why = query->why;
    }
    return children;
}

bool ports_number(const char *name, uint64_t max, unsigned *number)
{
    uint64_t value;
    if (text_number(text_of(name), 10, 0, max, &value) != NUMBER_OK || (name[0] == '0' && name[1]))
        return false;
    *number = (unsigned)value;
    return true;
}

static struct level list_controllers(struct xen *xen, struct claim_domain *domains, size_t count)
{
    struct arena *arena = xen_arena(xen);
    struct level lists = level_of(arena, count);
    for (size_t i = 0; i < count; i++)
        add(&lists, (struct node){ .domain = &domains[i], .port.domain = domains[i].id },
            record_libxl_directory(arena, domains[i].id), true);
    struct level controllers = level_of(arena, ask(xen, &lists));
    for (size_t i = 0; i < lists.count; i++)
        for (size_t child = 0; child < lists.queries[i].count; child++) {
            struct node node = lists.nodes[i];
            if (!ports_number(lists.queries[i].names[child], RECORD_INDEX_MAX, &node.port.index))
                continue;
            const char *path = record_libxl_path(arena, domains[i].id, (int)node.port.index);
            add(&controllers, node, arena_printf(arena, "%s/backend", path), false);
        }
    return controllers;
}

// Sets the directory of a controller's ports, unless its backend's path is not the one that libxl
// uses for it.
static void find_ports(struct arena *arena, struct node *node, struct text backend)
{
    static const char domains[] = "/local/domain/";
    struct claim_port *at = &node->port;
    at->emulated = !backend.at;
    if (!backend.at) {
        node->ports =
            arena_printf(arena, "%s/port", record_libxl_path(arena, at->domain, (int)at->index));
        return;
    }
    size_t start = sizeof domains - 1;
    size_t slash = text_starts(backend, domains) ? text_find(backend, '/', start) : 0;
    struct text rest = text_part(backend, slash, backend.size);
    if (slash <= start || !ports_number(arena_copy(arena, backend.at + start, slash - start),
                                        UINT16_MAX, &at->backend_domain))
        return;
    if (text_is(rest, arena_printf(arena, "/backend/vusb/%d/%u", at->domain, at->index)) ||
        text_is(rest, arena_printf(arena, "/backend/qusb/%d/%u", at->domain, at->index)))
        node->ports = arena_printf(arena, "%s/port", backend.at);
}

static struct level list_ports(struct xen *xen, struct level *controllers)
{
    struct arena *arena = xen_arena(xen);
    struct level lists = level_of(arena, controllers->count);
    (void)ask(xen, controllers);
    for (size_t i = 0; i < controllers->count; i++) {
        struct node node = controllers->nodes[i];
        const struct xen_query *query = &controllers->queries[i];
        if (query->result == XEN_OK || query->result == XEN_ABSENT)
            find_ports(arena, &node, query->value);
        if (node.ports)
            add(&lists, node, node.ports, true);
    }
    struct level ports = level_of(arena, ask(xen, &lists));
    for (size_t i = 0; i < lists.count; i++)
        for (size_t child = 0; child < lists.queries[i].count; child++) {
            struct node node = lists.nodes[i];
            const char *name = lists.queries[i].names[child];
            if (ports_number(name, RECORD_PORTS_MAX, &node.port.port) && node.port.port)
                add(&ports, node, arena_printf(arena, "%s/%s", node.ports, name), false);
        }
    return ports;
}

void ports_read(struct xen *xen, struct claim_domain *domains, size_t domain_count,
                struct claim_value **values, size_t *count)
{
    struct level controllers = list_controllers(xen, domains, domain_count);
    struct level ports = list_ports(xen, &controllers);
    (void)ask(xen, &ports);
    *count = ports.count;
    *values = arena_array_of(xen_arena(xen), struct claim_value, ports.count);
    for (size_t i = 0; i < ports.count; i++)
        (*values)[i] = (struct claim_value){ ports.nodes[i].port, ports.queries[i].value };
}
