// SPDX-License-Identifier: MIT
#include "job.h"

#include "backends/backends.h"
#include "base/arena.h"
#include "base/shortage.h"
#include "base/source_read.h"
#include "config/check.h"
#include "envelope.h"
#include "plan/disks.h"
#include "plan/execute.h"
#include "plan/log.h"
#include "record/journal.h"
#include "record/record.h"
#include "record/saved.h"
#include "saving.h"
#include "show.h"
#include "world/host_policy.h"
#include "world/owners.h"
#include "world/resume.h"
#include "xen/advice.h"

// Checks the config if nothing has yet, and it is to be checked at all.
static enum status check(struct job *job)
{
    if (!job->unchecked)
        return STATUS_OK;
    job->unchecked = false;
    return check_config(job->invocation->arena, job->invocation->diags, job->config);
}

// Where the guest's type is not known, the checks wait for it; unless there are errors already, for
// which nobody looks for the domain.
static enum status check_if_settled(struct job *job)
{
    const struct diags *diags = job->invocation->diags;
    if (diags->errors || job->config->domain.type != DOMAIN_UNKNOWN)
        check(job);
    return diags->errors ? STATUS_REQUEST : STATUS_OK;
}

void job_take_config(struct job *job, struct config *config)
{
    job->config = config;
    job->attaches = true;
    job->unchecked = config->domain.type == DOMAIN_UNKNOWN;
}

enum status job_compile_file(struct job *job, const char *path)
{
    struct arena *arena = job->invocation->arena;
    const struct source *source = source_read(arena, job->invocation->diags, path);
    if (!source)
        return STATUS_REQUEST;
    job->config = parse_config(arena, job->invocation->diags, source);
    job->attaches = job->unchecked = true;
    return check_if_settled(job);
}

enum status job_compile_words(struct job *job, const char *const *words, size_t count,
                              enum spec_what what, bool checked)
{
    struct arena *arena = job->invocation->arena;
    const struct source *source = source_from_words(arena, "<command line>", words, count);
    job->config = parse_specs(arena, job->invocation->diags, source, what);
    job->attaches = job->unchecked = checked;
    return check_if_settled(job);
}

static const char *domain_word(const struct job *job, const char *name)
{
    const struct config_text *own = &job->config->domain.name;
    if (job->invocation->domain)
        return job->invocation->domain;
    if (name || !GIVEN(*own))
        return name;
    return arena_copy(job->invocation->arena, own->text.at, own->text.size);
}

// The file is for another type of guest: probably the wrong file or the wrong domain.
static enum status complain_mixed_up(const struct job *job)
{
    struct diags *diags = job->invocation->diags;
    const struct config_domain *wanted = &job->config->domain;
    const struct domain *domain = job->world.session.domain;
    struct diag *diag =
        complain(diags, SEVERITY_ERROR, CODE_WRONG_TYPE, job->config->source, wanted->type_at,
                 "this config is for a guest of type %s, but %s is of type %s",
                 domain_type_name(wanted->type), domain->name, domain_type_name(domain->type));
    diag_hint(diags, diag, "%s",
              span_is_none(wanted->type_at) ? "without type=, xl creates a pv guest"
                                            : "--domain names another guest");
    return STATUS_REQUEST;
}

// Sets the guest's type, which a command line and many files do not give, and what depends on it.
static enum status settle(struct job *job)
{
    struct config_domain *domain = &job->config->domain;
    enum domain_type type = job->world.session.domain->type;
    if (type == DOMAIN_UNKNOWN || domain->type == type)
        return STATUS_OK;
    if (domain->type != DOMAIN_UNKNOWN)
        return complain_mixed_up(job);
    domain->type = type;
    config_settle(job->invocation->arena, job->config);
    return STATUS_OK;
}

static enum status find_domain(struct job *job, const char *name)
{
    struct world_options options = options_for_world(job->invocation);
    options.find_owners = job->attaches;
    options.accept_ended = !job->attaches;
    name = domain_word(job, name);
    if (!name && !job->invocation->qmp) {
        struct diag *diag =
            complain_error(job->invocation->diags, CODE_NO_DOMAIN,
                           "%s does not say which domain it is for", job->config->source->name);
        diag_hint(job->invocation->diags, diag, "it has no name=; use --domain, or --qmp SOCKET");
        return STATUS_REQUEST;
    }
    enum status status = world_find(&job->world, &options, name);
    return status == STATUS_OK ? settle(job) : status;
}

