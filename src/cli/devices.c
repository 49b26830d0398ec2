// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shortage.h"
#include "envelope.h"
#include "host/path.h"
#include "layout.h"
#include "world/host_policy.h"
#include "world/owners.h"
#include "xen/advice.h"

static const struct column columns[] = {
    { "BUSID", "busid", COLUMN_TEXT },    { "ADDR", NULL, COLUMN_SPARE },
    { NULL, "bus", COLUMN_NUMBER },       { NULL, "address", COLUMN_NUMBER },
    { "ID", "id", COLUMN_TEXT },          { "SPEED", "speed", COLUMN_TEXT },
    { "DEVICE", NULL, COLUMN_LABEL },     { NULL, "manufacturer", COLUMN_TEXT },
    { NULL, "name", COLUMN_TEXT },        { NULL, "serial", COLUMN_TEXT },
    { "DRIVER", "driver", COLUMN_SPARE }, { "POLICY", "policy", COLUMN_TEXT },
    { "STATE", NULL, COLUMN_STATE },      { NULL, "description", COLUMN_TEXT },
    { NULL, "program", COLUMN_TEXT },     { NULL, "pid", COLUMN_NUMBER },
    { NULL, "domain", COLUMN_TEXT },      { NULL, "domid", COLUMN_NUMBER },
    { NULL, "unknown", COLUMN_TEXT },     { NULL, "free", COLUMN_FLAG },
    { NULL, "owner", COLUMN_TEXT },       { NULL, "lost", COLUMN_FLAG },
    { NULL, "advice", COLUMN_TEXT },      { NULL, "path", COLUMN_TEXT },
    { NULL, "state", COLUMN_TEXT },       { NULL, "vendor", COLUMN_TEXT },
    { NULL, "product", COLUMN_TEXT },     { NULL, "owner_domid", COLUMN_NUMBER },
};
enum { COLUMNS = sizeof columns / sizeof *columns, POLICY_COLUMN = 11 };

// What the rows are made of.
struct view {
    struct arena *arena;
    const struct host *host;
    const struct policy *policy; // NULL: none
    bool paths;                  // whether they may be shown
    unsigned bus;                // the bus that `controller` is of
    const char *controller;      // as udev names it; NULL: it does not
};

// What the policy says of a device, and whether it denies it to every domain. NULL without a
// policy; hubs are none of its business.
static const char *policy_of(const struct view *view, const struct host_device *device,
                             bool *denied)
{
    *denied = false;
    if (!view->policy || device->hub)
        return NULL;
    const struct host_traits traits = host_read_traits(view->arena, device);
    const struct policy_subject subject = { device, &traits, NULL };
    return policy_show_all(view->arena, view->policy, &subject, denied);
}

// Why it is not known whether the host uses it; NULL if it is known.
static const char *unknown_use(const struct host_device *device)
{
    return !device->busy && part_is_unreadable(&device->use) ? device->use.why : NULL;
}

// Why it is not known who has it; NULL if it is known.
static const char *unknown_of(const struct host *host, const struct host_device *device)
{
    if (device->hub || device->hold.holders || device->hold.driver)
        return NULL;
    return part_unknown(&host->claims, &device->hold.processes);
}

// The first of both that matters.
static const char *unknown_about(const struct host *host, const struct host_device *device)
{
    const char *unknown = unknown_of(host, device);
    const bool has_user = device->owner || device->hold.holders || device->hold.driver;
    return unknown || has_user ? unknown : unknown_use(device);
}

// Whether the domain that was given the device does not have it: it was replugged, or its backend
// has exited, or has not opened it yet.
static bool is_lost(const struct host_device *device)
{
    return device->owner && host_hold_is_of(&device->hold, device->owner_domain) == VERDICT_NO;
}

// The command that brings a lost device back to its domain; NULL if it would not.
static const char *advice_of(struct arena *arena, const struct host_device *device)
{
    const struct domain owner = { .id = device->owner_domain, .name = "" };
    // A device that was plugged in again has its driver.
    bool returns = is_lost(device) && !device->owner_changes && *device->drivers &&
                   !device->hold.driver && !device->busy && !unknown_use(device);
    return returns ? advice(arena, ADVICE_RETURN, &owner, device->busid) : NULL;
}

