// SPDX-License-Identifier: MIT
#include "list_rows.h"

#include "base/arena.h"
#include "command.h"
#include "list_state.h"
#include "list_watch.h"

static const struct column columns[] = {
    { "DOMAIN", "domain", COLUMN_TEXT },
    { NULL, "domid", COLUMN_NUMBER },
    { "CONTROLLER", "controller", COLUMN_TEXT },
    { NULL, "index", COLUMN_NUMBER },
    { "MODEL", "model", COLUMN_SPARE },
    { NULL, "ports", COLUMN_NUMBER },
    { "PORT", "port", COLUMN_TEXT },
    { "DEVICE", "device", COLUMN_LABEL },
    { NULL, "kind", COLUMN_TEXT },
    { "BUSID", "busid", COLUMN_TEXT },
    { "SPEED", "speed", COLUMN_SPARE },
    { "STATE", NULL, COLUMN_STATE },
    { NULL, "description", COLUMN_TEXT },
    { NULL, "backend", COLUMN_TEXT },
    { NULL, "backend_domain", COLUMN_NUMBER },
    { NULL, "backend_state", COLUMN_TEXT },
    { NULL, "frontend_state", COLUMN_TEXT },
    { NULL, "state", COLUMN_TEXT },
    { NULL, "reason", COLUMN_TEXT },
    { NULL, "now", COLUMN_TEXT },
    { NULL, "advice", COLUMN_TEXT },
    { NULL, "wanted_by", COLUMN_TEXT },
    { NULL, "wanted", COLUMN_TEXT },
    { NULL, "since", COLUMN_TEXT },
    { NULL, "watcher", COLUMN_TEXT },
    { NULL, "restorable", COLUMN_TEXT },
    { NULL, "obstacle", COLUMN_TEXT },
    { NULL, "vendor", COLUMN_TEXT },
    { NULL, "product", COLUMN_TEXT },
    { NULL, "serial", COLUMN_TEXT },
};
enum {
    DEVICE_COLUMN = 7,
    BUSID_COLUMN = 9,
    SHOWN_COLUMN = 11,
    STATE_COLUMN,
    PRESENCE_COLUMN = 17,
    REASON_COLUMN,
    WANTED_COLUMN = 21, // and the next two
    WATCHER_COLUMN = 24,
    RESTORABLE_COLUMN,
    OBSTACLE_COLUMN,
    VENDOR_COLUMN,
    PRODUCT_COLUMN,
    SERIAL_COLUMN,
};
enum { COLUMNS = sizeof columns / sizeof *columns };

struct table *list_table(struct arena *arena)
{
    return table_new(arena, columns, COLUMNS);
}

// NULL with --qmp, where it is not looked at.
static const char *word_of(const struct listing *listing, enum verdict verdict)
{
    return listing->invocation->qmp ? NULL : verdict_word(verdict);
}

// What a row says of the watcher, for scripts.
static void add_wanted(const struct listing *listing, struct wanted wanted, const char **cells)
{
    cells[WATCHER_COLUMN] = word_of(listing, listing->watch.runs);
    if (listing->watch.unread)
        cells[WANTED_COLUMN + 1] = watch_verdict_name(WATCH_UNKNOWN);
    if (!wanted.entry)
        return;
    cells[WANTED_COLUMN] = wanted.known->file;
    cells[WANTED_COLUMN + 1] = watch_verdict_name(wanted.entry->verdict);
    cells[WANTED_COLUMN + 2] = watch_view_since(listing->arena, wanted.entry);
}

// Whether the domain could be restored, and why a row prevents it, for scripts.
static void add_saving(const struct listing *listing, const struct controller *controller,
                       const struct device *device, const char **cells)
{
    if (listing->invocation->qmp)
        return;
    const char *obstacle = restorable_prevented_by_controller(listing->arena, controller);
    cells[RESTORABLE_COLUMN] = word_of(listing, listing->saving.verdict);
    cells[OBSTACLE_COLUMN] =
        obstacle || !device ? obstacle : restorable_prevented_by_device(listing->arena, device);
}

// What a host device is, for scripts. What is gone is known by the label that it has left.
static void add_identity(const struct listing *listing, const struct device *device,
                         const char **cells)
{
    uint16_t vendor, product;
    if (!device || device->kind != DEVICE_HOSTDEV ||
        !(listing->invocation->given & (OPTION_JSON | OPTION_OUTPUT)))
        return;
    if (!host_label_read(text_of(device_label(listing->arena, device)), &vendor, &product))
        return;
    cells[VENDOR_COLUMN] = arena_printf(listing->arena, "%04x", vendor);
    cells[PRODUCT_COLUMN] = arena_printf(listing->arena, "%04x", product);
    if (!device->host)
        return;
    host_read_strings(device->host, HOST_SERIAL);
    cells[SERIAL_COLUMN] = *device->host->serial ? device->host->serial : NULL;
}

static const char *with_advice(struct arena *arena, const struct domain *domain,
                               const struct device *device)
{
    const char *state = list_state_of(arena, device), *how = list_advice_of(arena, domain, device);
    return how ? arena_printf(arena, "%s; %s", state, how) : state;
}

