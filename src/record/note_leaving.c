// SPDX-License-Identifier: MIT
// What is noted of controllers that were made as needed: that they were, and that the guest was
// asked to release one.
#include "base/arena.h"
#include "recording.h"

static const char *path_of(const struct change *change, const char *member)
{
    struct arena *arena = change->session->arena;
    return arena_printf(arena, "%s/controller/%s/%s", note_root(change),
                        record_key(arena, change->controller->id), member);
}

static void warn(const struct session *session, const char *what,
                 const struct controller *controller, const char *why)
{
    complain(session->diags, SEVERITY_WARNING, CODE_UNWRITABLE, NULL, SPAN_NONE,
             "cannot record %s controller %s of domain %s (%d): %s", what, controller->name,
             session->domain->name, session->domain->id, why);
}

static enum xen_result write_leaving(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = note_controller(change);
    return result == XEN_OK
               ? xen_write(change->xen, change->in, path_of(change, "leaving"),
                           text_of(note_started_with(change->session->arena, change->controller)))
               : result;
}

void record_note_leaving(const struct session *session, struct controller *controller)
{
    const char *why;
    struct change change = {
        .session = session, .xen = session->xen, .controller = controller, .again = true
    };
    controller->leaving = true;
    if (change_has_xen(session) && change_attempt(&change, write_leaving, &why) != STATUS_OK)
        warn(session, "that the guest was asked to release", controller, why);
}

static enum xen_result drop_as_needed(struct change *change)
{
    return change_ignore_absent(xen_remove(change->xen, change->in, path_of(change, "as-needed")));
}

void record_note_declared(const struct session *session, const struct topology *topology)
{
    const char *why;
    if (!change_has_xen(session))
        return;
    for (struct controller *at = topology->controllers; at; at = at->next) {
        struct change change = { .session = session, .xen = session->xen, .controller = at };
        if (!at->as_needed || !at->wanted || !at->present)
            continue;
        if (change_attempt(&change, drop_as_needed, &why) != STATUS_OK)
            warn(session, "that a file declares", at, why);
        at->as_needed = false;
    }
}
