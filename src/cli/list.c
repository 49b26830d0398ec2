// SPDX-License-Identifier: MIT
#include "as_config.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/shortage.h"
#include "command.h"
#include "envelope.h"
#include "layout.h"
#include "list_state.h"
#include "list_tree.h"
#include "list_watch.h"
#include "record/journal.h"
#include "record/record.h"
#include "saving.h"
#include "table.h"
#include "world/survey.h"
#include "xen/advice.h"
#include "xen/xen.h"

static const struct column columns[] = {
    { "DOMAIN", "domain", COLUMN_TEXT },
    { NULL, "domid", COLUMN_NUMBER },
    { "CONTROLLER", "controller", COLUMN_TEXT },
    { NULL, "index", COLUMN_NUMBER },
    { "MODEL", "model", COLUMN_TEXT },
    { NULL, "ports", COLUMN_NUMBER },
    { "PORT", "port", COLUMN_TEXT },
    { "DEVICE", "device", COLUMN_LABEL },
    { NULL, "kind", COLUMN_TEXT },
    { "BUSID", "busid", COLUMN_TEXT },
    { "SPEED", "speed", COLUMN_TEXT },
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

// What the verb is asked for, and where its rows go.
struct listing {
    const struct invocation *invocation;
    struct arena *arena;
    struct table *table;
    struct watch_view watch;  // not looked at with --qmp
    struct restorable saving; // of the domain that is listed; not with --qmp
    struct buffer lines;      // what is printed below the table
};

static const char *verdict_word(const struct listing *listing, enum verdict verdict)
{
    static const char *const words[] = {
        [VERDICT_NO] = "no", [VERDICT_YES] = "yes", [VERDICT_UNKNOWN] = "unknown"
    };
    return listing->invocation->qmp ? NULL : words[verdict];
}

// What a row says of the watcher, for scripts.
static void add_wanted(const struct listing *listing, struct wanted wanted, const char **cells)
{
    cells[WATCHER_COLUMN] = verdict_word(listing, listing->watch.runs);
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
    cells[RESTORABLE_COLUMN] = verdict_word(listing, listing->saving.verdict);
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
    cells[RESTORABLE_COLUMN] = verdict_word(listing, listing->saving.verdict);
    table_row(listing->table, cells);
    table_set_tone(listing->table, TONE_BAD);
}

static void add_rows(const struct listing *listing, const struct topology *topology)
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

static void look_at_saving(struct listing *listing, const struct topology *topology)
{
    if (listing->invocation->qmp)
        return;
    listing->saving = restorable_of(listing->arena, topology);
    const char *line = saving_line(listing->arena, topology->domain, &listing->saving);
    if (line)
        buffer_printf(&listing->lines, "%s\n", line);
}

static void show(struct listing *listing, const struct world *world)
{
    const struct invocation *invocation = listing->invocation;
    const struct topology *topology = &world->topology;
    const struct session *session = &world->session;
    journal_mention(session, invocation->diags, session->record->journal);
    look_at_saving(listing, topology);
    if (invocation->given & OPTION_TREE)
        list_print_tree(listing->arena, topology, &listing->watch,
                        terminal_is_ascii(STDOUT_FILENO));
    else
        add_rows(listing, topology);
}

// The row of a domain that could not be read; without a name: of all of them.
static void show_unknown(const struct listing *listing, const char *name, int domain,
                         const char *why)
{
    struct arena *arena = listing->arena;
    const char *cells[COLUMNS] = { name, domain >= 0 ? arena_printf(arena, "%d", domain) : NULL };
    cells[SHOWN_COLUMN] = arena_printf(arena, "unknown: %s", why);
    cells[STATE_COLUMN] = cells[PRESENCE_COLUMN] = device_state_name(DEVICE_UNKNOWN);
    cells[REASON_COLUMN] = why;
    cells[WATCHER_COLUMN] = verdict_word(listing, listing->watch.runs);
    cells[RESTORABLE_COLUMN] = verdict_word(listing, VERDICT_UNKNOWN);
    if (listing->invocation->given & OPTION_TREE)
        printf("%s\n",
               table_show(arena, arena_printf(arena, "%s (%d), unknown: %s", name, domain, why),
                          400, terminal_is_ascii(STDOUT_FILENO)));
    else {
        table_row(listing->table, cells);
        table_set_tone(listing->table, TONE_BAD);
    }
}

// What was asked for could not be read, and the error is reported. Scripts get a row as well,
// unless the request was wrong.
static void show_failure(const struct listing *listing, const char *name, int domain,
                         enum status status)
{
    if (listing->invocation->given & OPTION_JSON && status != STATUS_REQUEST)
        show_unknown(listing, name, domain,
                     diags_reason(listing->invocation->diags, "it could not be read"));
}

static enum status list_one(struct listing *listing, const char *name)
{
    cleanup_world struct world world = WORLD_NONE;
    const struct world_options options = options_for_world(listing->invocation);
    enum status status = world_find(&world, &options, name);
    if (status == STATUS_OK)
        status = world_open(&world, false);
    const struct domain *domain = world.session.domain;
    if (status == STATUS_OK)
        show(listing, &world);
    else
        show_failure(listing, domain ? domain->name : name, domain ? domain->id : -1, status);
    return status;
}

// Lists one domain of the survey. Sets *unread to the status if it could not be read.
static void list_domain(struct listing *listing, struct survey *survey, size_t number,
                        enum status *unread)
{
    cleanup_world struct world world = WORLD_NONE;
    const struct domain *domain = &survey->domains[number];
    struct diags diags;
    diags_init(&diags, listing->arena);
    enum status status = survey_open(survey, number, &diags, &world);
    if (status == STATUS_OK) {
        show(listing, &world);
    } else if (xen_domain_is_alive(survey->common.xen, domain) != VERDICT_NO) {
        show_unknown(listing, domain->name, domain->id,
                     diags_reason(&diags, "it could not be read"));
        *unread = status == STATUS_REQUEST ? STATUS_FAILED : status; // it was not asked for by name
    }
}

// A domain that cannot be read is a row with the reason. It only decides the status if none can be
// read.
static enum status list_domains(struct listing *listing, struct survey *survey)
{
    enum status unread = STATUS_OK;
    bool any = false;
    for (size_t i = 0; i < survey->count; i++) {
        enum status one = STATUS_OK;
        list_domain(listing, survey, i, &one);
        unread = status_worse(unread, one);
        any |= one == STATUS_OK;
    }
    return any ? STATUS_OK : unread;
}

// The domains that have devices of their own: not domain 0, nor those that are dying.
static size_t guests_of(struct arena *arena, const struct domain *domains, size_t count,
                        const struct domain **guests)
{
    struct domain *kept = arena_array_of(arena, struct domain, count);
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (domains[i].id != 0 && !domains[i].dying)
            kept[found++] = domains[i];
    *guests = kept;
    return found;
}

static enum status list_all(struct listing *listing)
{
    const struct invocation *invocation = listing->invocation;
    cleanup_xen struct xen *xen = NULL;
    const struct world_options options = options_for_world(invocation);
    const struct domain *domains = NULL;
    struct host host = { 0 };
    size_t count = 0;
    enum status status = world_open_xen(&options, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, invocation->diags, DOMAIN_WHOLE, &domains, &count);
    if (status != STATUS_OK) {
        show_failure(listing, NULL, -1, status);
        return status;
    }
    struct survey survey;
    const struct world_common common = {
        .xen = xen, .host = world_look_at_host(invocation->arena, invocation->diags, &host)
    };
    count = guests_of(invocation->arena, domains, count, &domains);
    survey_init(&survey, &options, &common, domains, count);
    return list_domains(listing, &survey);
}

// What people are told below the table.
static void print_lines(struct listing *listing, enum status status)
{
    if (listing->invocation->qmp)
        return;
    fputs(buffer_string(&listing->lines), stdout);
    const char *line = watcher_line(listing->arena, &listing->watch);
    if (line && status == STATUS_OK)
        puts(line);
}

// The dialect of --as-config; NULL after reporting what is wrong with the request.
static const struct translation *dialect_of(const struct invocation *invocation)
{
    const char *to = invocation->to ? invocation->to : "xenusb";
    const struct translation *dialect = dialect_named(invocation, to);
    if (!(invocation->given & OPTION_AS_CONFIG))
        diag_is(complain_error(invocation->diags, "--to needs --as-config"), CODE_USAGE);
    else if (!invocation->count && !invocation->qmp)
        diag_is(complain_error(invocation->diags, "--as-config needs a domain"), CODE_USAGE);
    else
        return dialect;
    return NULL;
}

static enum status list_as_config(const struct invocation *invocation)
{
    cleanup_world struct world world = WORLD_NONE;
    struct world_options options = options_for_world(invocation);
    const struct translation *dialect = dialect_of(invocation);
    options.find_details = true;
    if (!dialect)
        return STATUS_REQUEST;
    enum status status =
        world_find(&world, &options, invocation->count ? invocation->words[0] : NULL);
    if (status == STATUS_OK)
        status = world_open(&world, false);
    if (status != STATUS_OK)
        return status;
    journal_mention(&world.session, invocation->diags, world.session.record->journal);
    return as_config_print(invocation, &world, dialect);
}

static enum status run_list(const struct invocation *invocation)
{
    if (invocation->given & (OPTION_AS_CONFIG | OPTION_TO))
        return list_as_config(invocation);
    struct table *table = table_new(invocation->arena, columns, COLUMNS);
    struct listing listing = { .invocation = invocation,
                               .arena = invocation->arena,
                               .table = table,
                               .lines = buffer_in(invocation->arena) };
    if (!layout_fits(invocation, table))
        return STATUS_REQUEST;
    if (!invocation->qmp)
        watch_view_read(invocation->arena, &listing.watch);
    const struct table_layout layout = layout_of(invocation);
    bool one = invocation->count || invocation->qmp;
    enum status status = one ? list_one(&listing, invocation->count ? invocation->words[0] : NULL)
                             : list_all(&listing);
    if (status == STATUS_OK)
        status = shortage_check(invocation->diags);
    if (invocation->given & OPTION_JSON && status != STATUS_REQUEST)
        table_write_json(table, envelope_list(invocation, "rows"));
    if (invocation->given & OPTION_JSON)
        return status;
    if (status == STATUS_OK && !(invocation->given & (OPTION_TREE | OPTIONS_OF_TABLES)) &&
        table_is_empty(table))
        puts("No USB controllers.");
    else
        table_print_as(table, &layout, stdout);
    if (!(invocation->given & OPTIONS_OF_TABLES))
        print_lines(&listing, status);
    return status;
}

const struct command list_command = {
    .name = "list",
    .arguments = "[DOMAIN]",
    .summary = "List the USB controllers and devices of a domain, or of all.",
    .details =
        "Includes what xl attached and what was on QEMU's command line.\n"
        "--as-config prints a config, of which apply then has nothing to do; --to in another\n"
        "dialect than xenusb. What cannot be in it is a comment and a warning.",
    .options = OPTIONS_OF_TABLES | OPTION_AS_CONFIG | OPTION_JSON | OPTION_QMP | OPTION_TIMEOUT |
               OPTION_TO | OPTION_TREE,
    .json = "rows",
    .least = 0,
    .most = 1,
    .run = run_list,
};
