// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shortage.h"
#include "command.h"
#include "record/journal.h"
#include "record/record.h"
#include "show.h"
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
    { "DEVICE", "device", COLUMN_TEXT },
    { NULL, "kind", COLUMN_TEXT },
    { "BUSID", "busid", COLUMN_TEXT },
    { "SPEED", "speed", COLUMN_TEXT },
    { "STATE", NULL, COLUMN_TEXT },
    { NULL, "state", COLUMN_TEXT },
    { NULL, "backend", COLUMN_TEXT },
    { NULL, "backend_domain", COLUMN_NUMBER },
    { NULL, "backend_state", COLUMN_TEXT },
    { NULL, "frontend_state", COLUMN_TEXT },
    { NULL, "presence", COLUMN_TEXT },
    { NULL, "reason", COLUMN_TEXT },
    { NULL, "now", COLUMN_TEXT },
    { NULL, "advice", COLUMN_TEXT },
};
enum { SHOWN_COLUMN = 11, STATE_COLUMN, PRESENCE_COLUMN = 17, REASON_COLUMN };
enum { COLUMNS = sizeof columns / sizeof *columns };

// The state of both ends of a PVUSB controller.
static const char *ends_of(struct arena *arena, const struct controller *controller)
{
    return arena_printf(arena, "backend (%s) %s, frontend %s", controller->driver,
                        xenbus_state_name(controller->backend_state),
                        xenbus_state_name(controller->frontend_state));
}

static const char *state_of_controller(struct arena *arena, const struct controller *controller)
{
    if (controller->stale)
        return "only in libxl's record; QEMU does not have it";
    if (controller->no_backend)
        return arena_printf(arena, "no backend serves it: %s", controller->no_backend);
    return controller->pvusb ? ends_of(arena, controller) : NULL;
}

static const char *state_of(struct arena *arena, const struct device *device)
{
    const struct controller *controller = device->controller;
    const char *state = device_state_name(device->state);
    if (device->reason)
        state = arena_printf(arena, "%s: %s", state, device->reason);
    else if (device->state == DEVICE_WAITING)
        state = "waiting for the device to be plugged in";
    if (controller->pvusb && !controller->no_backend &&
        controller->frontend_state != XENBUS_CONNECTED)
        state = arena_printf(arena, "%s; %s", state, ends_of(arena, controller));
    return state;
}

// The command that brings a device back, or that frees its port; NULL if it is not gone, or if no
// backend runs.
static const char *advice_of(struct arena *arena, const struct domain *domain,
                             const struct device *device)
{
    if (device->state != DEVICE_GONE || device->report.ended || !device->controller->backend)
        return NULL;
    if (device->returns)
        return advice(arena, ADVICE_RETURN, domain, device->now->busid);
    return advice(arena, ADVICE_DETACH, domain, device_word(arena, device));
}

static const char *with_advice(struct arena *arena, const struct domain *domain,
                               const struct device *device)
{
    const char *state = state_of(arena, device), *how = advice_of(arena, domain, device);
    return how ? arena_printf(arena, "%s; %s", state, how) : state;
}

static void add_row(struct arena *arena, struct table *table, const struct domain *domain,
                    const struct controller *controller, const struct device *device)
{
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
        device ? with_advice(arena, domain, device) : state_of_controller(arena, controller),
        device ? state_of(arena, device) : state_of_controller(arena, controller),
        controller->pvusb ? controller->driver : NULL,
        controller->pvusb ? arena_printf(arena, "%u", controller->backend_domain) : NULL,
        controller->pvusb ? xenbus_state_name(controller->backend_state) : NULL,
        controller->pvusb ? xenbus_state_name(controller->frontend_state) : NULL,
        device ? device_state_name(device->state) : NULL,
        device ? device->reason : NULL,
        device && device->now ? device->now->busid : NULL,
        device ? advice_of(arena, domain, device) : NULL,
    };
    table_row(table, cells);
}