// The domain that was given the device, and whether it has it.
static const char *owned(struct arena *arena, const struct host_device *device, const char *unknown)
{
    const char *other = is_lost(device) || device->hold.unauthorized
                            ? host_hold_show(arena, &device->hold, NULL)
                            : NULL;
    if (unknown)
        return arena_printf(arena, "given to %s; whether it has it is unknown: %s", device->owner,
                            unknown);
    if (is_lost(device) && device->owner_changes)
        return arena_printf(arena, "recorded for %s, which %s is changing", device->owner,
                            device->owner_changes);
    return arena_printf(arena,
                        is_lost(device) ? "recorded for %s, which does not have it%s%s" : "%s%s%s",
                        device->owner, other ? "; " : "", other ? other : "");
}

// Who uses it, why it cannot be attached, or "free".
static const char *state_of(struct arena *arena, const struct host *host,
                            const struct host_device *device)
{
    const char *unknown = unknown_of(host, device);
    const char *held = host_hold_show(arena, &device->hold, NULL);
    if (device->hub)
        return "hub: name the devices behind it";
    if (device->owner)
        return owned(arena, device, unknown);
    if (!unknown && held)
        return held;
    if (!unknown)
        unknown = unknown_use(device);
    if (unknown)
        return arena_printf(arena, "unknown: %s", unknown);
    return device->busy ? arena_printf(arena, "in use by this host: %s", device->busy) : "free";
}

// The same in a word, for scripts.
static const char *state_word(const struct host_device *device, const char *unknown, bool denied)
{
    const struct host_hold *hold = &device->hold;
    if (device->hub)
        return "hub";
    if (unknown)
        return "unknown";
    if (device->owner)
        return is_lost(device) ? "lost" : "attached";
    if (hold->holders || hold->driver)
        return "held";
    if (hold->unauthorized)
        return "not-authorized";
    return device->busy ? "in-use" : denied ? "denied" : "free";
}

// What that state is like.
static enum tone tone_of(const struct host_device *device, const char *state, const char *unknown)
{
    if (device->hub)
        return TONE_PLAIN;
    if (unknown || is_lost(device))
        return TONE_BAD;
    return strcmp(state, "free") == 0 ? TONE_GOOD : TONE_USED;
}

static const char *called(struct arena *arena, const struct host_device *device)
{
    return arena_printf(arena, "%s%s%s%s%s", device->manufacturer,
                        *device->manufacturer && *device->name ? " " : "", device->name,
                        *device->serial ? " " : "", device->serial);
}

// The hub behind which it is: "1-1" of "1-1.2", "1" of "1-1", which is no row.
static const char *hub_of(struct arena *arena, const char *busid)
{
    const char *port = strrchr(busid, '.');
    return arena_copy(arena, busid, port ? (size_t)(port - busid) : strcspn(busid, "-"));
}

// The name of its socket; NULL if udev has none. The devices come bus by bus.
static const char *path_of(struct view *view, const struct host_device *device)
{
    if (!view->paths)
        return NULL;
    if (view->bus != device->bus)
        view->controller = host_controller_path(view->arena, device->bus);
    view->bus = device->bus;
    return host_socket_path(view->arena, view->controller, device->busid);
}

static void add_row(struct view *view, struct table *table, const struct host_device *device)
{
    struct arena *arena = view->arena;
    const struct host *host = view->host;
    bool denied;
    const char *policy = policy_of(view, device, &denied);
    const struct host_holder *holder = device->hold.holders;
    const char *state = state_of(arena, host, device), *how = advice_of(arena, device);
    const char *unknown = unknown_about(host, device);
    if (denied && strcmp(state, "free") == 0)
        state = "denied by the policy";
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
        policy,
        how ? arena_printf(arena, "%s; %s", state, how) : state,
        state,
        holder ? holder->program : NULL,
        holder ? arena_printf(arena, "%u", holder->pid) : NULL,
        holder ? holder->guest : NULL,
        holder && holder->domain >= 0 ? arena_printf(arena, "%d", holder->domain) : NULL,
        unknown,
        strcmp(state, "free") == 0 ? "" : NULL,
        device->owner,
        is_lost(device) ? "" : NULL,
        how,
        path_of(view, device),
        state_word(device, unknown, denied),
        arena_printf(arena, "%04x", device->vendor),
        arena_printf(arena, "%04x", device->product),
        device->owner ? arena_printf(arena, "%d", device->owner_domain) : NULL,
    };
    table_row(table, cells);
    table_set_below(table, 0, hub_of(arena, device->busid));
    table_set_tone(table, tone_of(device, state, unknown));
}

