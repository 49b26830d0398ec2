// SPDX-License-Identifier: MIT
#include "rings.h"

#include <stddef.h>
#include <xen/io/usbif.h>

// The largest power of two of slots that fits into a page (__RING_SIZE in xen/io/ring.h).
enum { CONN_RING_SLOTS = 512 };
#define FIT(slots, kind)                                                                           \
    (offsetof(struct kind, ring) + (slots) * sizeof(union kind##_entry) <= USBIF_RING_SIZE)
_Static_assert(FIT(URB_RING_SLOTS, usbif_urb_sring) && !FIT(2UL * URB_RING_SLOTS, usbif_urb_sring),
               "URB ring slots");
_Static_assert(FIT(CONN_RING_SLOTS, usbif_conn_sring) &&
                   !FIT(2UL * CONN_RING_SLOTS, usbif_conn_sring),
               "connection ring slots");

// Indexes of a ring: the entries that were written before an index are visible after loading it.
static uint32_t load(const RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(RING_IDX *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

// The guest may change a field at any time, so each is read only once.
#define READ_ONCE(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

static void respond(struct urb_ring *ring, uint16_t id, int32_t status)
{
    // Never more responses than requests, whatever the guest unlinks.
    if (ring->rsp_sent == ring->req_taken)
        return;
    ring->shared->ring[ring->rsp_sent % URB_RING_SLOTS].rsp =
        (struct usbif_urb_response){ .id = id, .status = status };
    store(&ring->shared->rsp_prod, ++ring->rsp_sent);
}

// Completes the unlinked request first, then the unlink, as QEMU does (hw/usb/xen-usb.c).
static void unlink_request(struct urb_ring *ring, struct urb_unlink unlink)
{
    if (unlink.target < URB_RING_SLOTS && !ring->answered[unlink.target]) {
        ring->answered[unlink.target] = true;
        respond(ring, unlink.target, USBIF_STATUS_NODEV);
    }
    respond(ring, unlink.id, USBIF_STATUS_OK);
}

static bool read_unlink(const struct usbif_urb_request *request, struct urb_unlink *unlink)
{
    *unlink = (struct urb_unlink){ .id = READ_ONCE(request->id),
                                   .target = READ_ONCE(request->u.unlink.unlink_id) };
    return usbif_pipeunlink(READ_ONCE(request->pipe)) != 0;
}

// If an id is used again, its previous request is complete; so an old unlink with that id is too.
static void forget_old_unlink(struct urb_ring *ring, uint16_t id)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < ring->old_unlink_count; i++)
        if (ring->old_unlinks[i].id != id)
            ring->old_unlinks[kept++] = ring->old_unlinks[i];
    ring->old_unlink_count = kept;
}

bool urb_ring_take_over(struct urb_ring *ring, void *page)
{
    struct urb_unlink unlink;
    *ring = (struct urb_ring){ .shared = page };
    ring->req_taken = load(&ring->shared->req_prod);
    ring->rsp_sent = load(&ring->shared->rsp_prod);
    if (ring->req_taken - ring->rsp_sent > URB_RING_SLOTS)
        return false;
    for (uint32_t at = ring->rsp_sent; at != ring->req_taken; at++) {
        bool unlinks = read_unlink(&ring->shared->ring[at % URB_RING_SLOTS].req, &unlink);
        forget_old_unlink(ring, unlink.id);
        if (unlinks)
            ring->old_unlinks[ring->old_unlink_count++] = unlink;
    }
    return true;
}

// If as many requests are open as there are ids, each id is open, and all can be completed.
static bool answer_all(struct urb_ring *ring)
{
    if (urb_ring_open(ring) < URB_RING_SLOTS)
        return false;
    for (unsigned id = 0; id < URB_RING_SLOTS; id++) {
        ring->answered[id] = true;
        respond(ring, (uint16_t)id, USBIF_STATUS_NODEV);
    }
    ring->old_unlink_count = 0;
    return true;
}

bool urb_ring_answer(struct urb_ring *ring)
{
    uint32_t before = ring->req_taken, asked = load(&ring->shared->req_prod);
    struct urb_unlink unlink;
    // Ignore the ring if the guest moved its index back or sent more requests than fit.
    if (asked - before > URB_RING_SLOTS - urb_ring_open(ring))
        return false;
    if (answer_all(ring))
        return true;
    while (ring->req_taken != asked) {
        bool unlinks =
            read_unlink(&ring->shared->ring[ring->req_taken++ % URB_RING_SLOTS].req, &unlink);
        forget_old_unlink(ring, unlink.id);
        if (unlinks) {
            unlink_request(ring, unlink);
            continue;
        }
        if (unlink.id < URB_RING_SLOTS)
            ring->answered[unlink.id] = true;
        respond(ring, unlink.id, USBIF_STATUS_NODEV);
    }
    return ring->req_taken != before;
}

bool urb_ring_answer_old_unlinks(struct urb_ring *ring)
{
    unsigned count = ring->old_unlink_count;
    // An open unlink accounts for two open requests: itself and its target.
    if (count == 0 || urb_ring_open(ring) < 2 * count)
        return false;
    for (unsigned i = 0; i < count; i++)
        unlink_request(ring, ring->old_unlinks[i]);
    ring->old_unlink_count = 0;
    return true;
}

unsigned urb_ring_open(const struct urb_ring *ring)
{
    return ring->req_taken - ring->rsp_sent;
}

bool conn_ring_unplug(void *page, unsigned ports)
{
    struct usbif_conn_sring *shared = page;
    uint32_t rsp = load(&shared->rsp_prod), count = load(&shared->req_prod) - rsp;
    if (count > CONN_RING_SLOTS || count < ports)
        return false;
    for (unsigned port = 1; port <= ports; port++) {
        union usbif_conn_sring_entry *entry = &shared->ring[rsp++ % CONN_RING_SLOTS];
        entry->rsp = (struct usbif_conn_response){ .id = READ_ONCE(entry->req.id),
                                                   .portnum = (uint8_t)port,
                                                   .speed = USBIF_SPEED_NONE };
    }
    store(&shared->rsp_prod, rsp);
    return true;
}
