// SPDX-License-Identifier: MIT
// Writes journals, in xenstore; without Xen: journal_file.c.
#include "journal.h"

#include "base/arena.h"
#include "journal_file.h"
#include "recording.h"
#include "saved.h"
#include "xen/xen.h"

#include <unistd.h>

static void complain_journal(const struct session *session, const char *what, const char *why)
{
    complain_error(session->diags, CODE_UNWRITABLE, "cannot %s the journal of %s (%d): %s", what,
                   session->domain->name, session->domain->id, why);
}

// ---- removing ----

// Removes all that xenusb keeps of the domain if nothing but its UUID is left.
static enum xen_result remove_last(struct change *change)
{
    const char *const *names;
    size_t count, left = 0;
    const char *root = note_root(change);
    enum xen_result result = xen_list(change->xen, change->in, root, &names, &count);
    for (size_t i = 0; result == XEN_OK && i < count; i++)
        left += strcmp(names[i], "uuid") != 0 && strcmp(names[i], "journal") != 0;
    if (result == XEN_ABSENT)
        return XEN_OK;
    if (result == XEN_OK && !left)
        return change_remove_up(change, root);
    return result == XEN_OK ? xen_remove(change->xen, change->in, journal_path(change->session))
                            : result;
}

static enum status remove_from_store(const struct session *session, const char **why)
{
    struct change change = { .session = session, .xen = session->xen, .again = true };
    return change_attempt(&change, remove_last, why);
}

enum status journal_remove(const struct session *session)
{
    const char *why = NULL;
    if (!change_has_xen(session))
        return journal_file_remove(session);
    enum status status = remove_from_store(session, &why);
    if (status != STATUS_OK)
        complain_journal(session, "remove", why);
    return status;
}

// ---- writing ----

// The first member is what the bodies get.
struct writing {
    struct change change;
    const char *path;
    struct text header;
    const struct text *nodes;
    size_t count;
};

static enum xen_result write_all_of_it(struct change *change)
{
    const struct writing *writing = (const struct writing *)change;
    struct arena *arena = change->session->arena;
    enum xen_result result = note_start(change);
    if (result == XEN_OK)
        result = xen_write(change->xen, change->in, writing->path, writing->header);
    for (size_t i = 0; i < writing->count && result == XEN_OK; i++)
        result = xen_write(change->xen, change->in, arena_printf(arena, "%s/%zu", writing->path, i),
                           writing->nodes[i]);
    return result;
}

static enum status write_journal(const struct session *session, const struct journal *journal,
                                 const struct text *nodes, size_t count)
{
    struct writing writing = {
        .change = { .session = session, .xen = session->xen, .again = true },
        .path = journal_path(session),
        .header = journal_header(session->arena, journal),
        .nodes = nodes,
        .count = count,
    };
    const char *why = NULL;
    enum status status = change_attempt(&writing.change, write_all_of_it, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    complain_journal(session, "write", why);
    if (!writing.change.unsure || remove_from_store(session, &why) == STATUS_OK)
        return status;
    complain(session->diags, SEVERITY_WARNING, CODE_UNFINISHED, NULL, SPAN_NONE,
             "it may have been written all the same: then the next command that changes something "
             "removes what this one was to remove");
    return STATUS_LEFTOVER;
}

static enum status begin_one(struct session *session, const struct plan *plan, int to)
{
    struct arena *arena = session->arena;
    struct journal *journal = arena_new_of(arena, struct journal);
    size_t count;
    const struct text *nodes = journal_nodes(arena, plan, session->domain, &count);
    if (journal_check(session) != STATUS_OK)
        return STATUS_REFUSED;
    if (count > JOURNAL_NODES_MAX) {
        complain_error(session->diags, CODE_UNSUPPORTED,
                       "these are too many steps for one command");
        return STATUS_REFUSED;
    }
    *journal = (struct journal){
        .state = JOURNAL_OPEN,
        .verb = session->verb ? session->verb : "",
        .command = session->command ? session->command : "",
        .process = (unsigned)getpid(),
        .uuid = session->domain->uuid,
        .socket = session->domain->qmp_socket ? session->domain->qmp_socket : "",
        .keep_saved = session->keep_saved,
        .moves = plan->move,
        .to = to,
        .nodes = (unsigned)count,
    };
    (void)note_process_start(arena, "self", &journal->started);
    enum status status = change_has_xen(session)
                             ? write_journal(session, journal, nodes, count)
                             : journal_file_write(session, journal, nodes, count);
    if (status == STATUS_OK)
        session->journal = journal;
    return status;
}

// If libxl's saved configuration could not be written, the journal stays: the next command that
// changes something tries once more.
static void end_one(struct session *session)
{
    struct diags quiet;
    struct session own = *session;
    diags_init(&quiet, session->arena);
    own.diags = &quiet;
    const bool stays = session->saved && session->saved->failed && change_has_xen(session);
    if (!stays && journal_remove(&own) != STATUS_OK)
        diag_hint(session->diags,
                  complain(session->diags, SEVERITY_WARNING, CODE_UNFINISHED, NULL, SPAN_NONE,
                           "the journal of %s could not be removed: %s", session->domain->name,
                           diags_reason(&quiet, "no reason given")),
                  "this is harmless: the next command that changes something does it");
    session->journal = NULL;
}

// The journal of the domain that loses a device says where to, so that the other one's is dealt
// with first.
static enum status begin(struct session *session, const struct plan *plan)
{
    struct session *partner = session->partner;
    enum status status = partner ? begin_one(partner, plan, session->domain->id) : STATUS_OK;
    if (status == STATUS_OK)
        status = begin_one(session, plan, 0);
    if (status != STATUS_OK && partner && partner->journal)
        end_one(partner);
    return status;
}

// If this fails, what is undone may be taken for what was never done, which comes to the same; or
// what was done is kept.
static void mark_one_undoing(struct session *session, const struct plan *plan)
{
    struct diags quiet;
    struct session own = *session;
    size_t count;
    const struct text *nodes = journal_nodes(session->arena, plan, session->domain, &count);
    diags_init(&quiet, session->arena);
    own.diags = &quiet;
    session->journal->undoing = true;
    if (change_has_xen(session))
        (void)write_journal(&own, session->journal, NULL, 0);
    else
        (void)journal_file_write(&own, session->journal, nodes, count);
}

static void mark_undoing(struct session *session, const struct plan *plan)
{
    mark_one_undoing(session, plan);
    if (session->partner)
        mark_one_undoing(session->partner, plan);
}

// ---- the end ----

static void end(struct session *session)
{
    end_one(session);
    if (session->partner)
        end_one(session->partner);
}

static enum status save(const struct session *session)
{
    const enum status status = saved_write(session);
    return session->partner ? status_worse(status, saved_write(session->partner)) : status;
}

struct execution journal_execution(step_callback on_step, void *context)
{
    return (struct execution){ .on_step = on_step,
                               .context = context,
                               .begin = begin,
                               .undo = mark_undoing,
                               .save = save,
                               .end = end };
}
