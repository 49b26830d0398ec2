// SPDX-License-Identifier: MIT
#include "as_config.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/shortage.h"
#include "command.h"
#include "envelope.h"
#include "layout.h"
#include "list_rows.h"
#include "list_tree.h"
#include "list_watch.h"
#include "record/journal.h"
#include "record/record.h"
#include "saving.h"
#include "table.h"
#include "world/survey.h"
#include "xen/advice.h"
#include "xen/xen.h"

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
        list_add_rows(listing, topology);
}

// The line or row of a domain that could not be read; without a name: of all of them.
static void show_unknown(const struct listing *listing, const char *name, int domain,
                         const char *why)
{
    struct arena *arena = listing->arena;
    if (listing->invocation->given & OPTION_TREE)
        printf("%s\n",
               table_show(arena, arena_printf(arena, "%s (%d), unknown: %s", name, domain, why),
                          400, terminal_is_ascii(STDOUT_FILENO)));
    else
        list_add_unknown(listing, name, domain, why);
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
        complain_error(invocation->diags, CODE_USAGE, "--to needs --as-config");
    else if (!invocation->count && !invocation->qmp)
        complain_error(invocation->diags, CODE_USAGE, "--as-config needs a domain");
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
    struct table *table = list_table(invocation->arena);
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
