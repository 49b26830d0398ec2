// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "command.h"
#include "record/record.h"
#include "table.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

static const struct column columns[] = {
    { "BUSID", "busid", COLUMN_TEXT },   { "ADDR", NULL, COLUMN_TEXT },
    { NULL, "bus", COLUMN_NUMBER },      { NULL, "address", COLUMN_NUMBER },
    { "ID", "id", COLUMN_TEXT },         { "SPEED", "speed", COLUMN_TEXT },
    { "DEVICE", NULL, COLUMN_TEXT },     { NULL, "manufacturer", COLUMN_TEXT },
    { NULL, "name", COLUMN_TEXT },       { NULL, "serial", COLUMN_TEXT },
    { "DRIVER", "driver", COLUMN_TEXT }, { "STATE", "state", COLUMN_TEXT },
    { NULL, "free", COLUMN_FLAG },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

// Who uses it, why it cannot be attached, or "free".
static const char *state_of(struct arena *arena, const struct host_device *device)
{
    if (device->hub)
        return "hub: name the devices behind it";
    if (device->owner)
        return device->owner;
    if (device->busy)
        return arena_printf(arena, "in use by this host: %s", device->busy);
    return device->held ? "held by a program on this host" : "free";
}

static const char *called(struct arena *arena, const struct host_device *device)
{
    return arena_printf(arena, "%s%s%s%s%s", device->manufacturer,
                        *device->manufacturer && *device->name ? " " : "", device->name,
                        *device->serial ? " " : "", device->serial);
}

static void add_row(struct arena *arena, struct table *table, const struct host_device *device)
{
    bool is_free = !device->hub && !device->owner && !device->busy && !device->held;
    const char *cells[COLUMNS] = {
        device->busid,
        arena_printf(arena, "%u.%u", device->bus, device->address),
        arena_printf(arena, "%u", device->bus),
        arena_printf(arena, "%u", device->address),
        arena_printf(arena, "%04x:%04x", device->vendor, device->product),
        speed_name(device->speed),
        called(arena, device),
        device->manufacturer,
        device->name,
        device->serial,
        device->drivers,
        state_of(arena, device),
        is_free ? "" : NULL,
    };
    table_row(table, cells);
}

// Without Xen no domain can have a device, so errors are not reported here.
static void look_for_owners(const struct invocation *invocation, struct host *host)
{
    struct diags ignored;
    diags_init(&ignored, invocation->arena);
    struct session session = { .arena = invocation->arena,
                               .diags = &ignored,
                               .timeout_scale = invocation->timeout_scale };
    cleanup_xen struct xen *xen = NULL;
    if (xen_open(session.arena, session.diags, XENSTORE_SECONDS * session.timeout_scale, &xen))
        return;
    session.xen = xen;
    struct record_claim *claims = NULL;
    record_claims(&session, &claims);
    record_mark_owners(invocation->arena, claims, host);
}

static enum status run_devices(const struct invocation *invocation)
{
    struct host host = { 0 };
    struct table *table = table_new(invocation->arena, columns, COLUMNS);
    enum status status = host_look(invocation->arena, invocation->diags, &host);
    if (status != STATUS_OK)
        return status;
    look_for_owners(invocation, &host);
    for (const struct host_device *at = host.devices; at; at = at->next)
        if (strchr(at->busid, '-'))
            add_row(invocation->arena, table, at);
    if (invocation->given & OPTION_JSON)
        table_print_json(table, stdout);
    else if (!host.devices) {
        puts("This host has no USB devices.");
    } else
        table_print(table, stdout);
    return STATUS_OK;
}

const struct command devices_command = {
    .name = "devices",
    .arguments = "",
    .summary = "List this host's USB devices, who uses each, and whether it can be attached.",
    .options = OPTION_JSON | OPTION_TIMEOUT,
    .least = 0,
    .most = 0,
    .run = run_devices,
};
