// SPDX-License-Identifier: MIT
// park takes away what keeps a guest from being restored after it is saved, and remembers it on
// disk; unpark attaches it again, to the guest with that UUID.
#include "park.h"

#include "base/arena.h"
#include "base/json.h"
#include "envelope.h"
#include "job.h"
#include "plan/restorable.h"
#include "show.h"
#include "watch/parked.h"

static bool is_json(const struct park_run *run)
{
    return run->invocation->given & OPTION_JSON;
}

static bool is_dry(const struct park_run *run)
{
    return run->invocation->given & OPTION_DRY_RUN;
}

static void print_done(const struct park_run *run, const struct session *session, const char *what)
{
    if (run->invocation->given & (OPTION_JSON | OPTION_QUIET))
        return;
    const struct domain *domain = session->domain;
    printf("%s (%d) %s.\n", text_show(run->invocation->arena, text_of(domain->name), 200),
           domain->id, what);
    fflush(stdout);
}

// What a job prints of its plan is part of the JSON of this verb.
static struct invocation invocation_of_job(const struct park_run *run)
{
    struct invocation invocation = *run->invocation;
    if (is_json(run))
        invocation.given = (invocation.given & ~(uint64_t)OPTION_JSON) | OPTION_QUIET;
    return invocation;
}

// Keeps what --json says of the guest, if it was found; `plan` may be NULL.
static void keep_outcome(struct park_run *run, const struct session *session,
                         const struct plan *plan, const char *done, enum status status)
{
    struct arena *arena = run->invocation->arena;
    const struct diags *diags = run->invocation->diags;
    const bool changes = plan && plan_changes(plan);
    if (!is_json(run) || !session->domain)
        return;
    struct json_writer *writer = json_writer_new(arena, false);
    json_open_object(writer);
    json_add_string(writer, "domain", session->domain->name);
    json_add_integer(writer, "domid", session->domain->id);
    json_add_string(writer, "state",
                    status != STATUS_OK      ? "failed"
                    : is_dry(run) && changes ? "planned"
                    : done && !is_dry(run)   ? done
                                             : "nothing");
    json_add_string(writer, "why", diags->errors ? diags_reason(diags, "no reason given") : NULL);
    json_key(writer, "steps");
    json_open_array(writer);
    if (plan)
        show_steps_json(arena, plan, writer);
    json_close(writer);
    json_close(writer);
    run->said = json_writer_end(writer);
}

// ---- park ----

// What the plan leaves must not prevent it.
static enum status check_rest(const struct job *job)
{
    struct diags *diags = job->invocation->diags;
    const struct restorable rest = restorable_after(job->invocation->arena, &job->plan);
    const char *name = job->world.session.domain->name;
    if (rest.verdict == VERDICT_UNKNOWN)
        complain(diags, SEVERITY_WARNING, CODE_INCOMPLETE, NULL, SPAN_NONE,
                 "it is not known whether %s can be restored then: %s", name, rest.why);
    if (rest.verdict != VERDICT_NO)
        return STATUS_OK;
    diag_hint(diags,
              complain_error(diags, CODE_NOT_RESTORABLE, "%s cannot be restored either way: %s",
                             name, rest.why),
              "nothing was changed");
    return STATUS_REFUSED;
}

static enum status act_on_plan(const struct park_run *run, struct job *job, bool *parked)
{
    struct parked_change change;
    const struct session *session = &job->world.session;
    if (is_dry(run))
        return job_run(job);
    enum status status = parked_write(session, &job->plan, &change);
    if (status != STATUS_OK)
        return status;
    status = job_run(job);
    // It must be remembered as long as something of it is missing, or may still go.
    if (status != STATUS_OK && status != STATUS_LEFTOVER && !plan_is_pending(&job->plan))
        (void)parked_cancel(session, &change);
    *parked = status == STATUS_OK && change.done;
    if (*parked)
        print_done(run, session, "is parked");
    return status;
}

static enum status park(struct park_run *run, const char *name)
{
    bool parked = false;
    const struct invocation invocation = invocation_of_job(run);
    cleanup_job struct job job = { .invocation = &invocation, .world = WORLD_NONE };
    enum status status = job_compile_words(&job, NULL, 0, SPEC_DEVICE, false);
    if (status == STATUS_OK)
        status = job_open(&job, name, !is_dry(run));
    if (status != STATUS_OK) {
        keep_outcome(run, &job.world.session, NULL, NULL, status);
        return status;
    }
    const struct plan_removal removal = { .source = job.config->source, .unrestorable = true };
    status =
        plan_remove(invocation.arena, invocation.diags, &removal, &job.world.topology, &job.plan);
    if (status == STATUS_OK)
        status = check_rest(&job);
    job.quiet = run->all && !plan_changes(&job.plan);
    if (status == STATUS_OK)
        status = act_on_plan(run, &job, &parked);
    keep_outcome(run, &job.world.session, &job.plan, parked ? "parked" : NULL, status);
    return status;
}

// ---- unpark ----

static bool needs_pvusb_qemu(const struct config *config)
{
    const struct config_controller *at = config->controllers;
    while (at && at->pvusb != PVUSB_QEMU)
        at = at->next;
    return at;
}

static bool is_complete(const struct plan *plan)
{
    const struct step *at = plan->first;
    while (at && at->op != STEP_SKIP)
        at = at->next;
    return !at;
}

