// SPDX-License-Identifier: MIT
#include "keep.h"

#include "envelope.h"
#include "watch/kept.h"

// A change that is in effect.
static void show(const struct job *job, const struct kept_change *change, const char *what)
{
    struct arena *arena = job->invocation->arena;
    if (change->count)
        envelope_changed(job->invocation);
    if (job->invocation->given & OPTION_JSON)
        return;
    for (size_t i = 0; i < change->count; i++)
        printf("%s: %s\n", what, text_show(arena, text_of(change->items[i]), 200));
}

// Without a watcher, that it is kept is only a wish.
static void warn_without_watcher(const struct job *job)
{
    unsigned process;
    const char *why;
    struct diags *diags = job->invocation->diags;
    const enum verdict runs = lock_watcher_runs(job->invocation->arena, &process, &why);
    if (runs == VERDICT_YES)
        return;
    struct diag *diag = complain(diags, SEVERITY_WARNING, CODE_NO_WATCHER, NULL, SPAN_NONE, "%s%s",
                                 runs == VERDICT_NO ? "no watcher runs on this host"
                                                    : "it is not known whether a watcher runs: ",
                                 why ? why : "");
    diag_hint(diags, diag, "only a watcher attaches it again; its service is xenusb-watch");
}

// What has failed already is the status.
static enum status cancel(const struct job *job, struct kept_change *change, enum status status)
{
    (void)kept_cancel(&job->world.session, change);
    return status;
}

// Runs the plan, and puts the change that was prepared into effect.
static enum status run_and_keep(struct job *job, struct kept_change *change)
{
    enum status status = job_run(job);
    if (status != STATUS_OK)
        return cancel(job, change, status);
    status = kept_commit(&job->world.session, change);
    if (status != STATUS_OK)
        return status_worse(status, STATUS_LEFTOVER);
    show(job, change, "Kept until it is detached");
    return STATUS_OK;
}

enum status keep_attached(struct job *job)
{
    struct kept_change change;
    const struct session *session = &job->world.session;
    enum status status = kept_prepare_add(session, job->config, &change);
    if (status == STATUS_OK)
        status = run_and_keep(job, &change);
    if (status == STATUS_OK)
        warn_without_watcher(job);
    return status;
}

enum status keep_no_longer(struct job *job, bool all)
{
    struct kept_change change;
    const struct session *session = &job->world.session;
    const struct kept_removal removal = { job->config, &job->plan, all };
    // Before the removal: a watcher that sees it, or a kill in between, must not bring it back.
    enum status status = kept_prepare_drop(session, &removal, &change);
    if (status != STATUS_OK)
        return status;
    kept_reserve(&change, &job->world.topology, &job->plan);
    status = kept_commit(session, &change);
    if (status == STATUS_OK)
        status = job_run(job);
    if (status != STATUS_OK)
        return cancel(job, &change, status);
    show(job, &change, "No longer kept");
    return STATUS_OK;
}

// The step that adds what is moved; NULL if nothing is.
static const struct step *move_of(const struct plan *plan)
{
    const struct step *step = plan->first;
    while (step && (!step->pair || step->op != STEP_ADD))
        step = step->next;
    return step;
}

enum status keep_moved(struct job *job)
{
    struct kept_change change;
    const struct session *session = &job->world.session;
    const struct step *move = move_of(&job->plan);
    if (!move)
        return job_run(job);
    enum status status = kept_prepare_move(session, move->pair->device, move->device, &change);
    if (status == STATUS_OK)
        kept_reserve(&change, &job->world.topology, &job->plan);
    return status == STATUS_OK ? run_and_keep(job, &change) : status;
}

// What is kept of it, at the place where it goes.
static const struct config *kept_there(const struct job *to, const struct kept_change *dropped)
{
    struct arena *arena = to->invocation->arena;
    const struct config_device *wanted = to->config->devices;
    const struct source *source =
        source_from_words(arena, "<kept>", dropped->items, dropped->count);
    struct config *config = parse_specs(arena, to->invocation->diags, source, SPEC_DEVICE);
    for (struct config_device *at = config->devices; at; at = at->next) {
        at->controller = NULL;
        at->controller_name = wanted->controller_name;
        at->port = wanted->port;
    }
    return config;
}

static enum status commit_both(const struct session *from, struct kept_change *dropped,
                               const struct session *to, struct kept_change *added)
{
    enum status status = kept_commit(to, added);
    if (status == STATUS_OK)
        status = kept_commit(from, dropped);
    return status;
}

enum status keep_moved_away(struct job *from, struct job *to)
{
    struct kept_change dropped, added = { .path = NULL };
    const struct session *here = &from->world.session, *there = &to->world.session;
    const struct kept_removal removal = { from->config, &to->plan, false };
    enum status status = kept_prepare_drop(here, &removal, &dropped);
    if (status == STATUS_OK && dropped.count)
        status = kept_prepare_add(there, kept_there(to, &dropped), &added);
    if (status == STATUS_OK) {
        kept_reserve(&dropped, &from->world.topology, &to->plan);
        status = job_run(to);
    }
    if (status != STATUS_OK) {
        (void)kept_cancel(there, &added);
        return cancel(from, &dropped, status);
    }
    status = commit_both(here, &dropped, there, &added);
    if (status != STATUS_OK)
        return status_worse(status, STATUS_LEFTOVER);
    show(to, &added, "Kept until it is detached");
    return STATUS_OK;
}
