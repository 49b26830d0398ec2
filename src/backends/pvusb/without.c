// SPDX-License-Identifier: MIT
// What rings.c does in a build without Xen's headers (WITH_XEN=0 in the Makefile). No page of a
// guest can be mapped in it (xen/without.c), so there is no ring.
#include "rings.h"

bool urb_ring_take_over(struct urb_ring *ring, void *page)
{
    (void)ring, (void)page;
    return false;
}

bool urb_ring_answer(struct urb_ring *ring)
{
    (void)ring;
    return false;
}

bool urb_ring_answer_old_unlinks(struct urb_ring *ring)
{
    (void)ring;
    return false;
}

unsigned urb_ring_open(const struct urb_ring *ring)
{
    (void)ring;
    return 0;
}

bool conn_ring_unplug(void *page, unsigned ports)
{
    (void)page, (void)ports;
    return false;
}
