// SPDX-License-Identifier: MIT
#include "doctor/repair.h"

#include "base/arena.h"
#include "patient.h"
#include "table.h"
#include "xen/xen.h"

#include <time.h>

enum { XENSTORE_SECONDS = 5 };

struct job {
    const struct invocation *invocation;
    struct xen *xen; // NULL: there is none here
    const struct domain *domains;
    size_t count;
    struct ailments shown; // as they were shown, with what became of each
    struct world *world;   // the one that is being mended
};

// ---- what is shown ----

static const char *const states[] = { [AILMENT_FOUND] = "to mend",
                                      [AILMENT_MENDED] = "mended",
                                      [AILMENT_LEFT] = "left",
                                      [AILMENT_OVER] = "over by itself" };

static const char *whose(struct arena *arena, const struct ailment *ailment)
{
    return ailment->domain < 0 ? "this host"
                               : arena_printf(arena, "%s (%d)", ailment->name, ailment->domain);
}

static void show_plan(const struct job *job)
{
    static const struct column columns[] = { { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT } };
    struct arena *arena = job->invocation->arena;
    struct table *table = table_new(arena, columns, 3);
    if (job->invocation->given & OPTION_JSON)
        return;
    for (const struct ailment *at = job->shown.first; at; at = at->next) {
        const char *cells[] = { arena_printf(arena, "  %s %s",
                                             at->kind == AILMENT_ORPHAN ||
                                                     at->kind == AILMENT_UNKNOWN_CONTROLLER ||
                                                     at->kind == AILMENT_UNKNOWN_DEVICE
                                                 ? "+"
                                                 : "-",
                                             at->what),
                                whose(arena, at), at->why };
        table_row(table, cells);
    }
    table_print(table, stdout);
    if (job->shown.count)
        printf("Plan: %u to mend.\n", job->shown.count);
    fflush(stdout);
}

static void show_one(const struct job *job, const struct ailment *ailment)
{
    struct arena *arena = job->invocation->arena;
    if (job->invocation->given & OPTION_JSON)
        return;
    const char *line = arena_printf(arena, "%s, %s: %s%s%s", ailment->what, whose(arena, ailment),
                                    states[ailment->state], ailment->words ? ": " : "",
                                    ailment->words ? ailment->words : "");
    puts(text_show(arena, text_of(line), 600));
    fflush(stdout);
}

static void show_json(const struct job *job)
{
    static const struct column columns[] = {
        { NULL, "domain", COLUMN_TEXT }, { NULL, "domid", COLUMN_NUMBER },
        { NULL, "what", COLUMN_TEXT },   { NULL, "why", COLUMN_TEXT },
        { NULL, "state", COLUMN_TEXT },  { NULL, "words", COLUMN_TEXT },
    };
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = job->invocation->arena;
    struct table *table = table_new(arena, columns, COLUMNS);
    for (const struct ailment *at = job->shown.first; at; at = at->next) {
        const char *cells[COLUMNS] = { at->domain < 0 ? NULL : at->name,
                                       at->domain < 0 ? NULL
                                                      : arena_printf(arena, "%d", at->domain),
                                       at->what,
                                       at->why,
                                       states[at->state],
                                       at->words };
        table_row(table, cells);
    }
    table_print_json(table, stdout);
}

static void show_outcome(const struct job *job, bool whole)
{
    unsigned mended = 0, left = 0;
    for (const struct ailment *at = job->shown.first; at; at = at->next) {
        mended += at->state == AILMENT_MENDED;
        left += at->state == AILMENT_LEFT || at->state == AILMENT_FOUND;
    }
    if (job->invocation->given & OPTION_JSON)
        show_json(job);
    else if (!job->shown.count)
        puts(whole ? "Nothing to mend." : "Nothing to mend was found, as far as could be looked.");
    else if (job->invocation->given & OPTION_DRY_RUN)
        puts("Dry run: nothing was changed.");
    else if (left)
        printf("Done: %u mended, %u left.\n", mended, left);
    else
        printf("Done: %u mended.\n", mended);
}

