// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/source_read.h"
#include "command.h"
#include "config/check.h"
#include "parser/parser.h"
#include "watch/state.h"
#include "watch/tell.h"
#include "watch_run.h"
#include "xen/advice.h"
#include "xen/xen.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define GUESTS_DIRECTORY "/etc/xenusb/guests"
#define AUTO_DIRECTORY   "/etc/xen/auto"

enum { RUN_RESERVE = 1024 * 1024 }; // as main() sets aside for a run

// A file, and the domain that it is for.
struct target {
    struct target *next;
    const char *path;
    const char *domain;
    struct config *config;
    int id; // of the domain; -1: it does not run
};

struct watching {
    const struct invocation *invocation;
    struct arena *arena;
    struct target *targets, **last;
    size_t count;
    enum status status;
};

// ---- files ----

static struct target *target_of(const struct watching *watching, const char *domain)
{
    struct target *at = watching->targets;
    while (at && strcmp(at->domain, domain) != 0)
        at = at->next;
    return at;
}

// Compiles and checks a file. NULL after reporting an error, and for a file without USB.
static struct config *compile(const struct watching *watching, struct diags *diags,
                              const char *path)
{
    const struct source *source = source_read(watching->arena, diags, path);
    struct config *config = source ? parse_config(watching->arena, diags, source) : NULL;
    if (!config || (!diags->errors && !config->controllers && !config->devices))
        return NULL;
    // The rest is checked once the guest's type is known.
    if (diags->errors || config->domain.type != DOMAIN_UNKNOWN)
        check_config(watching->arena, diags, config);
    if (!diags->errors && !GIVEN(config->domain.name)) {
        struct diag *diag = complain_error(diags, "%s does not say which domain it is for", path);
        diag_hint(diags, diag, "it has no name=");
    }
    return diags->errors ? NULL : config;
}

static void add_target(struct watching *watching, struct config *config, const char *path,
                       bool silent)
{
    struct diags *diags = watching->invocation->diags;
    const struct text name = config->domain.name.text;
    const char *domain = arena_copy(watching->arena, name.at, name.size);
    const struct target *first = target_of(watching, domain);
    if (first && !silent) {
        struct diag *diag =
            complain(diags, SEVERITY_WARNING, config->source, config->domain.name.at,
                     "%s is for %s as well, which is the one that is used", first->path, domain);
        diag_hint(diags, diag, "this file is ignored");
    }
    if (first)
        return;
    struct target *target = arena_new_of(watching->arena, struct target);
    *target = (struct target){ .path = path, .domain = domain, .config = config, .id = -1 };
    *watching->last = target;
    watching->last = &target->next;
    watching->count++;
}

// What is wrong with one file is printed before the next is read, and does not matter to the
// others.
static void add_file(struct watching *watching, const char *path, bool silent)
{
    struct diags diags;
    diags_init(&diags, watching->arena);
    struct config *config = compile(watching, &diags, path);
    if (diags.errors) {
        diags_print(&diags, stderr, watching->invocation->color);
        diags_print_summary(&diags, path, stderr);
        watching->status = status_worse(watching->status, STATUS_REQUEST);
    }
    if (config)
        add_target(watching, config, path, silent);
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int is_config(const struct dirent *entry)
{
    struct text name = text_of(entry->d_name);
    return *name.at != '.' && name.size > 4 &&
           text_is(text_part(name, name.size - 4, name.size), ".cfg");
}

// As the toolstack's own script for this directory: all but what editors leave.
static int is_no_backup(const struct dirent *entry)
{
    return *entry->d_name != '.' && entry->d_name[strlen(entry->d_name) - 1] != '~';
}

static void add_directory(struct watching *watching, const char *path,
                          int (*select)(const struct dirent *), bool silent)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, select, alphasort);
    for (int i = 0; i < count; i++) {
        const char *file = arena_printf(watching->arena, "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        if (!is_directory(file))
            add_file(watching, file, silent);
    }
    free(entries);
}

static void add_targets(struct watching *watching)
{
    const struct invocation *invocation = watching->invocation;
    for (size_t i = 0; i < invocation->count; i++)
        if (is_directory(invocation->words[i]))
            add_directory(watching, invocation->words[i], is_config, false);
        else
            add_file(watching, invocation->words[i], false);
    if (invocation->count)
        return;
    add_directory(watching, GUESTS_DIRECTORY, is_config, false);
    add_directory(watching, AUTO_DIRECTORY, is_no_backup, true);
}

// ---- domains ----

// Sets the ids of those that run.
static enum status find_domains(struct watching *watching)
{
    const struct world_options options = options_for_world(watching->invocation);
    const struct domain *domains;
    size_t count;
    struct xen *xen = NULL;
    enum status status =
        xen_open(watching->arena, options.diags, XENSTORE_SECONDS * options.timeout_scale, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, options.diags, DOMAIN_NAME, &domains, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct target *target = target_of(watching, domains[i].name);
        if (target && !domains[i].dying)
            target->id = domains[i].id;
    }
    xen_close(xen);
    return status;
}

