// SPDX-License-Identifier: MIT
#include "doctor/repair.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "patient.h"
#include "table.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

struct repairing {
    const struct invocation *invocation;
    struct xen *xen; // NULL: there is none here
    const struct domain *domains;
    size_t count;
    struct problems shown; // as they were shown, with what became of each
};

// ---- what is shown ----

static const char *const states[] = { [PROBLEM_FOUND] = "to mend",
                                      [PROBLEM_MENDED] = "mended",
                                      [PROBLEM_LEFT] = "left",
                                      [PROBLEM_OVER] = "over by itself" };

static const char *whose(struct arena *arena, const struct problem *problem)
{
    return problem->domain < 0 ? "this host"
                               : arena_printf(arena, "%s (%d)", problem->name, problem->domain);
}

static void show_plan(const struct repairing *repairing)
{
    static const struct column columns[] = { { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT } };
    struct arena *arena = repairing->invocation->arena;
    struct table *table = table_new(arena, columns, 3);
    if (repairing->invocation->given & OPTION_JSON)
        return;
    for (const struct problem *at = repairing->shown.first; at; at = at->next) {
        const char *cells[] = { arena_printf(arena, "  %s %s",
                                             at->kind == PROBLEM_ORPHAN ||
                                                     at->kind == PROBLEM_UNKNOWN_CONTROLLER ||
                                                     at->kind == PROBLEM_UNKNOWN_DEVICE
                                                 ? "+"
                                                 : "-",
                                             at->what),
                                whose(arena, at), at->why };
        table_row(table, cells);
    }
    table_print(table, stdout);
    if (repairing->shown.count)
        printf("Plan: %u to mend.\n", repairing->shown.count);
    fflush(stdout);
}

static void show_one(const struct repairing *repairing, const struct problem *problem)
{
    struct arena *arena = repairing->invocation->arena;
    if (repairing->invocation->given & OPTION_JSON)
        return;
    const char *line = arena_printf(arena, "%s, %s: %s%s%s", problem->what, whose(arena, problem),
                                    states[problem->state], problem->words ? ": " : "",
                                    problem->words ? problem->words : "");
    puts(text_show(arena, text_of(line), 600));
    fflush(stdout);
}

static void show_json(const struct repairing *repairing)
{
    static const struct column columns[] = {
        { NULL, "domain", COLUMN_TEXT }, { NULL, "domid", COLUMN_NUMBER },
        { NULL, "what", COLUMN_TEXT },   { NULL, "why", COLUMN_TEXT },
        { NULL, "state", COLUMN_TEXT },  { NULL, "words", COLUMN_TEXT },
    };
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = repairing->invocation->arena;
    struct table *table = table_new(arena, columns, COLUMNS);
    for (const struct problem *at = repairing->shown.first; at; at = at->next) {
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

static void show_outcome(const struct repairing *repairing, bool whole)
{
    unsigned mended = 0, left = 0;
    for (const struct problem *at = repairing->shown.first; at; at = at->next) {
        mended += at->state == PROBLEM_MENDED;
        left += at->state == PROBLEM_LEFT || at->state == PROBLEM_FOUND;
    }
    if (repairing->invocation->given & OPTION_JSON)
        show_json(repairing);
    else if (!repairing->shown.count)
        puts(whole ? "Nothing to mend." : "Nothing to mend was found, as far as could be looked.");
    else if (repairing->invocation->given & OPTION_DRY_RUN)
        puts("Dry run: nothing was changed.");
    else if (left)
        printf("Done: %u mended, %u left.\n", mended, left);
    else
        printf("Done: %u mended.\n", mended);
}

// ---- the first look ----

// One domain that cannot be looked at does not keep the others from being mended.
static enum status look_at_domains(struct repairing *repairing)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < repairing->count; i++) {
        cleanup_patient struct patient patient = PATIENT_NONE;
        enum status one =
            patient_open(&patient, repairing->invocation, repairing->invocation->diags,
                         repairing->xen, &repairing->domains[i], &repairing->shown);
        status = status_worse(status, one);
    }
    return status;
}

// With a domain named, what others have left is not meant.
static enum status look_at_xenstore(const struct repairing *repairing, struct problems *problems)
{
    struct session session = patient_session(repairing->invocation, repairing->xen);
    const struct domain *all;
    struct problems found;
    size_t count;
    problems_init(&found);
    enum status status = xen_domains(repairing->xen, repairing->invocation->diags, &all, &count);
    if (status == STATUS_OK)
        status = problems_of_xenstore(&session, all, count, &found);
    for (struct problem *at = found.first, *next; at; at = next) {
        next = at->next;
        at->next = NULL;
        if (repairing->invocation->count && at->domain >= 0 &&
            at->domain != repairing->domains[0].id)
            continue;
        *problems->last = at;
        problems->last = &at->next;
        problems->count++;
    }
    return status;
}

// ---- the second look, and mending ----

// xl writes its record first and goes to QEMU then: whatever was seen in between is no ailment. No
// lock is held meanwhile, so that it can go on.
static void pause_between_looks(const struct repairing *repairing)
{
    clock_sleep(1.0 * repairing->invocation->timeout_scale);
}

