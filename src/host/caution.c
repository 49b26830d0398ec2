// SPDX-License-Identifier: MIT
#include "caution.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/session.h"
#include "bluetooth.h"
#include "input.h"

#include <string.h>

enum { NODES_SHOWN = 4 };

static void add(struct arena *arena, struct host_device *device, const char *what, const char *hint)
{
    struct host_caution *caution = arena_new_of(arena, struct host_caution);
    *caution = (struct host_caution){ device->cautions, what, hint };
    device->cautions = caution;
}

// The nodes that programs have open.
static void add_nodes(struct host_tables *tables, struct host_device *device,
                      const struct host_node *nodes)
{
    struct arena *arena = tables->session->arena;
    struct buffer list = buffer_in(arena);
    unsigned open = 0;
    if (!nodes)
        return;
    const struct part *part = tables_of_processes(tables);
    for (const struct host_node *at = nodes; at; at = at->next) {
        const struct process_node *found =
            processes_find_node(&tables->processes, NODE_CHARACTER, at->number);
        if (found && open++ < NODES_SHOWN)
            buffer_join(&list, ", ", "%s %s%s", at->path, open > 1 ? "in " : "is open in ",
                        processes_show(arena, found->pid));
    }
    if (open > NODES_SHOWN)
        buffer_join(&list, ", ", "and %u more", open - NODES_SHOWN);
    if (open)
        add(arena, device, buffer_string(&list), "whatever has it open loses it");
    else if (part_is_unreadable(part))
        add(arena, device,
            arena_printf(arena, "whether a program has %s open is unknown: %s", nodes->path,
                         part->why),
            "whatever has it open loses it");
}

static void add_adapter(struct arena *arena, struct host_device *device, const char *adapter)
{
    const char *why;
    if (!adapter)
        return;
    switch (bluetooth_is_up(arena, adapter, &why)) {
    case VERDICT_NO: return;
    case VERDICT_YES:
        add(arena, device, arena_printf(arena, "Bluetooth adapter %s is up", adapter),
            "its connections end");
        return;
    case VERDICT_UNKNOWN:
        add(arena, device,
            arena_printf(arena, "whether Bluetooth adapter %s is up is unknown: %s", adapter, why),
            "if it is, its connections end");
    }
}

static void add_inputs(struct arena *arena, struct host_device *const *devices,
                       const struct caution_parts *parts, size_t count)
{
    static const char *const names[] = {
        [INPUT_KEYBOARD] = "keyboard",
        [INPUT_POINTER] = "pointer",
        [INPUT_KEYBOARD | INPUT_POINTER] = "keyboard and pointer",
    };
    static const char hint[] = "make sure that there is another way in";
    unsigned *last = arena_array_of(arena, unsigned, count);
    const char *unread = input_find_last(arena, devices, count, last);
    for (size_t i = 0; i < count; i++) {
        if (!parts[i].input || !last[i])
            continue;
        if (unread)
            add(arena, devices[i],
                arena_printf(arena,
                             "it may be the last %s of this host, where seat0 has an active "
                             "session: %s",
                             names[last[i]], unread),
                hint);
        else
            add(arena, devices[i],
                arena_printf(arena,
                             "it is the last %s of this host, where seat0 has an active session",
                             names[last[i]]),
                hint);
    }
}

void cautions_find(struct host_tables *tables, struct host_device *const *devices,
                   const struct caution_parts *parts, size_t count)
{
    bool input = false;
    for (size_t i = 0; i < count; i++) {
        add_nodes(tables, devices[i], parts[i].nodes);
        add_adapter(tables->session->arena, devices[i], parts[i].adapter);
        input |= parts[i].input;
    }
    if (input)
        add_inputs(tables->session->arena, devices, parts, count);
}
