// SPDX-License-Identifier: MIT
// Notes of the QEMU processes that xenusb has started, by which a later run knows them again: their
// process ids, and when they were started, since the kernel gives an id again.
#include "base/arena.h"
#include "base/waiting.h"
#include "recording.h"

#include <signal.h>
#include <syslog.h>

enum { STOP_SECONDS = 2 };
#define PAUSE 0.01

enum xen_result note_qemu(struct change *change)
{
    struct arena *arena = change->session->arena;
    const char *root = note_root(change), *start;
    enum xen_result result = note_start(change);
    (void)note_process_start(arena, change->value, &start);
    if (result == XEN_OK)
        result = change_write(change, root, "server", change->value);
    return result == XEN_OK ? change_write(change, root, "started", start) : result;
}

enum xen_result note_drop_qemu(struct change *change)
{
    struct arena *arena = change->session->arena;
    const char *root = note_root(change);
    change->known.finish = note_clean_up;
    enum xen_result result =
        xen_remove(change->xen, change->in, arena_printf(arena, "%s/server", root));
    return result == XEN_OK
               ? xen_remove(change->xen, change->in, arena_printf(arena, "%s/started", root))
               : result;
}

bool note_has_qemu(const struct session *session, pid_t process)
{
    struct text server, uuid;
    struct change change = { .session = session };
    const char *root = note_root(&change);
    return xen_read(session->xen, NULL, arena_printf(session->arena, "%s/server", root), &server) ==
               XEN_OK &&
           xen_read(session->xen, NULL, arena_printf(session->arena, "%s/uuid", root), &uuid) ==
               XEN_OK &&
           text_is(server, arena_printf(session->arena, "%d", (int)process)) &&
           text_is(uuid, session->domain->uuid);
}

// What a node that could not be read tells.
static enum verdict without(enum xen_result result)
{
    return result == XEN_ABSENT ? VERDICT_NO : VERDICT_UNKNOWN;
}

enum verdict record_noted_qemu(const struct session *session, const char *root, unsigned *process)
{
    uint64_t pid;
    struct text started;
    const char *start;
    struct arena *arena = session->arena;
    *process = 0;
    enum xen_result result = xen_read_number(
        session->xen, NULL, arena_printf(arena, "%s/server", root), INT32_MAX, &pid);
    if (result != XEN_OK || pid < 2)
        return without(result);
    result = xen_read(session->xen, NULL, arena_printf(arena, "%s/started", root), &started);
    if (result != XEN_OK)
        return without(result);
    enum verdict runs = note_process_start(arena, arena_printf(arena, "%u", (unsigned)pid), &start);
    if (runs != VERDICT_YES)
        return runs;
    if (!started.size) // it could not be read when the QEMU was noted
        return VERDICT_UNKNOWN;
    if (!text_is(started, start))
        return VERDICT_NO;
    *process = (unsigned)pid;
    return VERDICT_YES;
}

// What became of a QEMU whose domain is gone. Returns whether it has ended.
static bool report_stopped(const struct session *session, const char *root, unsigned pid,
                           enum verdict runs)
{
    struct arena *arena = session->arena;
    const bool ended = runs == VERDICT_NO;
    const char *line =
        pid ? arena_printf(arena,
                           "%s the QEMU (pid %u) that xenusb had started for a domain that is gone "
                           "(%s)",
                           ended ? "stopped" : "could not stop", pid, root)
            : arena_printf(arena,
                           "cannot tell whether the QEMU that xenusb had started for a domain that "
                           "is gone still runs (%s)",
                           root);
    complain(session->diags, ended ? SEVERITY_NOTE : SEVERITY_WARNING, CODE_LEFT_OVER, NULL,
             SPAN_NONE, "%s", line);
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    syslog(ended ? LOG_NOTICE : LOG_ERR, "%s", line);
    closelog();
    return ended;
}

bool record_stop_qemu(const struct session *session, const char *root)
{
    static const int ways[] = { SIGTERM, SIGKILL };
    unsigned pid, again;
    enum verdict runs = record_noted_qemu(session, root, &pid);
    if (runs == VERDICT_NO)
        return true;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && runs == VERDICT_YES; i++) {
        cleanup_waiting struct waiting waiting =
            waiting_until(deadline_in(STOP_SECONDS * session->timeout_scale),
                          "the QEMU of a domain that is gone to exit");
        (void)kill((pid_t)pid, ways[i]);
        while ((runs = record_noted_qemu(session, root, &again)) == VERDICT_YES &&
               waiting_pause(&waiting, PAUSE))
            ;
    }
    return report_stopped(session, root, pid, runs);
}