// The state for people, and how a watcher has found it.
static const char *shown_state(const struct listing *listing, const struct domain *domain,
                               const struct device *device, struct wanted wanted)
{
    const char *state = with_advice(listing->arena, domain, device);
    const char *words = wanted_words(listing->arena, &listing->watch, device, wanted);
    return words ? arena_printf(listing->arena, "%s; %s", state, words) : state;
}

// The state as one word, for scripts.
static const char *state_word(struct arena *arena, enum device_state state)
{
    char *word = arena_strdup(arena, device_state_name(state));
    for (char *at = word; *at; at++)
        if (*at == ' ')
            *at = '-';
    return word;
}

static void add_row(const struct listing *listing, const struct domain *domain,
                    const struct controller *controller, const struct device *device)
{
    struct arena *arena = listing->arena;
    const struct wanted wanted =
        device ? wanted_of(arena, &listing->watch, domain, device) : (struct wanted){ NULL, NULL };
    char buf[PORT_TEXT_SIZE];
    const char *port = device ? port_write(device->port, buf) : NULL;
    const char *busid = device ? device_busid(device) : "";
    const char *speed = device && device->speed != SPEED_UNKNOWN ? speed_name(device->speed) : NULL;
    const char *cells[COLUMNS] = {
        domain->name,
        domain->id >= 0 ? arena_printf(arena, "%d", domain->id) : NULL,
        controller->name,
        controller->index >= 0 ? arena_printf(arena, "%d", controller->index) : NULL,
        controller->model ? controller->model->name : controller->driver,
        arena_printf(arena, "%u", controller->ports),
        port ? arena_strdup(arena, *port ? port : "?") : NULL,
        device ? device_label(arena, device) : NULL,
        device ? device_kind_name(device) : NULL,
        *busid ? busid : NULL,
        speed,
        device ? shown_state(listing, domain, device, wanted)
               : list_state_of_controller(arena, controller),
        device ? list_state_of(arena, device) : list_state_of_controller(arena, controller),
        controller->pvusb ? controller->driver : NULL,
        controller->pvusb ? arena_printf(arena, "%u", controller->backend_domain) : NULL,
        controller->pvusb ? xenbus_state_name(controller->backend_state) : NULL,
        controller->pvusb ? xenbus_state_name(controller->frontend_state) : NULL,
        device ? state_word(arena, device->state) : NULL,
        device ? device->reason : NULL,
        device && device->now ? device->now->busid : NULL,
        device ? list_advice_of(arena, domain, device) : NULL,
    };
    add_wanted(listing, wanted, cells);
    add_saving(listing, controller, device, cells);
    add_identity(listing, device, cells);
    table_row(listing->table, cells);
    table_set_tone(listing->table, list_tone_of(controller, device));
}

// What is to be kept, and is not there.
static void add_wanted_row(const struct listing *listing, const struct domain *domain,
                           struct wanted wanted)
{
    const struct watch_entry *entry = wanted.entry;
    const char *cells[COLUMNS] = { domain->name, arena_printf(listing->arena, "%d", domain->id) };
    cells[DEVICE_COLUMN] = wanted_label(entry);
    cells[BUSID_COLUMN] = *entry->busid ? entry->busid : NULL;
    cells[SHOWN_COLUMN] = cells[STATE_COLUMN] =
        watch_view_words(listing->arena, &listing->watch, entry);
    cells[REASON_COLUMN] = *entry->why ? entry->why : NULL;
    add_wanted(listing, wanted, cells);
    cells[RESTORABLE_COLUMN] = word_of(listing, listing->saving.verdict);
    table_row(listing->table, cells);
    table_set_tone(listing->table, TONE_BAD);
}

void list_add_rows(const struct listing *listing, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (!at->devices)
            add_row(listing, topology->domain, at, NULL);
        for (const struct device *device = at->devices; device; device = device->next)
            add_row(listing, topology->domain, at, device);
    }
    for (struct wanted at = { NULL, NULL };
         (at = wanted_next(listing->arena, &listing->watch, topology, at)).entry;)
        add_wanted_row(listing, topology->domain, at);
}

void list_add_unknown(const struct listing *listing, const char *name, int domain, const char *why)
{
    struct arena *arena = listing->arena;
    const char *cells[COLUMNS] = { name, domain >= 0 ? arena_printf(arena, "%d", domain) : NULL };
    cells[SHOWN_COLUMN] = arena_printf(arena, "unknown: %s", why);
    cells[STATE_COLUMN] = cells[PRESENCE_COLUMN] = device_state_name(DEVICE_UNKNOWN);
    cells[REASON_COLUMN] = why;
    cells[WATCHER_COLUMN] = word_of(listing, listing->watch.runs);
    cells[RESTORABLE_COLUMN] = word_of(listing, VERDICT_UNKNOWN);
    table_row(listing->table, cells);
    table_set_tone(listing->table, TONE_BAD);
}