static void add_rows(struct arena *arena, struct table *table, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (!at->devices)
            add_row(arena, table, topology->domain, at, NULL);
        for (const struct device *device = at->devices; device; device = device->next)
            add_row(arena, table, topology->domain, at, device);
    }
}

// Column widths of a domain's tree.
struct widths {
    size_t port, device, busid;
};

// The columns of the tree, escaped for a terminal.
static const char *shown_port(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    const char *port = port_write(device->port, buf);
    return arena_strdup(arena, *port ? port : "?");
}

static const char *shown_device(struct arena *arena, const struct device *device)
{
    return text_show(arena, text_of(device_label(arena, device)), 200);
}

static void widen(size_t *width, const char *shown)
{
    size_t here = table_width(shown);
    *width = here > *width ? here : *width;
}

static struct widths widths_of(struct arena *arena, const struct topology *topology)
{
    struct widths widths = { 0, 0, 0 };
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next) {
            widen(&widths.port, shown_port(arena, device));
            widen(&widths.device, shown_device(arena, device));
            widen(&widths.busid, device_busid(device));
        }
    return widths;
}

static void print_column(const char *shown, size_t width)
{
    printf("%s%*s  ", shown, (int)(width - table_width(shown)), "");
}

static void print_device(struct arena *arena, const struct domain *domain,
                         const struct device *device, const struct widths *widths)
{
    const char *state = state_of(arena, device), *how = advice_of(arena, domain, device);
    print_column(shown_port(arena, device), widths->port);
    print_column(shown_device(arena, device), widths->device);
    print_column(device_busid(device), widths->busid);
    print_column(device->speed != SPEED_UNKNOWN ? speed_name(device->speed) : "", strlen("super"));
    printf("%s%s%s\n", text_show(arena, text_of(state), 400), how ? "; " : "", how ? how : "");
}

static void print_tree(struct arena *arena, const struct topology *topology)
{
    struct widths widths = widths_of(arena, topology);
    printf("%s\n", text_show(arena, text_of(show_domain(arena, topology)), 400));
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const char *state = state_of_controller(arena, at);
        const char *line = arena_printf(arena, "%s  %s%s%s", at->name, show_controller(arena, at),
                                        state ? "; " : "", state ? state : "");
        printf("%s %s\n", at->next ? "├─" : "└─", text_show(arena, text_of(line), 400));
        for (const struct device *device = at->devices; device; device = device->next) {
            printf("%s%s ", at->next ? "│  " : "   ", device->next ? "├─" : "└─");
            print_device(arena, topology->domain, device, &widths);
        }
    }
}

static void show(const struct invocation *invocation, struct table *table,
                 const struct world *world)
{
    const struct topology *topology = &world->topology;
    const struct session *session = &world->session;
    journal_mention(session, invocation->diags, session->record->journal);
    if (invocation->given & OPTION_TREE)
        print_tree(invocation->arena, topology);
    else
        add_rows(invocation->arena, table, topology);
}

// The row of a domain that could not be read; without a name: of all of them.
static void show_unknown(const struct invocation *invocation, struct table *table, const char *name,
                         int domain, const char *why)
{
    struct arena *arena = invocation->arena;
    const char *cells[COLUMNS] = { name, domain >= 0 ? arena_printf(arena, "%d", domain) : NULL };
    cells[SHOWN_COLUMN] = arena_printf(arena, "unknown: %s", why);
    cells[STATE_COLUMN] = cells[PRESENCE_COLUMN] = device_state_name(DEVICE_UNKNOWN);
    cells[REASON_COLUMN] = why;
    if (invocation->given & OPTION_TREE)
        printf("%s\n",
               text_show(arena,
                         text_of(arena_printf(arena, "%s (%d), unknown: %s", name, domain, why)),
                         400));
    else
        table_row(table, cells);
}

