// SPDX-License-Identifier: MIT
// What a guest shares with this domain: pages of its memory, by grant references, and event
// channels. xen_share.c is the only file that knows libxengnttab and libxenevtchn.
#ifndef XENUSB_XEN_SHARE_H
#define XENUSB_XEN_SHARE_H

#include "base/arena.h"

#include <stdint.h>

struct xen_share;

// Opens both devices of this kernel for what domain shares. NULL after a failure: *why tells.
struct xen_share *xen_share_open(struct arena *arena, uint32_t domain, const char **why);
// Unmaps and unbinds all of it. NULL is let pass.
void xen_share_close(struct xen_share *share);

// Maps a page of 4096 bytes that the guest granted, readable and writable; the guest may write in
// it at any time. It is owned by `share`, which has room for a few of them. NULL after a failure:
// *why tells.
void *xen_share_map(struct xen_share *share, uint32_t grant, const char **why);
// Binds the channel whose end at the guest is `port`. False after a failure: *why tells.
bool xen_share_bind(struct xen_share *share, uint32_t port, const char **why);
// Signals to the guest through the channel that is bound.
void xen_share_notify(struct xen_share *share);

#endif
