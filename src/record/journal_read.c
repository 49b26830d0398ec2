// SPDX-License-Identifier: MIT
// Reads journals, from xenstore or (journal_file.c) a file, and says what they are.
#include "base/arena.h"
#include "journal_file.h"
#include "recording.h"
#include "xen/advice.h"
#include "xen/xen.h"

const char *journal_path(const struct session *session)
{
    return arena_printf(session->arena, "/xenusb/%d/journal", session->domain->id);
}

// Whether it is of the session's domain or QEMU.
static bool is_own(const struct session *session, const struct journal *journal)
{
    const struct domain *domain = session->domain;
    if (domain->id >= 0)
        return strcmp(journal->uuid, domain->uuid) == 0;
    return domain->qmp_socket && strcmp(journal->socket, domain->qmp_socket) == 0;
}

static enum xen_result read_store(const struct session *session, struct journal *journal)
{
    struct text text;
    struct arena *arena = session->arena;
    const char *path = journal_path(session);
    enum xen_result result = xen_read(session->xen, NULL, path, &text);
    if (result != XEN_OK)
        return change_ignore_absent(result);
    journal_read_header(arena, text, journal);
    if (journal->state == JOURNAL_OPEN && !is_own(session, journal))
        journal->state = JOURNAL_FOREIGN;
    for (unsigned i = 0; i < journal->nodes && journal->state == JOURNAL_OPEN; i++) {
        result = xen_read(session->xen, NULL, arena_printf(arena, "%s/%u", path, i), &text);
        if (result != XEN_OK && result != XEN_ABSENT)
            return result;
        journal_read_node(arena, text, i, journal);
    }
    return XEN_OK;
}

enum status journal_read(const struct session *session, struct journal *journal)
{
    *journal = (struct journal){ .state = JOURNAL_NONE };
    if (!change_has_xen(session)) {
        journal_file_read(session, journal);
        if (journal->state == JOURNAL_OPEN && !is_own(session, journal))
            journal->state = JOURNAL_FOREIGN;
        return STATUS_OK;
    }
    enum xen_result result = read_store(session, journal);
    if (result != XEN_OK)
        complain_error(session->diags, CODE_UNREADABLE,
                       "cannot read the journal of domain %s (%d): %s", session->domain->name,
                       session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, result);
}

// ---- what is said about one ----

// For messages.
static const char *name_of(const struct session *session)
{
    const struct domain *domain = session->domain;
    return domain->id < 0 ? domain->name
                          : arena_printf(session->arena, "%s (%d)", domain->name, domain->id);
}

bool journal_owner_runs(struct arena *arena, const struct journal *journal)
{
    if (!journal->process)
        return false;
    const char *start, *pid = arena_printf(arena, "%u", journal->process);
    return note_process_start(arena, pid, &start) == VERDICT_YES &&
           strcmp(start, journal->started) == 0;
}

void journal_mention(const struct session *session, struct diags *diags,
                     const struct journal *journal)
{
    struct arena *arena = session->arena;
    const char *name = name_of(session);
    if (!journal || journal->state == JOURNAL_NONE || journal->state == JOURNAL_FOREIGN)
        return;
    if (journal->state != JOURNAL_OPEN) {
        journal_complain(session, diags, SEVERITY_WARNING, journal);
        return;
    }
    const char *what = journal_show(arena, journal);
    if (journal_owner_runs(arena, journal))
        complain(diags, SEVERITY_NOTE, CODE_LOCKED, NULL, SPAN_NONE, "%s is being changed by %s",
                 name, what);
    else
        diag_hint(diags,
                  complain(diags, SEVERITY_WARNING, CODE_UNFINISHED, NULL, SPAN_NONE,
                           "%s: %s was killed before it had finished", name, what),
                  "the next command that changes something completes or undoes it");
}

void journal_complain(const struct session *session, struct diags *diags, enum severity severity,
                      const struct journal *journal)
{
    struct diag *diag =
        complain(diags, severity, CODE_UNFINISHED, NULL, SPAN_NONE,
                 "the journal of %s is left alone: %s", name_of(session), journal->why);
    if (session->domain->id >= 0)
        advise(diags, diag, ADVICE_FORGET, session->domain, NULL);
    else
        diag_hint(diags, diag, "if no xenusb runs, delete %s", journal_file_path(session));
}

enum status journal_check(const struct session *session)
{
    const struct journal *journal = session->record ? session->record->journal : NULL;
    if (!journal)
        return STATUS_OK;
    if (journal->state != JOURNAL_OPEN) {
        journal_complain(session, session->diags, SEVERITY_ERROR, journal);
        return STATUS_REFUSED;
    }
    diag_hint(session->diags,
              complain_error(session->diags, CODE_UNFINISHED,
                             "%s: %s was killed, and what it left open has to be "
                             "completed or undone first",
                             name_of(session), journal_show(session->arena, journal)),
              "each command that changes something tries that; see its warning");
    return STATUS_REFUSED;
}