static void resume(const struct job *job)
{
    const struct topology *topology = &job->world.topology;
    const struct world_options options = options_for_world(job->invocation);
    if (resume_journals(&job->world.session, &options, topology->domains, topology->domain_count))
        envelope_changed(job->invocation);
}

static void mention_journal(const struct job *job)
{
    const struct session *session = &job->world.session;
    if (session->record)
        journal_mention(session, session->diags, session->record->journal);
}

enum status job_find(struct job *job, const char *name, bool changes)
{
    enum status status = find_domain(job, name);
    // Whatever is wrong with the config is reported in the same run.
    status = status_worse(status, check(job));
    if (status != STATUS_OK)
        return status;
    if (changes)
        resume(job);
    return STATUS_OK;
}

enum status job_change_config(struct job *job, struct config *config)
{
    job_take_config(job, config);
    enum status status = settle(job);
    return status == STATUS_OK ? check(job) : status;
}

enum status job_look(struct job *job, bool changes)
{
    enum status status = world_open(&job->world, changes);
    if (status == STATUS_OK && !changes)
        mention_journal(job);
    return status;
}

enum status job_open(struct job *job, const char *name, bool changes)
{
    enum status status = job_find(job, name, changes);
    return status == STATUS_OK ? job_look(job, changes) : status;
}

// --require-guest needs a running guest.
static enum status complain_paused(const struct job *job)
{
    struct diags *diags = job->invocation->diags;
    const struct domain *domain = job->world.session.domain;
    struct diag *diag = complain_error(diags, CODE_PAUSED,
                                       "%s is paused, so it cannot use a device now", domain->name);
    // xl does not know a QEMU that --qmp names.
    diag_hint(diags, diag, "%s; or omit --require-guest",
              domain->id < 0 ? "to resume it, send QEMU the command cont"
                             : advice(diags->arena, ADVICE_UNPAUSE, domain, NULL));
    return STATUS_REFUSED;
}

enum status job_plan(struct job *job)
{
    if (job->invocation->given & OPTION_REQUIRE_GUEST && job->world.session.domain->paused)
        return complain_paused(job);
    owners_find_asked(&job->world.session, job->config, &job->world.topology, &job->world.host);
    if (session_interrupted(&job->world.session))
        return world_interrupted(&job->world);
    const struct plan_options options = {
        .backends = job->world.backends,
        .prune = job->invocation->given & OPTION_PRUNE,
        .force = job->invocation->given & OPTION_FORCE,
        .move = job->moves,
        .moved = job->moved,
        .start_backend = job->invocation->given & OPTION_START_BACKEND,
        .skip_missing = job->invocation->given & OPTION_SKIP_MISSING,
        .policy = job->attaches ? host_policy(job->invocation->arena) : NULL,
    };
    enum status status = plan_make(job->invocation->diags, job->config, &job->world.topology,
                                   &job->world.host, &options, &job->plan);
    // It has also read what it needed to know about the devices.
    return status_worse(status, shortage_check(job->invocation->diags));
}

void job_write_steps(const struct job *job)
{
    const struct invocation *invocation = job->invocation;
    if (invocation->given & OPTION_JSON && !job->quiet)
        show_steps_json(invocation->arena, &job->plan, envelope_list(invocation, "steps"));
}

enum status job_plan_to_run(struct job *job)
{
    enum status status = job_plan(job);
    if (status != STATUS_OK)
        job_write_steps(job);
    return status;
}

static void tell(void *context, const struct step *step)
{
    struct job *job = context;
    if (!(job->invocation->given & OPTION_DRY_RUN))
        log_step(job->invocation->arena, step_domain(step, job->world.session.domain), step);
    if (job->quiet || job->invocation->given & (OPTION_JSON | OPTION_QUIET))
        return;
    show_step(job->invocation->arena, &job->plan, step, job->invocation->given & OPTION_DRY_RUN,
              stdout);
    fflush(stdout);
}

