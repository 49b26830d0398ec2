// SPDX-License-Identifier: MIT
#include "repair.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "base/waiting.h"
#include "examine.h"
#include "fix.h"
#include "world/resume.h"

enum status repair_open(struct repair *repair)
{
    const struct doctor_options *options = repair->options;
    problems_init(&repair->problems);
    repair->examination = arena_new_of(options->arena, struct examination);
    return examination_open(repair->examination, options);
}

void repair_close(struct repair *repair)
{
    if (repair->examination)
        examination_close(repair->examination);
}

unsigned repair_resume(struct repair *repair)
{
    struct examination *examination = repair->examination;
    const struct doctor_options *options = repair->options;
    const struct session session = examination_session(examination, NULL);
    const struct world_options world = { .arena = options->arena,
                                         .diags = options->diags,
                                         .timeout_scale = options->timeout_scale,
                                         .undo_scale = options->undo_scale };
    const struct domain *domains;
    size_t count;
    if (examination->store.state != PART_READ ||
        xen_domains(session.xen, session.diags, DOMAIN_NAME, &domains, &count) != STATUS_OK)
        return 0;
    return resume_journals(&session, &world, domains, count);
}

// ---- the first look ----

// Domains that were not asked for are left alone.
static enum status find_in_xenstore(const struct repair *repair, struct look *look,
                                    struct problems *problems)
{
    const struct examination *examination = repair->examination;
    struct problems all;
    problems_init(&all);
    enum status status = examine_xenstore(look, &all);
    for (struct problem *at = all.first, *next; at; at = next) {
        next = at->next;
        if (!repair->options->domain || at->domain < 0 || at->domain == examination->domains[0].id)
            problem_append(problems, at);
    }
    return status;
}

static enum status find_in_domain(const struct repair *repair, struct look *look, size_t number,
                                  struct problems *problems)
{
    cleanup_examined struct examined examined = EXAMINED_NONE;
    enum status status = examine_domain(look, number, repair->options->diags, &examined, problems);
    // A request for all domains is not wrong because one of them has no QEMU.
    return status == STATUS_REQUEST && !repair->options->domain ? STATUS_FAILED : status;
}

// What is left alone in a domain is refused, as it is on this host (examine_host()).
static enum status refuse_left(const struct problems *problems)
{
    for (const struct problem *at = problems->first; at; at = at->next)
        if (at->state == PROBLEM_LEFT)
            return STATUS_REFUSED;
    return STATUS_OK;
}

// A domain that cannot be examined does not keep the others from being fixed.
enum status repair_find(struct repair *repair)
{
    struct look look;
    enum status status = STATUS_OK;
    look_begin(&look, repair->examination);
    for (size_t i = 0; i < repair->examination->count; i++)
        status = status_worse(status, find_in_domain(repair, &look, i, &repair->problems));
    status = status_worse(status, refuse_left(&repair->problems));
    status = status_worse(status, find_in_xenstore(repair, &look, &repair->problems));
    return status_worse(status, examine_host(&look, &repair->problems));
}

// ---- the second look, and fixing ----

// xl writes its record before it talks to QEMU: a problem seen in between is none. No lock is held
// during the pause, so that xl can finish. It is no time limit: a longer limit does not lengthen
// it.
static void pause_between_looks(const struct repair *repair)
{
    const double scale = repair->options->timeout_scale, seconds = scale < 1.0 ? scale : 1.0;
    cleanup_waiting struct waiting waiting =
        waiting_until(deadline_in(seconds), "what other commands have just begun");
    (void)waiting_pause(&waiting, seconds);
}

static void report(const struct repair *repair, const struct problem *problem)
{
    if (repair->on_problem)
        repair->on_problem(repair->context, problem);
}

// Copies the outcome to the problem that the first look found.
static void on_fixed(void *context, const struct problem *problem)
{
    struct repair *repair = context;
    struct problem *found = problem_again(&repair->problems, problem);
    found->state = problem->state;
    found->failure = problem->failure;
    report(repair, found);
}

static bool is_in(const struct problem *problem, enum problem_scope scope, int domain)
{
    return problem_scope(problem) == scope && (scope != SCOPE_DOMAIN || problem->domain == domain);
}

static bool has_any(const struct repair *repair, enum problem_scope scope, int domain)
{
    for (const struct problem *at = repair->problems.first; at; at = at->next)
        if (is_in(at, scope, domain) && at->state == PROBLEM_FOUND)
            return true;
    return false;
}

// Only what both looks found is fixed: anything new may be another tool's work in progress, and
// what was not found again is gone. What is unknown in one of them is left alone. `domain` matters
// for SCOPE_DOMAIN only.
static void compare_looks(struct repair *repair, struct problems *again, enum problem_scope scope,
                          int domain)
{
    for (struct problem *at = again->first; at; at = at->next) {
        const struct problem *before = problem_again(&repair->problems, at);
        if (!before || before->state == PROBLEM_LEFT)
            at->state = PROBLEM_GONE;
    }
    for (struct problem *at = repair->problems.first; at; at = at->next)
        if (is_in(at, scope, domain) && at->state == PROBLEM_FOUND && !problem_again(again, at)) {
            at->state = PROBLEM_GONE;
            report(repair, at);
        }
}