// What was asked for could not be read, and the error is reported. Scripts get a row as well,
// unless the request was wrong.
static void show_failure(const struct invocation *invocation, struct table *table, const char *name,
                         int domain, enum status status)
{
    if (invocation->given & OPTION_JSON && status != STATUS_REQUEST)
        show_unknown(invocation, table, name, domain,
                     diags_reason(invocation->diags, "it could not be read"));
}

static enum status list_one(const struct invocation *invocation, struct table *table,
                            const char *name)
{
    cleanup_world struct world world = WORLD_NONE;
    const struct world_options options = options_for_world(invocation);
    enum status status = world_find(&world, &options, name);
    if (status == STATUS_OK)
        status = world_open(&world, false);
    const struct domain *domain = world.session.domain;
    if (status == STATUS_OK)
        show(invocation, table, &world);
    else
        show_failure(invocation, table, domain ? domain->name : name, domain ? domain->id : -1,
                     status);
    return status;
}

// Lists one domain of the survey. Sets *unread to the status if it could not be read.
static void list_domain(const struct invocation *invocation, struct table *table,
                        struct survey *survey, size_t number, enum status *unread)
{
    cleanup_world struct world world = WORLD_NONE;
    const struct domain *domain = &survey->domains[number];
    struct diags diags;
    diags_init(&diags, invocation->arena);
    enum status status = survey_open(survey, number, &diags, &world);
    if (status == STATUS_OK) {
        show(invocation, table, &world);
    } else if (xen_domain_is_alive(survey->common.xen, domain) != VERDICT_NO) {
        show_unknown(invocation, table, domain->name, domain->id,
                     diags_reason(&diags, "it could not be read"));
        *unread = status == STATUS_REQUEST ? STATUS_FAILED : status; // it was not asked for by name
    }
}

// A domain that cannot be read is a row with the reason. It only decides the status if none can be
// read.
static enum status list_domains(const struct invocation *invocation, struct table *table,
                                struct survey *survey)
{
    enum status unread = STATUS_OK;
    bool any = false;
    for (size_t i = 0; i < survey->count; i++) {
        enum status one = STATUS_OK;
        list_domain(invocation, table, survey, i, &one);
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

static enum status list_all(const struct invocation *invocation, struct table *table)
{
    cleanup_xen struct xen *xen = NULL;
    const struct world_options options = options_for_world(invocation);
    const struct domain *domains = NULL;
    struct host host = { 0 };
    size_t count = 0;
    enum status status = world_open_xen(&options, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, invocation->diags, DOMAIN_WHOLE, &domains, &count);
    if (status != STATUS_OK) {
        show_failure(invocation, table, NULL, -1, status);
        return status;
    }
    struct survey survey;
    const struct world_common common = {
        .xen = xen, .host = world_look_at_host(invocation->arena, invocation->diags, &host)
    };
    count = guests_of(invocation->arena, domains, count, &domains);
    survey_init(&survey, &options, &common, domains, count);
    return list_domains(invocation, table, &survey);
}

static enum status run_list(const struct invocation *invocation)
{
    struct table *table = table_new(invocation->arena, columns, COLUMNS);
    bool one = invocation->count || invocation->qmp;
    enum status status =
        one ? list_one(invocation, table, invocation->count ? invocation->words[0] : NULL)
            : list_all(invocation, table);
    if (status == STATUS_OK)
        status = shortage_check(invocation->diags);
    if (invocation->given & OPTION_JSON)
        table_print_json(table, stdout);
    else if (status == STATUS_OK && !(invocation->given & OPTION_TREE) && table_is_empty(table))
        puts("No USB controllers.");
    else
        table_print(table, stdout);
    return status;
}

const struct command list_command = {
    .name = "list",
    .arguments = "[DOMAIN]",
    .summary = "List the USB controllers and devices of a domain, or of all.",
    .details = "Includes what xl attached and what was on QEMU's command line.",
    .options = OPTION_JSON | OPTION_QMP | OPTION_TIMEOUT | OPTION_TREE,
    .least = 0,
    .most = 1,
    .run = run_list,
};
