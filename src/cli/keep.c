// SPDX-License-Identifier: MIT
#include "keep.h"

#include "watch/kept.h"

static void show(const struct job *job, const struct kept_change *change, const char *what)
{
    struct arena *arena = job->invocation->arena;
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
    struct diag *diag = complain(diags, SEVERITY_WARNING, NULL, SPAN_NONE, "%s%s",
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

enum status keep_attached(struct job *job)
{
    struct kept_change change;
    const struct session *session = &job->world.session;
    enum status status = kept_prepare_add(session, job->config, &change);
    if (status != STATUS_OK)
        return status;
    status = job_run(job);
    if (status != STATUS_OK)
        return cancel(job, &change, status);
    status = kept_commit(session, &change);
    if (status != STATUS_OK)
        return status_worse(status, STATUS_LEFTOVER);
    show(job, &change, "Kept until it is detached");
    warn_without_watcher(job);
    return STATUS_OK;
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
    if (status != STATUS_OK)
        return status;
    status = job_run(job);
    if (status != STATUS_OK)
        return cancel(job, &change, status);
    status = kept_commit(session, &change);
    if (status != STATUS_OK)
        return status_worse(status, STATUS_LEFTOVER);
    show(job, &change, "Kept until it is detached");
    return STATUS_OK;
}
