// SPDX-License-Identifier: MIT
// The two rings of a PVUSB controller (xen/io/usbif.h), from the view of a backend that takes them
// over from a dead one. Pure: the caller maps the pages. The guest may write to them at any time,
// so nothing in them is trusted.
//
// The ring does not show which requests the old backend left open: a slot keeps its request until
// some response, to this request or another, overwrites it. Only their number is known. Their ids
// become known when the guest unlinks them. A guest with a full ring cannot send an unlink, but
// then every id is open.
#ifndef XENUSB_BACKENDS_PVUSB_RINGS_H
#define XENUSB_BACKENDS_PVUSB_RINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { URB_RING_SLOTS = 16 }; // per page; ids are smaller than that, too

// A request that unlinks another one.
struct urb_unlink {
    uint16_t id;     // its own
    uint16_t target; // of the request to unlink
};

// The ring of requests, after it was taken over.
struct urb_ring {
    struct usbif_urb_sring *shared;
    uint32_t req_taken;            // requests consumed, by the old backend or by us
    uint32_t rsp_sent;             // responses produced
    bool answered[URB_RING_SLOTS]; // by id: we have completed it
    // Unlinks that were in the ring already and whose ids were not used again since. The old
    // backend may or may not have completed them.
    struct urb_unlink old_unlinks[URB_RING_SLOTS];
    unsigned old_unlink_count;
};

// Takes over the ring in that page. False if its indexes are not valid; the ring must not be used
// then.
bool urb_ring_take_over(struct urb_ring *ring, void *page);
// Completes new requests with "no such device", as a backend does for an unplugged device, and the
// requests that they unlink; all open requests if the ring is full. True if it sent any response:
// the caller must notify the guest.
bool urb_ring_answer(struct urb_ring *ring);
// Completes the old unlinks, if enough requests are open for all of them to be. To be called when
// the guest has stopped sending requests, which shows that it still waits for them. True if it sent
// any response.
bool urb_ring_answer_old_unlinks(struct urb_ring *ring);
// The number of open requests.
unsigned urb_ring_open(const struct urb_ring *ring);

// Reports the devices at ports 1 to `ports` as unplugged, on the connection ring in that page.
// False if the ring has too few free slots.
bool conn_ring_unplug(void *page, unsigned ports);

#endif
