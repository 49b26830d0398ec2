// SPDX-License-Identifier: MIT
// park takes away what keeps a guest from being restored after it is saved, and remembers it on
// disk; unpark attaches it again, to the guest with that UUID.
#include "base/arena.h"
#include "job.h"
#include "plan/restorable.h"
#include "watch/parked.h"
#include "xen/xen.h"

// Both verbs, for one domain or all.
struct run {
    const struct invocation *invocation;
    bool all;   // only guests with something to do are shown
    bool found; // one with something to do
};
typedef enum status one(struct run *run, const char *domain);

static void print_done(const struct run *run, const struct session *session, const char *what)
{
    if (run->invocation->given & OPTION_QUIET)
        return;
    const struct domain *domain = session->domain;
    printf("%s (%d) %s.\n", text_show(run->invocation->arena, text_of(domain->name), 200),
           domain->id, what);
    fflush(stdout);
}

static bool is_dry(const struct run *run)
{
    return run->invocation->given & OPTION_DRY_RUN;
}

// ---- park ----

// What the plan leaves must not prevent it.
static enum status check_rest(const struct job *job)
{
    struct diags *diags = job->invocation->diags;
    const struct restorable rest = restorable_after(job->invocation->arena, &job->plan);
    const char *name = job->world.session.domain->name;
    if (rest.verdict == VERDICT_UNKNOWN)
        complain(diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                 "it is not known whether %s can be restored then: %s", name, rest.why);
    if (rest.verdict != VERDICT_NO)
        return STATUS_OK;
    diag_hint(diags, complain_error(diags, "%s cannot be restored either way: %s", name, rest.why),
              "nothing was changed");
    return STATUS_REFUSED;
}

static bool is_pending(const struct plan *plan)
{
    const struct step *at = plan->first;
    while (at && !at->pending)
        at = at->next;
    return at;
}

static enum status act_on_plan(struct run *run, struct job *job)
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
    if (status != STATUS_OK && status != STATUS_LEFTOVER && !is_pending(&job->plan))
        (void)parked_cancel(session, &change);
    if (status == STATUS_OK && change.done)
        print_done(run, session, "is parked");
    return status;
}

static enum status park(struct run *run, const char *name)
{
    const struct invocation *invocation = run->invocation;
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE };
    enum status status = job_compile_words(&job, NULL, 0, SPEC_DEVICE, false);
    if (status == STATUS_OK)
        status = job_open(&job, name, !is_dry(run));
    if (status != STATUS_OK)
        return status;
    const struct plan_removal removal = { .source = job.config->source, .unrestorable = true };
    status =
        plan_remove(invocation->arena, invocation->diags, &removal, &job.world.topology, &job.plan);
    if (status == STATUS_OK)
        status = check_rest(&job);
    job.quiet = run->all && !plan_changes(&job.plan);
    run->found |= !job.quiet;
    if (status == STATUS_OK)
        status = act_on_plan(run, &job);
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
static enum status finish(const struct run *run, const struct job *job)
{
    struct diags *diags = run->invocation->diags;
    const struct session *session = &job->world.session;
    if (is_dry(run))
        return STATUS_OK;
    if (!is_complete(&job->plan)) {
        diag_hint(diags,
                  complain(diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                           "what is not plugged in stays parked for %s", session->domain->name),
                  "plug it in and unpark %s again", session->domain->name);
        return STATUS_OK;
    }
    if (parked_forget(session) != STATUS_OK)
        return STATUS_LEFTOVER;
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

static enum status attach_again(const struct run *run, struct job *job, struct config *wanted)
{
    enum status status = job_change_config(job, wanted);
    if (status == STATUS_OK)
        status = job_look(job, !is_dry(run));
    if (status == STATUS_OK)
        status = job_plan(job);
    if (status == STATUS_OK)
        status = job_run(job);
    return status == STATUS_OK ? finish(run, job) : status;
}

// Finds the domain, and what is parked of it; *parked is NULL if nothing is. Once the domain is
// locked, nothing else is parked there before that is forgotten.
static enum status find_parked(const struct run *run, const char *name, struct job *job,
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

static enum status unpark(struct run *run, const char *name)
{
    const struct config *parked = NULL;
    struct invocation invocation = *run->invocation;
    cleanup_job struct job job = { .invocation = &invocation, .world = WORLD_NONE };
    enum status status = find_parked(run, name, &job, &parked);
    if (status != STATUS_OK)
        return status;
    run->found |= parked != NULL;
    if (parked) {
        invocation.given |= needs_pvusb_qemu(parked) ? OPTION_START_BACKEND : 0;
        return attach_again(run, &job, wanted_of(invocation.arena, parked));
    }
    if (!run->all)
        print_done(run, &job.world.session, "is not parked: nothing to do");
    return STATUS_OK;
}

// ---- one or all ----

static enum status list_domains(const struct run *run, const struct domain **domains, size_t *count)
{
    cleanup_xen struct xen *xen = NULL;
    const struct world_options options = options_for_world(run->invocation);
    enum status status = world_open_xen(&options, &xen);
    return status == STATUS_OK
               ? xen_domains(xen, run->invocation->diags, DOMAIN_NAME, domains, count)
               : status;
}

// Complaints are each guest's own: an error about one must not look like one about the next.
static enum status run_for_one(struct run *run, one *act, const struct domain *domain)
{
    struct diags diags;
    const struct invocation *all = run->invocation;
    struct invocation invocation = *all;
    diags_init(&diags, all->arena);
    invocation.diags = &diags;
    run->invocation = &invocation;
    enum status status = act(run, arena_printf(all->arena, "%d", domain->id));
    if (status != STATUS_OK)
        complain_error(&diags, "%s (%d) was not %sed", domain->name, domain->id,
                       all->command->name);
    fflush(stdout);
    diags_print(&diags, stderr, all->color);
    run->invocation = all;
    return status;
}

static enum status complain_interrupted(const struct run *run)
{
    complain_error(run->invocation->diags, "interrupted; the guests after that were not %sed",
                   run->invocation->command->name);
    return STATUS_FAILED;
}

// Each of them, whatever becomes of the others, until a signal comes.
static enum status run_for_all(struct run *run, one *act)
{
    size_t count = 0, i = 0;
    const struct domain *domains = NULL;
    enum status worst = list_domains(run, &domains, &count);
    for (; i < count && !interrupt_of_process()->raised; i++)
        if (domains[i].id != 0 && !domains[i].dying)
            worst = status_worse(worst, run_for_one(run, act, &domains[i]));
    if (i < count)
        worst = status_worse(worst, complain_interrupted(run));
    if (!run->found && worst == STATUS_OK && !(run->invocation->given & OPTION_QUIET))
        puts("Nothing to do.");
    return worst;
}

static enum status run_verb(const struct invocation *invocation, one *act)
{
    struct run run = { .invocation = invocation, .all = invocation->given & OPTION_ALL };
    if (run.all != (invocation->count == 0)) {
        diag_hint(invocation->diags,
                  complain_error(invocation->diags,
                                 run.all ? "--all takes no domain" : "the domain is missing"),
                  "name one, or use --all");
        return STATUS_REQUEST;
    }
    return run.all ? run_for_all(&run, act) : act(&run, invocation->words[0]);
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
    .options = OPTION_ALL | OPTION_DRY_RUN | OPTION_QUIET | OPTION_TIMEOUT,
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
    .options = OPTION_ALL | OPTION_DRY_RUN | OPTION_QUIET | OPTION_TIMEOUT,
    .least = 0,
    .most = 1,
    .run = run_unpark,
};