static enum status fix_locked_domain(struct repair *repair, size_t number)
{
    struct problems again;
    struct look look;
    cleanup_examined struct examined examined = EXAMINED_NONE;
    const struct fix_report on_fix = { on_fixed, repair };
    problems_init(&again);
    look_begin(&look, repair->examination);
    enum status status = examine_domain(&look, number, repair->options->diags, &examined, &again);
    if (status != STATUS_OK)
        return status;
    status = shortage_check(repair->options->diags);
    if (status != STATUS_OK)
        return status;
    compare_looks(repair, &again, SCOPE_DOMAIN, repair->examination->domains[number].id);
    return fix_domain(&examined, &again, &on_fix);
}

static enum status repair_domain(struct repair *repair, size_t number)
{
    struct domain copy = repair->examination->domains[number];
    struct session session = examination_session(repair->examination, &copy);
    cleanup_lock struct lock turn = LOCK_NONE;
    enum status status = lock_domain(&session, &turn);
    return status == STATUS_OK ? fix_locked_domain(repair, number) : status;
}

static enum status repair_domains(struct repair *repair)
{
    const struct examination *examination = repair->examination;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < examination->count; i++)
        if (has_any(repair, SCOPE_DOMAIN, examination->domains[i].id))
            status = status_worse(status, repair_domain(repair, i));
    return status;
}

// The problems of xenstore or of this host, under the host's lock.
static enum status repair_scope(struct repair *repair, enum problem_scope scope)
{
    struct problems again;
    struct look look;
    cleanup_lock struct lock turn = LOCK_NONE;
    struct session session = examination_session(repair->examination, NULL);
    const struct fix_report on_fix = { on_fixed, repair };
    if (!has_any(repair, scope, -1))
        return STATUS_OK;
    problems_init(&again);
    look_begin(&look, repair->examination);
    enum status status = lock_host(&session, &turn);
    if (status == STATUS_OK)
        status = scope == SCOPE_HOST ? examine_host(&look, &again)
                                     : find_in_xenstore(repair, &look, &again);
    if (status == STATUS_OK)
        status = shortage_check(session.diags);
    // Otherwise each problem that depends on what could not be read says so.
    if (status != STATUS_OK &&
        (scope != SCOPE_HOST || part_is_unreadable(&look.devices) || shortage_why()))
        return status;
    compare_looks(repair, &again, scope, -1);
    for (struct problem *at = again.first; at; at = at->next)
        if (at->state == PROBLEM_FOUND)
            status = status_worse(status, fix_one(&session, at, &on_fix));
        else if (at->state == PROBLEM_LEFT)
            on_fixed(repair, at);
    return status;
}

// ---- what fixing the host entails ----

// Whether usbback has got the rest of a device of that domain.
static bool has_completed(const struct repair *repair, int domain)
{
    for (const struct problem *at = repair->problems.first; at; at = at->next)
        if (at->kind == PROBLEM_HANDOVER && at->state == PROBLEM_FIXED && at->handover->owner &&
            at->handover->domain == domain)
            return true;
    return false;
}

// Moves what libxl's saved configuration lacks to `missing`, and adds it to repair->problems.
static void take_saved(struct repair *repair, const struct problems *found,
                       struct problems *missing)
{
    for (struct problem *at = found->first, *next; at; at = next) {
        next = at->next;
        if (at->kind != PROBLEM_SAVED || at->state != PROBLEM_FOUND)
            continue;
        if (!problem_again(&repair->problems, at)) {
            struct problem *copy = arena_new_of(repair->options->arena, struct problem);
            *copy = *at;
            problem_append(&repair->problems, copy);
        }
        problem_append(missing, at);
    }
}

// A device belongs in libxl's saved configuration as soon as usbback has it.
static enum status save_completed(struct repair *repair, size_t number)
{
    struct problems found, missing;
    struct look look;
    struct domain copy = repair->examination->domains[number];
    struct session session = examination_session(repair->examination, &copy);
    const struct fix_report on_fix = { on_fixed, repair };
    cleanup_lock struct lock turn = LOCK_NONE;
    cleanup_examined struct examined examined = EXAMINED_NONE;
    enum status status = lock_domain(&session, &turn);
    problems_init(&found);
    problems_init(&missing);
    look_begin(&look, repair->examination);
    if (status == STATUS_OK)
        status = examine_domain(&look, number, repair->options->diags, &examined, &found);
    if (status != STATUS_OK)
        return status;
    take_saved(repair, &found, &missing);
    return missing.count ? fix_domain(&examined, &missing, &on_fix) : STATUS_OK;
}

static enum status save_all_completed(struct repair *repair)
{
    const struct examination *examination = repair->examination;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < examination->count; i++)
        if (has_completed(repair, examination->domains[i].id))
            status = status_worse(status, save_completed(repair, i));
    return status;
}

// The host comes last: fixing the domains may free devices.
enum status repair_run(struct repair *repair)
{
    pause_between_looks(repair);
    interrupt_catch();
    enum status status = repair_scope(repair, SCOPE_XENSTORE);
    status = status_worse(status, repair_domains(repair));
    status = status_worse(status, repair_scope(repair, SCOPE_HOST));
    return status_worse(status, save_all_completed(repair));
}