// What is not plugged in stays parked, with the rest: that is attached only once.
static enum status finish(const struct park_run *run, const struct job *job, const char **done)
{
    struct diags *diags = run->invocation->diags;
    const struct session *session = &job->world.session;
    if (is_dry(run))
        return STATUS_OK;
    if (!is_complete(&job->plan)) {
        diag_hint(diags,
                  complain(diags, SEVERITY_WARNING, CODE_NOT_PLUGGED_IN, NULL, SPAN_NONE,
                           "what is not plugged in stays parked for %s", session->domain->name),
                  "plug it in and unpark %s again", session->domain->name);
        *done = "incomplete";
        return parked_release(session) == STATUS_OK ? STATUS_OK : STATUS_LEFTOVER;
    }
    if (parked_forget(session) != STATUS_OK)
        return STATUS_LEFTOVER;
    *done = "unparked";
    print_done(run, session, "is no longer parked");
    return STATUS_OK;
}

// What is not plugged in does not keep the rest from being attached.
static struct config *wanted_of(struct arena *arena, const struct config *parked)
{
    struct config *wanted = config_copy(arena, parked);
    for (struct config_device *at = wanted->devices; at; at = at->next)
        at->required = (struct config_flag){ at->why, false };
    return wanted;
}

static enum status attach_again(const struct park_run *run, struct job *job, struct config *wanted,
                                const char **done)
{
    enum status status = job_change_config(job, wanted);
    if (status == STATUS_OK)
        status = job_look(job, !is_dry(run));
    if (status == STATUS_OK)
        status = job_plan(job);
    if (status == STATUS_OK)
        status = job_run(job);
    return status == STATUS_OK ? finish(run, job, done) : status;
}

// Finds the domain, and what is parked of it; *parked is NULL if nothing is. Once the domain is
// locked, nothing else is parked there before that is forgotten.
static enum status find_parked(const struct park_run *run, const char *name, struct job *job,
                               const struct config **parked)
{
    const struct session *session = &job->world.session;
    struct diags *diags = run->invocation->diags;
    enum status status = job_compile_words(job, NULL, 0, SPEC_DEVICE, false);
    job->attaches = true;
    if (status == STATUS_OK)
        status = job_find(job, name, !is_dry(run));
    if (status == STATUS_OK)
        status = parked_read(session->arena, diags, session->domain, parked);
    if (status != STATUS_OK || !*parked || is_dry(run))
        return status;
    status = world_lock(&job->world);
    return status == STATUS_OK ? parked_read(session->arena, diags, session->domain, parked)
                               : status;
}

static enum status unpark(struct park_run *run, const char *name)
{
    const char *done = NULL;
    const struct config *parked = NULL;
    struct invocation invocation = invocation_of_job(run);
    cleanup_job struct job job = { .invocation = &invocation, .world = WORLD_NONE };
    enum status status = find_parked(run, name, &job, &parked);
    if (status == STATUS_OK && parked) {
        invocation.given |= needs_pvusb_qemu(parked) ? OPTION_START_BACKEND : 0;
        status = attach_again(run, &job, wanted_of(invocation.arena, parked), &done);
    } else if (status == STATUS_OK && !run->all) {
        print_done(run, &job.world.session, "is not parked: nothing to do");
    }
    keep_outcome(run, &job.world.session, job.plan.topology ? &job.plan : NULL, done, status);
    return status;
}

// ---- one or all ----

static enum status run_for_one(const struct invocation *invocation, park_one *act)
{
    struct park_run run = { .invocation = invocation };
    enum status status = act(&run, invocation->words[0]);
    const char *why;
    if (run.said.size)
        json_put_value(envelope_list(invocation, "guests"),
                       json_read(invocation->arena, run.said, &why));
    return status;
}

static enum status run_verb(const struct invocation *invocation, park_one *act)
{
    const bool all = invocation->given & OPTION_ALL;
    if (all != (invocation->count == 0)) {
        diag_hint(invocation->diags,
                  complain_error(invocation->diags, CODE_USAGE,
                                 all ? "--all takes no domain" : "the domain is missing"),
                  "name one, or use --all");
        return STATUS_REQUEST;
    }
    return all ? park_all(invocation, act) : run_for_one(invocation, act);
}

static enum status run_park(const struct invocation *invocation)
{
    return run_verb(invocation, park);
}

static enum status run_unpark(const struct invocation *invocation)
{
    return run_verb(invocation, unpark);
}

const struct command park_command = {
    .name = "park",
    .arguments = "DOMAIN",
    .summary = "Take away what keeps a saved guest from being restored.",
    .details = "Removes the devices and controllers that were added while the guest ran, and "
               "remembers\n"
               "them on disk for unpark. The guest has to release a controller. --all, without "
               "DOMAIN,\n"
               "parks all guests.",
    .options = OPTION_ALL | OPTION_DRY_RUN | OPTION_JSON | OPTION_QUIET | OPTION_TIMEOUT,
    .json = "guests[]",
    .least = 0,
    .most = 1,
    .run = run_park,
};

const struct command unpark_command = {
    .name = "unpark",
    .arguments = "DOMAIN",
    .summary = "Attach again what was parked.",
    .details = "A guest is recognised by its UUID: it may have been saved and restored. What is "
               "not\n"
               "plugged in stays parked. --all, without DOMAIN, unparks all guests that run.",
    .options = OPTION_ALL | OPTION_DRY_RUN | OPTION_JSON | OPTION_QUIET | OPTION_TIMEOUT,
    .json = "guests[]",
    .least = 0,
    .most = 1,
    .run = run_unpark,
};
