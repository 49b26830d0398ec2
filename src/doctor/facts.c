// SPDX-License-Identifier: MIT
#include "facts.h"

#include "base/arena.h"
#include "qemu/qmp_client.h"
#include "xen/lock.h"
#include "xen/xen.h"

enum { PROBE_SECONDS = 5 };

void facts_of_host(struct arena *arena, double timeout_scale, struct host_facts *facts)
{
    *facts = (struct host_facts){ .usbback = host_has_usbback() };
    toolstack_find(arena, &facts->toolstack);
    watch_view_read(arena, &facts->watch);
    facts->xen_host = xen_is_host(arena);
    facts->xenstored_path = xen_probe_path(arena);
    facts->xenstored_seconds = PROBE_SECONDS * timeout_scale;
    facts->xenstored = xen_probe(arena, facts->xenstored_path, facts->xenstored_seconds);
}

// A failure is an answer, not an error.
static void ask_qemu(const struct session *session, struct domain_facts *facts)
{
    struct diags ignored;
    struct session quiet = *session;
    cleanup_lock struct lock lock = LOCK_NONE;
    struct qmp_client *client = NULL;
    const char *socket = session->domain->qmp_socket;
    diags_init(&ignored, session->arena);
    quiet.diags = &ignored;
    facts->answers = VERDICT_NO;
    facts->why = "no QEMU serves it: libxl starts one only for a config that needs it";
    if (!socket)
        return;
    if (session->domain->qemu_silent) {
        facts->why = session->domain->qemu_silent;
        return;
    }
    if (session->domain->shared_socket && lock_libxl(&quiet, LOCK_LIBXL_QMP, &lock) != STATUS_OK) {
        facts->answers = VERDICT_UNKNOWN;
        facts->why = ignored.first ? ignored.first->message : "could not take its lock";
        return;
    }
    enum status status = qmp_connect(session, socket, &client, &facts->why);
    if (status == STATUS_REFUSED)
        facts->answers = VERDICT_UNKNOWN;
    if (status != STATUS_OK)
        return;
    facts->answers = VERDICT_YES;
    facts->why = arena_printf(session->arena, "QEMU %s at %s", qmp_version(client), socket);
    qmp_close(client);
}

void facts_of_domain(const struct session *session, struct domain_facts *facts)
{
    struct text value;
    *facts = (struct domain_facts){ .offers = VERDICT_UNKNOWN };
    facts->offered = arena_printf(session->arena, "/local/domain/0/device-model/%d/backends/qusb",
                                  session->domain->id);
    ask_qemu(session, facts);
    enum xen_result result = xen_read(session->xen, NULL, facts->offered, &value);
    if (result == XEN_OK || result == XEN_ABSENT)
        facts->offers = result == XEN_OK ? VERDICT_YES : VERDICT_NO;
}
