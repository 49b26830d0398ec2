// SPDX-License-Identifier: MIT
#include "repair.h"

#include "base/arena.h"
#include "host/orphan.h"
#include "plan/log.h"

#include <syslog.h>

enum { LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

const char *repair_line(struct arena *arena, const struct problem *problem, const char *who)
{
    const char *of = problem->domain < 0
                         ? ""
                         : arena_printf(arena, " of %s (%d)", problem->name, problem->domain);
    const char *line = arena_printf(
        arena, "%s %s%s: %s; by %s%s%s",
        problem->state == PROBLEM_MENDED ? "mended" : "could not mend", problem->what, of,
        problem->why, who, problem->words ? ": " : "", problem->words ? problem->words : "");
    return text_show(arena, text_of(line), LINE_SHOWN);
}

static void end(const struct repair *repair, struct problem *problem, enum problem_state state,
                const char *words)
{
    struct arena *arena = repair->session->arena;
    problem->state = state;
    problem->words = words;
    syslog(state == PROBLEM_LEFT ? LOG_ERR : LOG_NOTICE, "%s",
           repair_line(arena, problem, log_who(arena)));
    if (repair->on_problem)
        repair->on_problem(repair->context, problem);
}

static void end_with(const struct repair *repair, struct problem *problem, enum status status,
                     const char *words)
{
    end(repair, problem, status == STATUS_OK ? PROBLEM_MENDED : PROBLEM_LEFT,
        status == STATUS_OK ? NULL : words);
}

static bool is_mine(const struct repair *repair, const struct problem *problem,
                    enum problem_kind kind)
{
    return problem->domain == repair->session->domain->id && problem->kind == kind &&
           problem->state == PROBLEM_FOUND;
}

// ---- by tidying ----

static bool is_tidied(enum problem_kind kind)
{
    return kind == PROBLEM_NOTE || kind == PROBLEM_FOREIGN || kind == PROBLEM_PORT;
}

static enum status tidy(const struct repair *repair, const struct record *record,
                        const struct topology *topology, struct problems *problems)
{
    unsigned count = 0;
    for (const struct problem *at = problems->first; at; at = at->next)
        count += is_tidied(at->kind) && is_mine(repair, at, at->kind);
    if (!count)
        return STATUS_OK;
    enum status status = record_tidy(repair->session, record, topology);
    for (struct problem *at = problems->first; at; at = at->next)
        if (is_tidied(at->kind) && is_mine(repair, at, at->kind))
            end_with(repair, at, status, "its record in xenstore could not be changed");
    return status;
}

// ---- by recording ----

// Controllers first: a device's record is in that of its controller.
static enum status record_unknown(const struct repair *repair, struct problems *problems)
{
    static const char words[] = "its record in xenstore could not be made";
    enum status status = STATUS_OK;
    for (struct problem *at = problems->first; at; at = at->next) {
        if (!is_mine(repair, at, PROBLEM_UNKNOWN_CONTROLLER))
            continue;
        enum status one = record_controller_added(repair->session, at->controller);
        end_with(repair, at, one, words);
        status = status_worse(status, one);
    }
    for (struct problem *at = problems->first; at; at = at->next) {
        if (!is_mine(repair, at, PROBLEM_UNKNOWN_DEVICE))
            continue;
        enum status one = record_device_added(repair->session, at->device);
        end_with(repair, at, one, words);
        status = status_worse(status, one);
    }
    return status;
}

// ---- by removing ----

static bool is_removed(enum problem_kind kind)
{
    return kind == PROBLEM_CONTROLLER || kind == PROBLEM_BUSID || kind == PROBLEM_DEVICE;
}

struct removing {
    const struct repair *repair;
    struct problems *problems;
};

static bool is_about(const struct problem *problem, const struct step *step)
{
    bool controller = problem->kind == PROBLEM_CONTROLLER;
    return problem->controller == step->controller &&
           (controller ? !step->device : problem->device == step->device);
}

static void step_ended(void *context, const struct step *step)
{
    const struct removing *removing = context;
    for (struct problem *at = removing->problems->first; at; at = at->next) {
        if (!is_removed(at->kind) || !is_about(at, step) ||
            !is_mine(removing->repair, at, at->kind))
            continue;
        end_with(removing->repair, at, step->state == STEP_DONE ? STATUS_OK : STATUS_FAILED,
                 step->words ? step->words : "it could not be removed");
    }
}

static void plan_removal(const struct repair *repair, const struct topology *topology,
                         struct problems *problems, struct plan *plan)
{
    plan_init(plan, topology);
    for (struct problem *at = problems->first; at; at = at->next) {
        if (!is_removed(at->kind) || !is_mine(repair, at, at->kind))
            continue;
        if (!at->controller->backend)
            end(repair, at, PROBLEM_LEFT, "xenusb does not serve that kind of controller here");
        else
            plan_add_step(plan, repair->session->arena, STEP_REMOVE, at->controller,
                          at->kind == PROBLEM_CONTROLLER ? NULL : at->device);
    }
}

// One plan for each: that one cannot be removed is no reason to give the others back.
static enum status remove_gone(const struct repair *repair, const struct topology *topology,
                               struct problems *problems)
{
    struct plan all;
    struct removing removing = { repair, problems };
    enum status status = STATUS_OK;
    plan_removal(repair, topology, problems, &all);
    for (int controllers = 0; controllers <= 1; controllers++)
        for (struct step *step = all.first; step; step = step->next) {
            struct plan one;
            if ((step->device == NULL) != (controllers == 1))
                continue;
            plan_init(&one, topology);
            plan_add_step(&one, repair->session->arena, STEP_REMOVE, step->controller,
                          step->device);
            status = status_worse(status, execute(repair->session, &one, step_ended, &removing));
        }
    return status;
}

// Whatever kept one from being tried, an interruption say, it is not mended.
static enum status check_left(const struct repair *repair, struct problems *problems,
                              enum status status)
{
    for (struct problem *at = problems->first; at; at = at->next) {
        if (at->domain != repair->session->domain->id || at->kind >= PROBLEM_DEAD_NOTES)
            continue;
        if (at->state == PROBLEM_FOUND)
            end(repair, at, PROBLEM_LEFT, "it was not reached");
        if (at->state == PROBLEM_LEFT)
            status = status_worse(status, STATUS_FAILED);
    }
    return status;
}

enum status repair_domain(const struct repair *repair, const struct record *record,
                          const struct topology *topology, struct problems *problems)
{
    enum status status = tidy(repair, record, topology, problems);
    status = status_worse(status, record_unknown(repair, problems));
    status = status_worse(status, remove_gone(repair, topology, problems));
    return check_left(repair, problems, status);
}

enum status repair_one(const struct repair *repair, struct problem *problem)
{
    const char *why = NULL;
    if (problem->kind != PROBLEM_ORPHAN) {
        enum status status = problem_remove(repair->session, problem);
        end_with(repair, problem, status, "its nodes could not be removed");
        return status;
    }
    bool mended = host_probe(repair->session->arena, problem->key, &why);
    end(repair, problem, mended ? PROBLEM_MENDED : PROBLEM_LEFT, mended ? NULL : why);
    return mended ? STATUS_OK : STATUS_FAILED;
}
