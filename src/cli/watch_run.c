// SPDX-License-Identifier: MIT
#include "watch_run.h"

#include "base/arena.h"
#include "watch_items.h"
#include "xen/xen.h"

// One run. It plans and acts in rounds: whatever is refused or fails is left out of the next one.
struct run {
    struct arena *arena;
    const struct watch_request *request;
    struct watch_report *report;
    struct watch_items items;
    struct diags diags;           // of this round
    struct invocation invocation; // what apply would have been asked for
    const char *word;             // the file
    bool known;  // the guest's type was known, or became so in the first round: it is all checked
    bool looked; // the items are as they were found
    bool ended;  // there is no such domain any longer
};

// For the journal.
static const struct command verb = { .name = "watch" };

enum next { NEXT_ROUND, NEXT_END };

// ---- the whole ----

static void add_why(struct run *run, enum status status, const char *why)
{
    struct watch_report *report = run->report;
    report->status = status_worse(report->status, status);
    if (why)
        report->why = *report->why ? arena_printf(run->arena, "%s; %s", report->why, why) : why;
}

// The first error of this round as what is wrong with the domain as a whole.
static enum next fail(struct run *run, enum status status)
{
    add_why(run, status, diags_reason(&run->diags, "no reason given"));
    return NEXT_END;
}

// Notes about journals, and warnings that belong to no entry, are worth telling.
static void keep_notes(struct run *run)
{
    for (const struct diag *at = run->diags.first; at; at = at->next)
        if (!at->source && at->severity != SEVERITY_ERROR && !strstr(run->report->why, at->message))
            add_why(run, STATUS_OK, at->message);
}

static bool is_listed(const struct run *run, const struct job *job)
{
    const struct topology *topology = &job->world.topology;
    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct domain *at = &topology->domains[i];
        if (!at->dying && strcmp(at->name, run->request->domain) == 0 &&
            (run->request->id < 0 || at->id == run->request->id))
            return true;
    }
    return false;
}

// Whether what failed did so because the domain is not there, or no longer.
static bool has_ended(const struct run *run, const struct job *job)
{
    const struct session *session = &job->world.session;
    if (!session->xen || !job->world.topology.domains)
        return false;
    if (!session->domain)
        return !is_listed(run, job);
    return xen_domain_is_alive(session->xen, session->domain) == VERDICT_NO;
}

static bool is_renamed(const struct run *run, const struct job *job)
{
    const struct domain *domain = job->world.session.domain;
    return domain && strcmp(domain->name, run->request->domain) != 0;
}

// ---- what is refused ----

static bool lies_within(const struct diag *diag, const struct source *source, struct span span)
{
    return diag->source == source && diag->span.from >= span.from && diag->span.to <= span.to;
}

// Why a controller was refused; NULL if it was not.
static const char *why_refused(const struct run *run, const struct config_controller *wanted)
{
    for (const struct diag *at = run->diags.first; at; at = at->next)
        if (at->severity == SEVERITY_ERROR &&
            lies_within(at, run->request->config->source, wanted->why))
            return at->message;
    return NULL;
}

static bool is_planned(const struct job *job, const struct config_controller *wanted)
{
    const struct controller *at = job->world.topology.controllers;
    while (at && at->wanted != wanted)
        at = at->next;
    return at;
}

static void refuse_device(const struct run *run, const struct job *job, const struct step *step,
                          enum status status)
{
    struct watch_item *item = watch_item_of_device(&run->items, step->device->wanted);
    const struct host_device *host = step->device->host;
    const struct domain *domain = job->world.session.domain;
    if (!item || item->left_out)
        return;
    bool others = host && host->owner && host->owner_domain != domain->id;
    item->status = others ? STATUS_OK : status;
    watch_item_describe(&run->items, item, NULL, host);
    watch_item_leave_out(&run->items, item, others ? WATCH_OTHERS : WATCH_REFUSED, step->words);
}

