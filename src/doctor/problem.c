// SPDX-License-Identifier: MIT
#include "problem.h"

#include "base/arena.h"
#include "xen/advice.h"

enum { LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

void problems_init(struct problems *problems)
{
    *problems = (struct problems){ .last = &problems->first };
}

void problem_append(struct problems *problems, struct problem *problem)
{
    problem->next = NULL;
    *problems->last = problem;
    problems->last = &problem->next;
    problems->count++;
}

struct problem *problem_add(struct arena *arena, struct problems *problems, enum problem_kind kind,
                            const struct domain *domain, const char *key)
{
    struct problem *problem = arena_new_of(arena, struct problem);
    problem->kind = kind;
    problem->domain = domain ? domain->id : -1;
    problem->name = domain ? domain->name : "";
    problem->key = key;
    problem->fix = advice(arena, domain ? ADVICE_REPAIR : ADVICE_REPAIR_HOST, domain, NULL);
    problem_append(problems, problem);
    return problem;
}

struct problem *problem_again(const struct problems *problems, const struct problem *problem)
{
    for (struct problem *at = problems->first; at; at = at->next)
        if (at->kind == problem->kind && at->domain == problem->domain &&
            strcmp(at->key, problem->key) == 0)
            return at;
    return NULL;
}

enum problem_scope problem_scope(const struct problem *problem)
{
    switch (problem->kind) {
    case PROBLEM_HANDOVER:
    case PROBLEM_ORPHAN: return SCOPE_HOST;
    case PROBLEM_DEAD_NOTES:
    case PROBLEM_PARTIAL: return SCOPE_XENSTORE;
    default: return SCOPE_DOMAIN;
    }
}

const char *problem_log_line(struct arena *arena, const struct problem *problem, const char *who)
{
    const char *of = problem->domain < 0
                         ? ""
                         : arena_printf(arena, " of %s (%d)", problem->name, problem->domain);
    const char *line = arena_printf(
        arena, "%s %s%s: %s; by %s%s%s",
        problem->state == PROBLEM_FIXED ? "fixed" : "could not fix", problem->what, of,
        problem->why, who, problem->failure ? ": " : "", problem->failure ? problem->failure : "");
    return text_show(arena, text_of(line), LINE_SHOWN);
}
