// SPDX-License-Identifier: MIT
// The two rings of a PVUSB controller (xen/io/usbif.h), as a backend has them that did not serve
// them from the beginning. Pure: it is given the pages. The guest may write in them at any time,
// and what it writes is believed of nothing but its own requests.
//
// Which requests the former backend left without an answer cannot be told from the ring: each slot
// holds a request until some answer, to this request or to another, is written over it. Their
// number is known, and their ids are told by the guest when it unlinks them. Only a guest that has
// the whole ring open cannot do that, and then its ids are all there are.
#ifndef XENUSB_BACKENDS_PVUSB_RINGS_H
#define XENUSB_BACKENDS_PVUSB_RINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { URB_RING_SLOTS = 16 }; // of a page; also the bound of ids

struct urb_unlink {
    uint16_t id;     // of the request that unlinks
    uint16_t target; // of the one that is to be unlinked
};

struct urb_ring {
    struct usbif_urb_sring *shared;
    uint32_t req_taken;            // requests that were read, by us or the former backend
    uint32_t rsp_sent;             // answers that were written
    bool answered[URB_RING_SLOTS]; // by id: it was answered by us
    // Unlinks that stood in the ring already, whose ids did not go out again since: the former
    // backend may have answered them, or not.
    struct urb_unlink old_unlinks[URB_RING_SLOTS];
    unsigned old_unlink_count;
};

// Takes over a ring. False if its indexes cannot be: nothing in it is to be touched then.
bool urb_ring_take_over(struct urb_ring *ring, void *page);
// Answers what has come since with "no such device", as a backend does of a device that is gone,
// and what is unlinked; and all that is open, if the ring is full of that. Whether there was
// anything; then the guest is to be notified.
bool urb_ring_answer(struct urb_ring *ring);
// Answers the unlinks that were there already, where that many can be unanswered. For when the
// guest asks nothing any more, and waits: had they been answered it would not. Whether there was
// anything.
bool urb_ring_answer_old_unlinks(struct urb_ring *ring);
// How many requests wait for an answer.
unsigned urb_ring_open(const struct urb_ring *ring);

// Tells the guest that nothing is at the ports 1 to `ports`. False if the ring cannot carry that.
bool conn_ring_unplug(void *page, unsigned ports);

#endif