// ---- the first look ----

// One domain that cannot be looked at does not keep the others from being mended.
static enum status look_at_domains(struct job *job)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < job->count; i++) {
        cleanup_patient struct patient patient = PATIENT_NONE;
        enum status one = patient_open(&patient, job->invocation, job->invocation->diags, job->xen,
                                       &job->domains[i], &job->shown);
        status = status_worse(status, one);
    }
    return status;
}

// With a domain named, what others have left is not meant.
static enum status look_at_xenstore(const struct job *job, struct ailments *ailments)
{
    struct session session = patient_session(job->invocation, job->xen);
    const struct domain *all;
    struct ailments found;
    size_t count;
    ailments_init(&found);
    enum status status = xen_domains(job->xen, job->invocation->diags, &all, &count);
    if (status == STATUS_OK)
        status = ailments_of_xenstore(&session, all, count, &found);
    for (struct ailment *at = found.first, *next; at; at = next) {
        next = at->next;
        at->next = NULL;
        if (job->invocation->count && at->domain >= 0 && at->domain != job->domains[0].id)
            continue;
        *ailments->last = at;
        ailments->last = &at->next;
        ailments->count++;
    }
    return status;
}

// ---- the second look, and mending ----

// xl writes its record first and goes to QEMU then: whatever was seen in between is no ailment. No
// lock is held meanwhile, so that it can go on.
static void pause_between_looks(const struct job *job)
{
    double seconds = 1.0 * job->invocation->patience;
    struct timespec time = { .tv_sec = (time_t)seconds };
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

static void *handle_of(void *context, const struct backend *backend)
{
    struct job *job = context;
    return world_handle(job->world, backend);
}

// The shown one gets what became of the one that was found again.
static void told(void *context, const struct ailment *ailment)
{
    struct job *job = context;
    struct ailment *shown = ailment_again(&job->shown, ailment);
    shown->state = ailment->state;
    shown->words = ailment->words;
    show_one(job, shown);
}

// What is looked at together, under the same locks.
enum group { OF_DOMAIN, OF_XENSTORE, OF_HOST };

static enum group group_of(const struct ailment *ailment)
{
    if (ailment->kind == AILMENT_ORPHAN)
        return OF_HOST;
    return ailment->kind < AILMENT_DEAD_NOTES ? OF_DOMAIN : OF_XENSTORE;
}

// Those that were not shown stay for the next time; those that are not found again are over. Of a
// domain's the domain tells which.
static void keep_both(struct job *job, struct ailments *again, enum group group, int domain)
{
    for (struct ailment *at = again->first; at; at = at->next)
        if (!ailment_again(&job->shown, at))
            at->state = AILMENT_OVER;
    for (struct ailment *at = job->shown.first; at; at = at->next) {
        bool looked = group_of(at) == group && (group != OF_DOMAIN || at->domain == domain);
        if (!looked || at->state != AILMENT_FOUND || ailment_again(again, at))
            continue;
        at->state = AILMENT_OVER;
        show_one(job, at);
    }
}

static bool has_any(const struct job *job, enum group group, int domain)
{
    for (const struct ailment *at = job->shown.first; at; at = at->next)
        if (group_of(at) == group && (group != OF_DOMAIN || at->domain == domain))
            return true;
    return false;
}

static enum status mend_patient(struct job *job, const struct domain *domain)
{
    struct ailments again;
    cleanup_patient struct patient patient = PATIENT_NONE;
    ailments_init(&again);
    enum status status =
        patient_open(&patient, job->invocation, job->invocation->diags, job->xen, domain, &again);
    if (status != STATUS_OK)
        return status;
    keep_both(job, &again, OF_DOMAIN, domain->id);
    job->world = &patient.world;
    const struct repair repair = { &patient.world.session, handle_of, told, job };
    return repair_domain(&repair, &patient.record, patient.topology, &again);
}

// In libxl's order: its lock for devices comes before that of QEMU's socket, which the look takes.
static enum status mend_domain(struct job *job, const struct domain *domain)
{
    struct session session = patient_session(job->invocation, job->xen);
    struct domain copy = *domain;
    cleanup_lock struct lock turn = LOCK_NONE;
    cleanup_lock struct lock host = LOCK_NONE;
    cleanup_lock struct lock devices = LOCK_NONE;
    session.domain = &copy;
    enum status status = lock_domain(&session, &turn);
    if (status == STATUS_OK)
        status = lock_host(&session, &host);
    if (status == STATUS_OK)
        status = lock_libxl(&session, LOCK_LIBXL_DEVICES, &devices);
    return status == STATUS_OK ? mend_patient(job, domain) : status;
}

static enum status mend_domains(struct job *job)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < job->count; i++)
        if (has_any(job, OF_DOMAIN, job->domains[i].id))
            status = status_worse(status, mend_domain(job, &job->domains[i]));
    return status;
}