// Lets the backend that does nothing carry the steps out.
static void pretend_in(struct topology *topology)
{
    for (struct controller *at = topology->controllers; at; at = at->next)
        at->backend = &dry_backend;
    if (topology->pvusb_qemu)
        topology->pvusb_qemu->backend = &dry_backend;
}

static void pretend(struct job *job)
{
    pretend_in(&job->world.topology);
    if (job->other)
        pretend_in(&job->other->topology);
}

// What libxl's saved configuration of the domain lacks, or lacked until now.
static void note_unsaved(const struct job *job, const char *lacks, const char *what,
                         const char *hint)
{
    struct diags *diags = job->invocation->diags;
    const struct domain *domain = job->world.session.domain;
    struct diag *diag = complain(diags, SEVERITY_NOTE, CODE_UNSAVED, NULL, SPAN_NONE,
                                 "libxl's saved configuration of domain %s (%d) %s: %s",
                                 domain->name, domain->id, lacks, what);
    diag_hint(diags, diag, "an earlier command did not finish; %s", hint);
}

bool job_catch_up(struct job *job, bool dry)
{
    struct diags *diags = job->invocation->diags;
    const struct session *session = &job->world.session;
    const char *missing;
    const char *why = saved_catch_up(session, &job->world.topology, &missing);
    // With changes to make, saved_write() reports it.
    if (why && (dry || !plan_changes(&job->plan))) {
        struct diag *diag =
            complain(diags, SEVERITY_WARNING, CODE_UNSAVED, NULL, SPAN_NONE,
                     "cannot compare libxl's saved configuration of domain %s (%d) with what is "
                     "attached: %s",
                     session->domain->name, session->domain->id, why);
        diag_hint(diags, diag, "if something is missing there, xl reboot will not attach it again");
    }
    if (missing && dry)
        note_unsaved(job, "lacks", missing,
                     "xl reboot would lose that, until the next change adds it");
    return missing;
}

// What was left out of libxl's saved configuration on purpose is not added to it later.
static void keep_unsaved(const struct job *job)
{
    if (job->world.session.keep_saved && (job->plan.add || job->plan.move))
        record_note_unsaved(&job->world.session);
}

// What is undone again was not changed; what could not be undone, or may still happen, was.
static bool has_changed(const struct job *job)
{
    const struct step *at = job->plan.first;
    while (at && at->state != STEP_DONE && at->state != STEP_LEFT && !at->pending)
        at = at->next;
    return at || job->world.session.saved->added;
}

static void show_result(const struct job *job, enum status status)
{
    const struct invocation *invocation = job->invocation;
    if (job->quiet || invocation->given & OPTION_QUIET)
        return;
    if (invocation->given & OPTION_JSON)
        job_write_steps(job);
    else
        show_outcome(invocation->arena, &job->plan, status, invocation->given & OPTION_DRY_RUN,
                     stdout);
}

enum status job_run(struct job *job)
{
    bool dry = job->invocation->given & OPTION_DRY_RUN;
    if (dry)
        pretend(job);
    struct execution execution =
        dry ? (struct execution){ .on_step = tell, .context = job } : journal_execution(tell, job);
    execution.keep_done = job->keep_done;
    job->world.session.partner = job->other ? &job->other->session : NULL;
    cleanup_reservation struct reservation reservation = RESERVATION_NONE;
    enum status status =
        dry ? STATUS_OK : plan_reserve_disks(&job->world.session, &job->plan, &reservation);
    if (status != STATUS_OK)
        job_write_steps(job);
    if (status == STATUS_FAILED)
        return world_interrupted(&job->world);
    if (status != STATUS_OK)
        return status;
    job_catch_up(job, dry);
    const enum verdict restorable = saving_before(job);
    status = execute(&job->world.session, &job->plan, &execution);
    if (!dry && has_changed(job))
        envelope_changed(job->invocation);
    if (status == STATUS_OK && !dry) {
        keep_unsaved(job);
        record_note_declared(&job->world.session, &job->world.topology);
    }
    if (job->world.session.saved->added)
        note_unsaved(job, "lacked", job->world.session.saved->added,
                     "it has been added, so that xl reboot keeps it");
    if (status == STATUS_OK && !job->quiet)
        saving_note(job, restorable);
    show_result(job, status);
    return status;
}

void job_close(struct job *job)
{
    world_close(&job->world);
}