static size_t rivals_of(const struct watching *watching, const struct target *target,
                        struct watch_rival *rivals)
{
    size_t count = 0;
    for (const struct target *at = watching->targets; at != target; at = at->next)
        if (at->id >= 0)
            rivals[count++] = (struct watch_rival){ at->domain, at->id, at->config };
    return count;
}

// ---- runs ----

// A run needs much more memory than its report, so it has an arena of its own.
static void run_target(const struct watching *watching, const struct target *target,
                       const struct watch_report *last, struct watch_report *report)
{
    const struct invocation *invocation = watching->invocation;
    cleanup_arena struct arena *arena = arena_new(RUN_RESERVE);
    if (!arena)
        arena_give_up();
    struct watch_rival *rivals = arena_array_of(arena, struct watch_rival, watching->count);
    const struct watch_request request = {
        .config = target->config,
        .domain = target->domain,
        .id = -1,
        .last = last,
        .rivals = rivals,
        .rival_count = rivals_of(watching, target, rivals),
        .start_backend = invocation->given & OPTION_START_BACKEND,
        .timeout_scale = invocation->timeout_scale,
    };
    struct watch_report found;
    watch_run(NULL, arena, &request, &found);
    (void)watch_report_read(watching->arena, watch_report_write(arena, &found), report);
}

static void tell(const struct watching *watching, const struct target *target,
                 const struct watch_report *last, const struct watch_report *now)
{
    const struct telling telling = { target->domain, target->path, last, now };
    if (watching->invocation->given & OPTION_JSON)
        tell_json(watching->arena, &telling, stdout);
    else
        tell_text(watching->arena, &telling, stdout);
    fflush(stdout);
}

static struct watch_known *read_state(const struct watching *watching)
{
    const char *why;
    struct watch_known *known = watch_state_read(watching->arena, &why);
    if (why) {
        struct diag *diag = complain(watching->invocation->diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                                     "cannot read %s: %s", WATCH_STATE_PATH, why);
        diag_hint(watching->invocation->diags, diag,
                  "what was taken away by hand before now is attached again");
    }
    return known;
}

static void write_state(const struct watching *watching, const struct watch_known *known)
{
    const char *why = watch_state_write(watching->arena, known);
    if (!why)
        return;
    struct diag *diag = complain(watching->invocation->diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                                 "cannot write %s: %s", WATCH_STATE_PATH, why);
    diag_hint(watching->invocation->diags, diag,
              "what is taken away by hand from now on will be attached again");
}

static void run_all(struct watching *watching)
{
    struct watch_known *before = read_state(watching), *first = NULL, **next = &first;
    for (const struct target *at = watching->targets; at; at = at->next) {
        if (interrupt_of_process()->raised)
            break;
        const struct watch_report *last = watch_state_of(before, at->domain);
        struct watch_known *known = arena_new_of(watching->arena, struct watch_known);
        *known = (struct watch_known){ .file = at->path, .domain = at->domain };
        run_target(watching, at, last, &known->report);
        watch_report_date(&known->report, last, time(NULL));
        tell(watching, at, last, &known->report);
        watching->status = status_worse(watching->status, known->report.status);
        *next = known;
        next = &known->next;
    }
    // What is known of other files.
    for (struct watch_known *at = before; at; at = before) {
        before = at->next;
        if (watch_state_of(first, at->domain))
            continue;
        at->next = NULL;
        *next = at;
        next = &at->next;
    }
    write_state(watching, first);
}

static enum status run_watch(const struct invocation *invocation)
{
    struct watching watching = { .invocation = invocation, .arena = invocation->arena };
    watching.last = &watching.targets;
    if (!(invocation->given & OPTION_ONCE)) {
        struct diag *diag =
            complain_error(invocation->diags, "watch can only run once so far, with --once");
        diag_hint(invocation->diags, diag, "use --once, from cron for example");
        return STATUS_REQUEST;
    }
    add_targets(&watching);
    if (!watching.targets)
        return watching.status;
    enum status status = find_domains(&watching);
    if (status == STATUS_OK)
        run_all(&watching);
    return status_worse(watching.status, status);
}

const struct command watch_command = {
    .name = "watch",
    .arguments = "[FILE|DIR...]",
    .summary = "Bring running domains up to date with their configs.",
    .details = "Does what apply does, as far as it can be done: what is not plugged in is skipped, "
               "what is\n"
               "refused or fails is reported, and the rest is done. Cleans up after devices that "
               "were\n"
               "unplugged. What somebody has detached stays away until it is plugged in again or "
               "the\n"
               "domain restarts. Of a DIR, all files *.cfg; by default, those of "
               "/etc/xenusb/guests, and\n"
               "what /etc/xen/auto has of USB.",
    .options = OPTION_JSON | OPTION_ONCE | OPTION_START_BACKEND | OPTION_TIMEOUT,
    .least = 0,
    .most = SIZE_MAX,
    .run = run_watch,
};
