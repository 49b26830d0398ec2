// SPDX-License-Identifier: MIT
#include "fix.h"

#include "base/arena.h"
#include "host/host.h"
#include "plan/execute.h"
#include "plan/log.h"
#include "record/journal.h"
#include "record/saved.h"

#include <syslog.h>

static void end(struct arena *arena, const struct fix_report *report, struct problem *problem,
                const char *failure)
{
    problem->state = failure ? PROBLEM_LEFT : PROBLEM_FIXED;
    problem->failure = failure;
    syslog(failure ? LOG_ERR : LOG_NOTICE, "%s", problem_log_line(arena, problem, log_who(arena)));
    report->on_problem(report->context, problem);
}

// ---- problems of one domain ----

struct domain_fix {
    struct examined *examined;
    struct problems *problems;
    const struct fix_report *report;
};

static struct session *session_of(const struct domain_fix *fix)
{
    return &fix->examined->world.session;
}

static void end_with(const struct domain_fix *fix, struct problem *problem, enum status status,
                     const char *failure)
{
    end(session_of(fix)->arena, fix->report, problem, status == STATUS_OK ? NULL : failure);
}

static bool is_open(const struct domain_fix *fix, const struct problem *problem)
{
    return problem->state == PROBLEM_FOUND && problem->domain == session_of(fix)->domain->id;
}

static bool is_in_record(const struct problem *problem)
{
    return problem->kind == PROBLEM_NOTE || problem->kind == PROBLEM_FOREIGN ||
           problem->kind == PROBLEM_PORT;
}

// Removes a journal that cannot be read. One that can was resumed before anything was looked at.
static enum status forget_journal(const struct domain_fix *fix)
{
    struct session *session = session_of(fix);
    struct record *without = arena_new_of(session->arena, struct record);
    for (struct problem *at = fix->problems->first; at; at = at->next) {
        if (at->kind != PROBLEM_JOURNAL || !is_open(fix, at))
            continue;
        enum status status = fix->examined->forget ? journal_remove(session) : STATUS_REFUSED;
        end_with(fix, at, status,
                 fix->examined->forget ? "could not remove it" : "it could not be completed");
        if (status != STATUS_OK)
            return status;
        *without = *session->record;
        without->journal = NULL;
        session->record = without;
    }
    return journal_check(session);
}

// record_tidy() corrects all of them at once.
static enum status correct_record(const struct domain_fix *fix)
{
    bool any = false;
    for (const struct problem *at = fix->problems->first; at; at = at->next)
        any |= is_in_record(at) && is_open(fix, at);
    if (!any)
        return STATUS_OK;
    enum status status =
        record_tidy(session_of(fix), &fix->examined->record, &fix->examined->world.topology);
    for (struct problem *at = fix->problems->first; at; at = at->next)
        if (is_in_record(at) && is_open(fix, at))
            end_with(fix, at, status, "could not change its record in xenstore");
    return status;
}

static enum status add_to_record(const struct domain_fix *fix, enum problem_kind kind)
{
    enum status status = STATUS_OK;
    for (struct problem *at = fix->problems->first; at; at = at->next) {
        if (at->kind != kind || !is_open(fix, at))
            continue;
        enum status one = record_one(session_of(fix), STEP_ADD, at->controller, at->device);
        end_with(fix, at, one, "could not create its record in xenstore");
        status = status_worse(status, one);
    }
    return status;
}

// ---- removing ----

struct removal {
    const struct domain_fix *fix;
    struct problem *problem;
};

static void on_step(void *context, const struct step *step)
{
    const struct removal *removal = context;
    if (removal->problem->state == PROBLEM_FOUND)
        end_with(removal->fix, removal->problem,
                 step->state == STEP_DONE ? STATUS_OK : STATUS_FAILED,
                 step->words ? step->words : "could not remove it");
}

// A plan for each, so that a failure does not undo the others.
static enum status remove_one(const struct domain_fix *fix, struct problem *problem)
{
    struct plan plan;
    struct removal removal = { fix, problem };
    struct session *session = session_of(fix);
    if (!problem->controller->backend) {
        end(session->arena, fix->report, problem,
            "xenusb does not support this kind of controller here");
        return STATUS_FAILED;
    }
    plan_init(&plan, &fix->examined->world.topology);
    plan_add_step(&plan, session->arena, STEP_REMOVE, problem->controller, problem->device);
    const struct execution execution = journal_execution(on_step, &removal);
    return execute(session, &plan, &execution);
}

static enum status remove_gone(const struct domain_fix *fix, bool devices)
{
    enum status status = STATUS_OK;
    for (struct problem *at = fix->problems->first; at; at = at->next) {
        bool wanted = devices ? at->kind == PROBLEM_BUSID || at->kind == PROBLEM_DEVICE
                              : at->kind == PROBLEM_CONTROLLER;
        if (wanted && is_open(fix, at))
            status = status_worse(status, remove_one(fix, at));
    }
    return status;
}

// Writes libxl's saved configuration, with what the look has found missing there.
static enum status save(const struct domain_fix *fix)
{
    const char *missing = NULL;
    struct session *session = session_of(fix);
    enum status status = saved_write(session);
    for (struct problem *at = fix->problems->first; at; at = at->next) {
        if (at->kind != PROBLEM_SAVED || !is_open(fix, at))
            continue;
        const char *why = saved_catch_up(session, &fix->examined->world.topology, &missing);
        end_with(fix, at, missing || why ? STATUS_FAILED : status,
                 why ? why : "could not change the file");
    }
    return status;
}

// A problem that was never reached, because of a signal for example, is not fixed.
static enum status end_rest(const struct domain_fix *fix, enum status status)
{
    for (struct problem *at = fix->problems->first; at; at = at->next) {
        if (problem_scope(at) != SCOPE_DOMAIN)
            continue;
        if (is_open(fix, at))
            end_with(fix, at, STATUS_FAILED, "not attempted");
        if (at->state == PROBLEM_LEFT)
            status = status_worse(status, STATUS_FAILED);
    }
    return status;
}

enum status fix_domain(struct examined *examined, struct problems *problems,
                       const struct fix_report *report)
{
    const struct domain_fix fix = { examined, problems, report };
    enum status status = forget_journal(&fix);
    if (status != STATUS_OK)
        return end_rest(&fix, status);
    status = correct_record(&fix);
    // A device's record is inside that of its controller, so controllers are added first and
    // removed last.
    status = status_worse(status, add_to_record(&fix, PROBLEM_UNKNOWN_CONTROLLER));
    status = status_worse(status, add_to_record(&fix, PROBLEM_UNKNOWN_DEVICE));
    status = status_worse(status, remove_gone(&fix, true));
    status = status_worse(status, remove_gone(&fix, false));
    status = status_worse(status, save(&fix));
    return end_rest(&fix, status);
}

// ---- problems of xenstore and of this host ----

enum status fix_one(const struct session *session, struct problem *problem,
                    const struct fix_report *report)
{
    const char *failure = NULL;
    enum status status;
    if (problem->kind == PROBLEM_ORPHAN) {
        status = host_probe(session->arena, problem->key, &failure) ? STATUS_OK : STATUS_FAILED;
    } else if (problem->kind == PROBLEM_HANDOVER) {
        status = pvusb_finish(session, problem->handover, &failure) ? STATUS_OK : STATUS_FAILED;
    } else {
        status = leftover_remove(session, problem);
        failure = "could not remove its nodes in xenstore";
    }
    end(session->arena, report, problem, status == STATUS_OK ? NULL : failure);
    return status;
}
