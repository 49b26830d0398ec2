// SPDX-License-Identifier: MIT
// Memory pages that a guest grants to this domain, and its event channel. share.c is the only file
// that uses libxengnttab and libxenevtchn.
#ifndef XENUSB_XEN_SHARE_H
#define XENUSB_XEN_SHARE_H

#include "base/arena.h"

#include <stdint.h>

// The mapped pages and the bound event channel of one guest. The struct is owned by the arena; the
// mappings last until xen_share_close().
struct xen_share;

// In all functions below, *why is the reason for a failure, owned by the arena.

// Opens /dev/xen/gntdev and /dev/xen/evtchn to share with that domain. NULL on failure.
struct xen_share *xen_share_open(struct arena *arena, uint32_t domain, const char **why);
// Unmaps all pages and unbinds the event channel. NULL is a no-op.
void xen_share_close(struct xen_share *share);

// Maps a page of 4096 bytes that the guest granted, readable and writable; the guest may write to
// it at any time. Owned by `share`, which can map two. NULL on failure.
void *xen_share_map(struct xen_share *share, uint32_t grant, const char **why);
// Binds the event channel whose port in the guest is `port`; only one can be bound. False on
// failure.
bool xen_share_bind(struct xen_share *share, uint32_t port, const char **why);
// Notifies the guest through the bound event channel.
void xen_share_notify(struct xen_share *share);

#endif