// Leaves out what the plan refuses; false if that is nothing.
static bool leave_refused(struct run *run, const struct job *job, enum status status)
{
    bool any = false;
    for (size_t i = 0; i < run->items.count; i++) {
        struct watch_item *item = &run->items.items[i];
        if (item->left_out || !item->controller || is_planned(job, item->controller))
            continue;
        const char *why = why_refused(run, item->controller);
        if (!why)
            continue;
        item->status = status;
        watch_item_leave_out(&run->items, item, WATCH_REFUSED, why);
        any = true;
    }
    for (const struct step *step = job->plan.first; step; step = step->next)
        if (step->op == STEP_REFUSE && step->device) {
            refuse_device(run, job, step, status);
            any = true;
        }
    return any;
}

static bool has_changes(const struct job *job)
{
    for (const struct controller *at = job->world.topology.controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->discard)
                return true;
    return plan_changes(&job->plan);
}

static enum next handle_refusals(struct run *run, const struct job *job, enum status status)
{
    if (status == STATUS_TIMEOUT || status == STATUS_FAILED ||
        session_interrupted(&job->world.session) || !leave_refused(run, job, status))
        return fail(run, status);
    if (has_changes(job))
        return NEXT_ROUND;
    watch_settle(&run->items, job);
    run->looked = true;
    return NEXT_END;
}

// ---- what failed ----

static void leave_failed(const struct run *run, struct watch_item *item, const struct step *step,
                         enum status status)
{
    if (!item || item->left_out)
        return;
    item->status = status;
    if (step->device)
        watch_item_describe(&run->items, item, step->device, device_on_host(step->device));
    else if (item->controller)
        watch_item_describe_controller(&run->items, item, step->controller);
    watch_item_leave_out(&run->items, item, WATCH_FAILED,
                         step->words ? step->words : "no reason given");
}

// What is left of a device and cannot be removed stays, and the entry itself is planned again.
static bool keep_gone(const struct run *run, const struct step *step, enum status status)
{
    for (size_t i = 0; i < run->items.count; i++) {
        struct watch_item *item = &run->items.items[i];
        if (item->gone != step->device || item->keeps_gone)
            continue;
        item->keeps_gone = true;
        item->status = status;
        item->entry.why = step->words ? step->words : "no reason given";
        return true;
    }
    return false;
}

// A controller that was planned for devices only.
static void leave_devices_on(const struct run *run, const struct job *job, const struct step *step,
                             enum status status)
{
    for (const struct step *at = job->plan.first; at; at = at->next)
        if (at->device && at->op == STEP_ADD && at->controller == step->controller)
            leave_failed(run, watch_item_of_device(&run->items, at->device->wanted), step, status);
}

static void leave_step(struct run *run, const struct job *job, const struct step *step,
                       enum status status)
{
    if (step->pvusb_qemu) {
        add_why(run, status,
                arena_printf(run->arena, "the PVUSB QEMU could not be started: %s",
                             step->words ? step->words : "no reason given"));
        run->invocation.given &= ~(uint64_t)OPTION_START_BACKEND;
    } else if (!step->device && step->controller->wanted) {
        leave_failed(run, watch_item_of_controller(&run->items, step->controller->wanted), step,
                     status);
    } else if (!step->device) {
        leave_devices_on(run, job, step, status);
    } else if (!step->device->discard || !keep_gone(run, step, status)) {
        leave_failed(run, watch_item_of_device(&run->items, step->device->wanted), step, status);
    }
}

static enum next handle_failure(struct run *run, const struct job *job, enum status status)
{
    bool any = false;
    watch_settle_done(&run->items, job);
    for (const struct step *step = job->plan.first; step; step = step->next) {
        if (step->state != STEP_FAILED && step->state != STEP_LEFT)
            continue;
        leave_step(run, job, step, status);
        any = true;
    }
    if (!any || session_interrupted(&job->world.session))
        return fail(run, status);
    return NEXT_ROUND;
}

// ---- rounds ----

static void note_domain(const struct run *run, const struct job *job)
{
    struct watch_report *report = run->report;
    const struct topology *topology = &job->world.topology;
    const struct domain *domain = job->world.session.domain;
    report->domain = domain->id;
    report->uuid = domain->uuid;
    report->qemus[domain_has_machine(domain->type) ? 0 : 1] = topology->qemu_process;
}