// The shown one gets what became of the one that was found again.
static void on_problem(void *context, const struct problem *problem)
{
    struct repairing *repairing = context;
    struct problem *shown = problem_again(&repairing->shown, problem);
    shown->state = problem->state;
    shown->words = problem->words;
    show_one(repairing, shown);
}

// What is looked at together, under the same locks.
enum group { OF_DOMAIN, OF_XENSTORE, OF_HOST };

static enum group group_of(const struct problem *problem)
{
    if (problem->kind == PROBLEM_ORPHAN)
        return OF_HOST;
    return problem->kind < PROBLEM_DEAD_NOTES ? OF_DOMAIN : OF_XENSTORE;
}

// Those that were not shown stay for the next time; those that are not found again are over. Of a
// domain's the domain tells which.
static void keep_both(struct repairing *repairing, struct problems *again, enum group group,
                      int domain)
{
    for (struct problem *at = again->first; at; at = at->next)
        if (!problem_again(&repairing->shown, at))
            at->state = PROBLEM_OVER;
    for (struct problem *at = repairing->shown.first; at; at = at->next) {
        bool looked = group_of(at) == group && (group != OF_DOMAIN || at->domain == domain);
        if (!looked || at->state != PROBLEM_FOUND || problem_again(again, at))
            continue;
        at->state = PROBLEM_OVER;
        show_one(repairing, at);
    }
}

static bool has_any(const struct repairing *repairing, enum group group, int domain)
{
    for (const struct problem *at = repairing->shown.first; at; at = at->next)
        if (group_of(at) == group && (group != OF_DOMAIN || at->domain == domain))
            return true;
    return false;
}

static enum status mend_patient(struct repairing *repairing, const struct domain *domain)
{
    struct problems again;
    cleanup_patient struct patient patient = PATIENT_NONE;
    problems_init(&again);
    enum status status = patient_open(&patient, repairing->invocation, repairing->invocation->diags,
                                      repairing->xen, domain, &again);
    if (status != STATUS_OK)
        return status;
    keep_both(repairing, &again, OF_DOMAIN, domain->id);
    const struct repair repair = { &patient.world.session, on_problem, repairing };
    return repair_domain(&repair, &patient.record, patient.topology, &again);
}

// In libxl's order: its lock for devices comes before that of QEMU's socket, which the look takes.
static enum status mend_domain(struct repairing *repairing, const struct domain *domain)
{
    struct session session = patient_session(repairing->invocation, repairing->xen);
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
    return status == STATUS_OK ? mend_patient(repairing, domain) : status;
}

static enum status mend_domains(struct repairing *repairing)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < repairing->count; i++)
        if (has_any(repairing, OF_DOMAIN, repairing->domains[i].id))
            status = status_worse(status, mend_domain(repairing, &repairing->domains[i]));
    return status;
}

// What belongs to no look at a domain, in the host's turn.
static enum status mend_group(struct repairing *repairing, enum group group)
{
    struct session session = patient_session(repairing->invocation, repairing->xen);
    struct problems again;
    cleanup_lock struct lock turn = LOCK_NONE;
    const struct repair repair = { &session, on_problem, repairing };
    if (!has_any(repairing, group, -1))
        return STATUS_OK;
    problems_init(&again);
    enum status status = lock_host(&session, &turn);
    if (status == STATUS_OK)
        status = group == OF_HOST ? patient_host(repairing->invocation, repairing->xen, &again)
                                  : look_at_xenstore(repairing, &again);
    if (status != STATUS_OK)
        return status;
    keep_both(repairing, &again, group, -1);
    for (struct problem *at = again.first; at; at = at->next)
        if (at->state == PROBLEM_FOUND)
            status = status_worse(status, repair_one(&repair, at));
    return status;
}

// The host last: the domains may have let go of devices.
static enum status mend(struct repairing *repairing)
{
    pause_between_looks(repairing);
    world_catch_signals();
    enum status status = mend_group(repairing, OF_XENSTORE);
    status = status_worse(status, mend_domains(repairing));
    return status_worse(status, mend_group(repairing, OF_HOST));
}

// ---- the verb ----

static enum status find_patients(struct repairing *repairing)
{
    const struct invocation *invocation = repairing->invocation;
    struct diags ignored;
    diags_init(&ignored, invocation->arena);
    // Without Xen there is still this host.
    enum status status =
        xen_open(invocation->arena, invocation->count ? invocation->diags : &ignored,
                 XENSTORE_SECONDS * invocation->timeout_scale, &repairing->xen);
    if (status != STATUS_OK)
        return invocation->count ? status : STATUS_OK;
    return patients_find(invocation, repairing->xen, &repairing->domains, &repairing->count);
}

static enum status run_repair(const struct invocation *invocation)
{
    struct repairing repairing = { .invocation = invocation };
    problems_init(&repairing.shown);
    enum status status = find_patients(&repairing);
    cleanup_xen struct xen *xen = repairing.xen;
    if (status != STATUS_OK)
        return status;
    status = look_at_domains(&repairing);
    if (xen)
        status = status_worse(status, look_at_xenstore(&repairing, &repairing.shown));
    status = status_worse(status, patient_host(invocation, xen, &repairing.shown));
    show_plan(&repairing);
    if (repairing.shown.count && !(invocation->given & OPTION_DRY_RUN))
        status = status_worse(status, mend(&repairing));
    show_outcome(&repairing, status == STATUS_OK);
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