// For a udev rule: prints the domain that the policy keeps the device for, as a property; nothing
// if there is none, since then the host may use it. Asks neither xenstore nor /proc, which may not
// be there when the host boots.
static enum status print_udev(const struct invocation *invocation, const struct policy *policy)
{
    struct arena *arena = invocation->arena;
    struct host host = { 0 };
    char busid[BUSID_SIZE];
    if (!busid_read(text_of(invocation->udev), busid)) {
        complain_error(invocation->diags, CODE_USAGE, "'%s' is not a busid", invocation->udev);
        return STATUS_REQUEST;
    }
    enum status status = host_look(arena, invocation->diags, &host);
    const struct host_device *device = host_device_busid(&host, invocation->udev);
    if (status != STATUS_OK || !device || device->hub || !policy)
        return status;
    host_read_strings(device, HOST_SERIAL);
    const struct host_traits traits = host_read_traits(arena, device);
    const struct policy_subject subject = { device, &traits, NULL };
    const struct policy_rule *rule = policy_reserved(arena, policy, &subject);
    if (rule)
        printf("XENUSB_DOMAIN=%s\n", text_show(arena, rule->domain, SIZE_MAX));
    return STATUS_OK;
}

// Without a policy there is no column for it.
static struct table *new_table(struct arena *arena, bool has_policy)
{
    struct column *own = arena_array_of(arena, struct column, COLUMNS);
    memcpy(own, columns, sizeof columns);
    if (!has_policy)
        own[POLICY_COLUMN].title = NULL;
    return table_new(arena, own, COLUMNS);
}

static enum status run_devices(const struct invocation *invocation)
{
    struct host host = { 0 };
    const struct policy *policy =
        invocation->policy
            ? host_policy_read(invocation->arena, invocation->diags, invocation->policy, true)
            : host_policy(invocation->arena);
    if (invocation->diags->errors)
        return STATUS_REQUEST;
    if (invocation->given & OPTION_UDEV)
        return print_udev(invocation, policy);
    struct view view = { .arena = invocation->arena,
                         .host = &host,
                         .policy = policy,
                         .paths = invocation->given & (OPTION_JSON | OPTION_OUTPUT) };
    struct table *table = new_table(invocation->arena, policy);
    const struct table_layout layout = layout_of(invocation);
    if (!layout_fits(invocation, table))
        return STATUS_REQUEST;
    enum status status = host_look(invocation->arena, invocation->diags, &host);
    if (status != STATUS_OK)
        return status;
    const struct session session = { .arena = invocation->arena,
                                     .timeout_scale = invocation->timeout_scale };
    owners_find(&session, &host);
    for (struct host_device *at = host.devices; at; at = at->next) {
        if (!strchr(at->busid, '-'))
            continue;
        host_describe(at);
        host_read_strings(at, HOST_MANUFACTURER | HOST_NAME | HOST_SERIAL);
        add_row(&view, table, at);
    }
    status = shortage_check(invocation->diags);
    if (status != STATUS_OK)
        return status;
    if (invocation->given & OPTION_JSON)
        table_write_json(table, envelope_list(invocation, "devices"));
    else if (!host.devices && !(invocation->given & OPTIONS_OF_TABLES))
        puts("This host has no USB devices.");
    else
        table_print_as(table, &layout, stdout);
    return STATUS_OK;
}

const struct command devices_command = {
    .name = "devices",
    .arguments = "",
    .summary = "List this host's USB devices, who uses each, and whether it can be attached.",
    .options = OPTIONS_OF_TABLES | OPTION_JSON | OPTION_POLICY | OPTION_TIMEOUT | OPTION_TREE |
               OPTION_UDEV,
    .json = "devices",
    .least = 0,
    .most = 0,
    .run = run_devices,
};
