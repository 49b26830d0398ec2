// SPDX-License-Identifier: MIT
#include "share.h"

#include "xen.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <xenevtchn.h>
#include <xengnttab.h>

enum { PAGES_MAX = 2 };

struct xen_share {
    struct arena *arena;
    uint32_t domain;
    xengnttab_handle *gnttab;
    xenevtchn_handle *evtchn;
    void *pages[PAGES_MAX];
    unsigned page_count;
    evtchn_port_t port; // the local port of the event channel
};

struct xen_share *xen_share_open(struct arena *arena, uint32_t domain, const char **why)
{
    struct xen_share *share = arena_new_of(arena, struct xen_share);
    *share = (struct xen_share){ .arena = arena, .domain = domain };
    share->gnttab = xengnttab_open(xen_silent_logger(), 0);
    if (!share->gnttab) {
        *why = arena_printf(arena, "/dev/xen/gntdev: %s", strerror(errno));
        return NULL;
    }
    share->evtchn = xenevtchn_open(xen_silent_logger(), 0);
    if (!share->evtchn) {
        *why = arena_printf(arena, "/dev/xen/evtchn: %s", strerror(errno));
        xen_share_close(share);
        return NULL;
    }
    return share;
}

void xen_share_close(struct xen_share *share)
{
    if (!share)
        return;
    for (unsigned i = 0; i < share->page_count; i++)
        xengnttab_unmap(share->gnttab, share->pages[i], 1);
    share->page_count = 0;
    // This also closes the local port.
    if (share->evtchn)
        xenevtchn_close(share->evtchn);
    share->evtchn = NULL;
    if (share->gnttab)
        xengnttab_close(share->gnttab);
    share->gnttab = NULL;
}

void *xen_share_map(struct xen_share *share, uint32_t grant, const char **why)
{
    errno = ENOSPC;
    void *page =
        share->page_count < PAGES_MAX
            ? xengnttab_map_grant_ref(share->gnttab, share->domain, grant, PROT_READ | PROT_WRITE)
            : NULL;
    if (page)
        share->pages[share->page_count++] = page;
    else
        *why = arena_printf(share->arena, "cannot map its grant %u: %s", grant, strerror(errno));
    return page;
}

bool xen_share_bind(struct xen_share *share, uint32_t port, const char **why)
{
    xenevtchn_port_or_error_t bound =
        xenevtchn_bind_interdomain(share->evtchn, share->domain, port);
    if (bound < 0) {
        *why = arena_printf(share->arena, "cannot bind its event channel %u: %s", port,
                            strerror(errno));
        return false;
    }
    share->port = (evtchn_port_t)bound;
    return true;
}

void xen_share_notify(struct xen_share *share)
{
    (void)xenevtchn_notify(share->evtchn, share->port);
}