static enum next act(struct run *run, struct job *job)
{
    enum status status = job_plan(job);
    if (status != STATUS_OK)
        return handle_refusals(run, job, status);
    status = job_run(job);
    note_domain(run, job);
    if (status != STATUS_OK)
        return handle_failure(run, job, status);
    watch_settle(&run->items, job);
    run->looked = true;
    return NEXT_END;
}

static enum next round_of(struct run *run)
{
    const struct watch_request *request = run->request;
    struct config *config = config_copy(run->arena, request->config);
    diags_init(&run->diags, run->arena);
    // What is known ends with the connection that would report the changes.
    run->invocation.known =
        request->known && !xen_broken(request->known->xen) ? request->known : NULL;
    cleanup_job struct job job = {
        .invocation = &run->invocation, .world = WORLD_NONE, .quiet = true, .keep_done = true
    };
    job_take_config(&job, config);
    job.unchecked &= !run->known;
    watch_items_link(&run->items, config);
    enum status status = job_open(&job, NULL, true);
    run->known = true;
    if ((status != STATUS_OK && has_ended(run, &job)) || is_renamed(run, &job)) {
        run->ended = true;
        return NEXT_END;
    }
    keep_notes(run);
    if (status != STATUS_OK)
        return fail(run, status);
    note_domain(run, &job);
    watch_decide(&run->items, &job);
    return act(run, &job);
}

// The items as they were, since what they are now could not be found out.
static void carry_over(const struct run *run)
{
    const struct watch_report *last = run->request->last;
    const bool same = last && (run->report->domain < 0 || run->report->domain == last->domain);
    for (size_t i = 0; i < run->items.count; i++) {
        struct watch_item *item = &run->items.items[i];
        if (item->left_out || !same || !item->last)
            continue;
        struct watch_entry *entry = &item->entry;
        const struct watch_entry was = *item->last;
        const char *text = entry->text;
        *entry = was;
        entry->text = text;
        entry->changed = false;
    }
    if (same && run->report->domain < 0) {
        run->report->domain = last->domain;
        run->report->uuid = last->uuid;
    }
    if (same && !(run->report->qemus[0] | run->report->qemus[1]))
        memcpy(run->report->qemus, last->qemus, sizeof last->qemus);
}

static void finish(struct run *run)
{
    struct watch_report *report = run->report;
    if (run->ended) {
        *report = (struct watch_report){ .status = STATUS_OK, .why = "", .domain = -1, .uuid = "" };
        return;
    }
    if (!run->looked)
        carry_over(run);
    for (size_t i = 0; i < run->items.count; i++)
        report->status = status_worse(report->status, run->items.items[i].status);
    report->entries = watch_items_entries(&run->items);
    report->count = run->items.count;
}

enum status watch_run(void *context, struct arena *arena, const struct watch_request *request,
                      struct watch_report *report)
{
    (void)context;
    struct run run = { .arena = arena, .request = request, .report = report };
    const char *domain = request->id < 0 ? request->domain : arena_printf(arena, "%d", request->id);
    run.word = request->config->source->name;
    run.invocation = (struct invocation){
        .arena = arena,
        .diags = &run.diags,
        .command = &verb,
        .given = request->start_backend ? OPTION_START_BACKEND : 0,
        .domain = domain,
        .timeout_scale = request->timeout_scale,
        .undo_scale = request->undo_scale,
        .words = &run.word,
        .count = 1,
    };
    run.known = request->config->domain.type != DOMAIN_UNKNOWN;
    *report = (struct watch_report){ .status = STATUS_OK, .why = "", .domain = -1, .uuid = "" };
    watch_items_init(&run.items, arena, request);
    // Each leaves something out, or is the last.
    for (size_t rounds = run.items.count * 2 + 2; rounds; rounds--)
        if (round_of(&run) == NEXT_END)
            break;
    finish(&run);
    return report->status;
}