// What belongs to no look at a domain, in the host's turn.
static enum status mend_group(struct job *job, enum group group)
{
    struct session session = patient_session(job->invocation, job->xen);
    struct ailments again;
    cleanup_lock struct lock turn = LOCK_NONE;
    const struct repair repair = { &session, handle_of, told, job };
    if (!has_any(job, group, -1))
        return STATUS_OK;
    ailments_init(&again);
    enum status status = lock_host(&session, &turn);
    if (status == STATUS_OK)
        status = group == OF_HOST ? patient_host(job->invocation, job->xen, &again)
                                  : look_at_xenstore(job, &again);
    if (status != STATUS_OK)
        return status;
    keep_both(job, &again, group, -1);
    for (struct ailment *at = again.first; at; at = at->next)
        if (at->state == AILMENT_FOUND)
            status = status_worse(status, repair_one(&repair, at));
    return status;
}

// The host last: the domains may have let go of devices.
static enum status mend(struct job *job)
{
    pause_between_looks(job);
    world_catch_signals();
    enum status status = mend_group(job, OF_XENSTORE);
    status = status_worse(status, mend_domains(job));
    return status_worse(status, mend_group(job, OF_HOST));
}

// ---- the verb ----

static enum status find_patients(struct job *job)
{
    const struct invocation *invocation = job->invocation;
    struct diags unheard;
    diags_init(&unheard, invocation->arena);
    // Without Xen there is still this host.
    enum status status =
        xen_open(invocation->arena, invocation->count ? invocation->diags : &unheard,
                 XENSTORE_SECONDS * invocation->patience, &job->xen);
    if (status != STATUS_OK)
        return invocation->count ? status : STATUS_OK;
    return patients_find(invocation, job->xen, &job->domains, &job->count);
}

static enum status run_repair(const struct invocation *invocation)
{
    struct job job = { .invocation = invocation };
    ailments_init(&job.shown);
    enum status status = find_patients(&job);
    cleanup_xen struct xen *xen = job.xen;
    if (status != STATUS_OK)
        return status;
    status = look_at_domains(&job);
    if (xen)
        status = status_worse(status, look_at_xenstore(&job, &job.shown));
    status = status_worse(status, patient_host(invocation, xen, &job.shown));
    show_plan(&job);
    if (job.shown.count && !(invocation->given & OPTION_DRY_RUN))
        status = status_worse(status, mend(&job));
    show_outcome(&job, status == STATUS_OK);
    return status;
}

const struct command repair_command = {
    .name = "repair",
    .arguments = "[DOMAIN]",
    .summary = "Mend the stale records that xl, xenusb or an unplug left, and orphaned devices.",
    .details = "Shows first what it will do, looks again, and touches nothing that lives: records\n"
               "of what QEMU has no longer go, what it has and no record knows gets one, and the\n"
               "kernel gives devices that nobody has their drivers again.",
    .options = OPTION_DRY_RUN | OPTION_JSON | OPTION_TIMEOUT,
    .least = 0,
    .most = 1,
    .run = run_repair,
};
