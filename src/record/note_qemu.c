// SPDX-License-Identifier: MIT
// Notes of the QEMU processes that xenusb has started, by which a later run knows them again: their
// process ids, and when they were started, since the kernel gives an id again.
#include "base/arena.h"
#include "base/deadline.h"
#include "recording.h"

#include <signal.h>
#include <syslog.h>

enum { STOP_SECONDS = 2 };
#define PAUSE 0.01

enum xen_result note_qemu(struct change *change)
{
    struct arena *arena = change->session->arena;
    const char *root = note_root(change), *start = note_process_start(arena, change->value);
    enum xen_result result = note_start(change);
    if (result == XEN_OK)
        result = change_write(change, root, "server", change->value);
    return result == XEN_OK ? change_write(change, root, "started", start ? start : "") : result;
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

unsigned record_noted_qemu(const struct session *session, const char *root)
{
    uint64_t pid;
    struct text started;
    struct arena *arena = session->arena;
    const char *server = arena_printf(arena, "%s/server", root);
    if (xen_read_number(session->xen, NULL, server, INT32_MAX, &pid) != XEN_OK || pid < 2 ||
        xen_read(session->xen, NULL, arena_printf(arena, "%s/started", root), &started) != XEN_OK)
        return 0;
    const char *start = note_process_start(arena, arena_printf(arena, "%u", (unsigned)pid));
    return start && text_is(started, start) ? (unsigned)pid : 0;
}

bool record_stop_qemu(const struct session *session, const char *root)
{
    static const int ways[] = { SIGTERM, SIGKILL };
    unsigned pid = record_noted_qemu(session, root), runs = pid;
    if (!pid)
        return true;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && runs; i++) {
        const struct deadline deadline = deadline_in(STOP_SECONDS * session->timeout_scale);
        (void)kill((pid_t)pid, ways[i]);
        while ((runs = record_noted_qemu(session, root)) && deadline_pause(deadline, PAUSE))
            ;
    }
    const char *line =
        arena_printf(session->arena,
                     "%s the QEMU (pid %u) that xenusb had started for a domain that is gone (%s)",
                     runs ? "could not stop" : "stopped", pid, root);
    complain(session->diags, runs ? SEVERITY_WARNING : SEVERITY_NOTE, NULL, SPAN_NONE, "%s", line);
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    syslog(runs ? LOG_ERR : LOG_NOTICE, "%s", line);
    closelog();
    return !runs;
}
