// SPDX-License-Identifier: MIT
#include "resume.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "bring.h"
#include "plan/log.h"
#include "qemu/qmp_probe.h"
#include "record/journal.h"
#include "record/known.h"
#include "record/record.h"
#include "record/saved.h"
#include "resume_steps.h"
#include "xen/xen.h"

#include <syslog.h>

enum { LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

// ---- messages ----

static void report(const struct resuming *resuming, enum status status)
{
    struct arena *arena = resuming->arena;
    const struct domain *domain = resuming->session->domain;
    const bool done = status == STATUS_OK;
    const char *name =
        domain->id < 0 ? domain->name : arena_printf(arena, "%s (%d)", domain->name, domain->id);
    const char *what = done ? buffer_string((struct buffer *)&resuming->done)
                            : diags_reason(&resuming->quiet, "no reason given");
    const char *line =
        arena_printf(arena, "%s: %s was killed before it had finished; %s%s", name,
                     journal_show(arena, resuming->journal),
                     done ? "" : "what it left open could not be completed or undone: ",
                     *what ? what : "it had changed nothing");
    complain(resuming->diags, done ? SEVERITY_NOTE : SEVERITY_WARNING, CODE_UNFINISHED, NULL,
             SPAN_NONE, "%s", line);
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    syslog(done ? LOG_NOTICE : LOG_ERR, "%s; by %s", text_show(arena, text_of(line), LINE_SHOWN),
           log_who(arena));
    closelog();
}

// ---- one journal ----

static enum status resume_world(struct resuming *resuming, struct world *world)
{
    world->session.keep_saved = resuming->journal->keep_saved;
    resuming->session = &world->session;
    resuming->topology = &world->topology;
    resuming->done = buffer_in(resuming->arena);
    plan_init(&resuming->plan, resuming->topology);
    return resume_steps(resuming);
}

// Why its QEMU is not to be asked; NULL if it is.
static const char *why_silent(struct arena *arena, struct domain *domain, double scale)
{
    struct qmp_probe probe = { .socket = domain->qmp_socket };
    if (!domain->qmp_socket || domain->qemu_silent)
        return domain->qemu_silent;
    qmp_probe(arena, &probe, 1, scale);
    domain->qemu_silent = probe.why;
    domain->qemu_exited = probe.exited;
    return probe.exited ? NULL : probe.why;
}

// Everything that resuming one of several journals needs.
struct resumption {
    const struct session *session;
    struct world_options options;
    const struct domain *domains;
    size_t count;
    struct host host;
    const struct host *looked; // &host once it was read
    bool silent;               // a QEMU has not answered: no further one is waited for
    unsigned resumed;
};

static enum status bring(const struct resumption *all, const struct domain *domain,
                         struct resuming *resuming)
{
    struct world_options options = all->options;
    const struct execution execution = { .on_step = resume_log_step,
                                         .context = resuming,
                                         .save = saved_write };
    options.diags = &resuming->quiet;
    options.keep_saved = resuming->journal->keep_saved;
    return strays_bring(&options, all->session->xen, domain, resuming->strays, &execution,
                        &resuming->done);
}

static enum status open_and_resume(struct resumption *all, struct domain *domain,
                                   struct resuming *resuming)
{
    cleanup_world struct world world = WORLD_NONE;
    struct session *session = &world.session;
    if (!all->looked) {
        enum status status = host_look(resuming->arena, &resuming->quiet, &all->host);
        if (status != STATUS_OK)
            return status;
        all->looked = &all->host;
    }
    const struct world_common common = { .xen = all->session->xen, .host = all->looked };
    struct world_options options = all->options;
    options.diags = &resuming->quiet;
    enum status status = world_open_domain(&world, &options, &common, domain);
    if (status == STATUS_OK)
        status = resume_world(resuming, &world);
    *domain = *session->domain;
    return status;
}

// With the domain's lock held.
static void resume_locked(struct resumption *all, struct domain *domain,
                          const struct journal *journal)
{
    struct arena *arena = all->session->arena;
    struct session session = *all->session;
    session.domain = domain;
    struct resuming resuming = {
        .arena = arena, .diags = session.diags, .session = &session, .journal = journal
    };
    diags_init(&resuming.quiet, arena);
    if (journal->state == JOURNAL_TORN || journal->state == JOURNAL_NEWER) {
        // What the command itself is about, it refuses (journal_check()).
        const struct domain *own = all->session->domain;
        if (!own || own->id != domain->id)
            journal_complain(&session, session.diags, SEVERITY_WARNING, journal);
        return;
    }
    session.diags = &resuming.quiet;
    if (journal->state == JOURNAL_FOREIGN) {
        (void)journal_remove(&session);
        return;
    }
    const char *why = all->silent ? "another QEMU did not answer"
                                  : why_silent(arena, domain, all->options.timeout_scale);
    enum status status = STATUS_TIMEOUT;
    all->silent |= why != NULL;
    if (why)
        complain_error(&resuming.quiet, CODE_NO_ANSWER, "%s", why);
    else
        status = open_and_resume(all, domain, &resuming);
    resuming.session = &session;
    if (resuming.strays)
        status = status_worse(status, bring(all, domain, &resuming));
    // What a guest does not eject, for example, is not tried again by each command from now on;
    // what only lacked descriptors or memory is.
    if (resuming.ran && (status == STATUS_OK || !shortage_why()))
        status = status_worse(status, journal_remove(&session));
    all->resumed += status == STATUS_OK;
    report(&resuming, status);
}

// ---- all of them ----

// The domain with that id, completely; NULL if there is none. One that is not supported, or dying,
// is as it was listed.
static struct domain *find(const struct resumption *all, int id)
{
    struct diags quiet;
    struct domain *found = NULL;
    struct arena *arena = all->session->arena;
    size_t i = 0;
    while (i < all->count && all->domains[i].id != id)
        i++;
    if (i == all->count)
        return NULL;
    diags_init(&quiet, arena);
    (void)xen_find_among(all->session->xen, &quiet, all->domains, all->count,
                         arena_printf(arena, "%d", id), &found);
    if (!found) {
        found = arena_new_of(arena, struct domain);
        *found = all->domains[i];
    }
    return found;
}

// Whether the domain is known to have no journal.
static bool is_known(const struct resumption *all, int id)
{
    const struct record_claim *claims;
    size_t count;
    for (size_t i = 0; i < all->count; i++)
        if (all->domains[i].id == id)
            return record_known_claims(all->session->known, &all->domains[i], &claims, &count);
    return false;
}

static bool has_journal(struct session *session)
{
    struct text header;
    const char *path = journal_path(session);
    return session->domain->id < 0 || xen_read(session->xen, NULL, path, &header) == XEN_OK;
}

static void resume_one(struct resumption *all, struct domain *domain);

// Of a move to another domain, what that one has of it is kept or undone first. False if that was
// not possible.
static bool resume_other(struct resumption *all, const struct journal *journal)
{
    struct domain other = { .id = journal->to, .name = "", .uuid = "" };
    struct session session = *all->session;
    session.domain = &other;
    if (journal->state != JOURNAL_OPEN || journal->to <= 0 || !session.xen ||
        !has_journal(&session))
        return true;
    resume_one(all, &other);
    return !has_journal(&session);
}

// If its lock is free, its owner is dead.
static void resume_one(struct resumption *all, struct domain *domain)
{
    struct journal journal;
    struct diags quiet;
    struct session session = *all->session;
    cleanup_lock struct lock lock = LOCK_NONE;
    diags_init(&quiet, session.arena);
    session.domain = domain;
    session.diags = &quiet;
    if (!has_journal(&session) || lock_try_domain(&session, &lock) != STATUS_OK)
        return;
    if (!session.xen)
        journal_remove_unfinished(&session);
    struct domain *whole = domain->id < 0 ? domain : find(all, domain->id);
    if (whole)
        session.domain = whole;
    if (journal_read(&session, &journal) != STATUS_OK || journal.state == JOURNAL_NONE)
        return;
    if (resume_other(all, &journal))
        resume_locked(all, session.domain, &journal);
}

unsigned resume_journals(const struct session *session, const struct world_options *options,
                         const struct domain *domains, size_t count)
{
    const char *const *names;
    size_t found;
    struct resumption all = {
        .session = session, .options = *options, .domains = domains, .count = count
    };
    if (options->undo_scale > 0)
        all.options.timeout_scale = options->undo_scale;
    all.options.find_owners = false;
    all.options.accept_ended = true;
    all.options.require_guest = false;
    if (!session->xen) {
        struct domain copy = *session->domain;
        resume_one(&all, &copy);
        return all.resumed;
    }
    if (xen_list(session->xen, NULL, "/xenusb", &names, &found) != XEN_OK)
        return 0;
    (void)record_known_refresh(session);
    for (size_t i = 0; i < found; i++) {
        uint64_t id;
        if (text_number(text_of(names[i]), 10, 0, UINT16_MAX, &id) != NUMBER_OK ||
            is_known(&all, (int)id))
            continue;
        struct domain *domain = arena_new_of(session->arena, struct domain);
        *domain = (struct domain){ .id = (int)id, .name = "", .uuid = "" };
        resume_one(&all, domain);
    }
    return all.resumed;
}
