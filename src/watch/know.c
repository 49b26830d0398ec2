// SPDX-License-Identifier: MIT
// What a run need not find out, since the watcher has seen it.
#include "base/arena.h"
#include "record/known.h"
#include "watching.h"

struct xen *watch_know(struct watch *watch, struct arena *arena, int id)
{
    struct xen *xen;
    struct diags diags;
    const double seconds = XENSTORE_SECONDS * watch->options->timeout_scale;
    diags_init(&diags, arena);
    if (!watch->xen_events || xen_open(arena, &diags, seconds, &xen) != STATUS_OK)
        return NULL;
    // What happens before that is among the events, what happens after it is seen by the run.
    if (xen_watch(xen, record_known_paths, record_known_path_count) != XEN_OK) {
        xen_close(xen);
        return NULL;
    }
    if (!watch_events_sync(watch)) {
        xen_close(xen);
        return NULL;
    }
    const struct session session = { .arena = arena, .diags = &diags, .xen = xen };
    const struct domain *running;
    const size_t count = watch_domains_known(&watch->domains, arena, -1, &running);
    record_known_update(watch->known, &session, running, count, id);
    if (xen_fd(xen) >= 0)
        return xen;
    xen_close(xen);
    return NULL;
}
