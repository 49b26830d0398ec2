// SPDX-License-Identifier: MIT
//
// The rings of the frontend that pvplay simulates (xen/io/usbif.h): two pages for each controller,
// files in $FAKEXEN_DIR as fakexen-ring.c maps them. They contain only the open requests of devices
// in use: one, or as many as the ring holds. Like Linux' driver, the frontend closes a controller
// only when all its requests are completed; if it is asked to close earlier, it waits forever.

#define _GNU_SOURCE
#include "fakexen.h"
#include "pvplay.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/io/usbif.h>

enum { CONTROLLERS = 64, URBS = 16, EVENTS = 512, OPEN_ID = 5, UNLINK_ID = 9 };

static struct rings {
    struct usbif_urb_sring *urbs;
    struct usbif_conn_sring *events;
    RING_IDX told;         // events that were read
    uint32_t unplugged;    // a bit for each port that was reported as empty
    RING_IDX answers_seen; // in the urb ring
    bool is_open[URBS];    // by id
    unsigned open_count;
    bool is_full; // from the beginning: nothing can be unlinked
    bool is_unlinking;
    bool waits_for_good;
} rings[CONTROLLERS];

static void *grant(long domain, unsigned reference)
{
    char name[32], path[FAKEXEN_PATH];
    void *page = MAP_FAILED;
    int fd;

    snprintf(name, sizeof(name), "grant-%ld", domain);
    fd = open(fakexen_path(path, name, reference), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && !ftruncate(fd, FAKEXEN_PAGE))
        page = mmap(NULL, FAKEXEN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        perror("pvplay: grant");
        exit(1);
    }
    close(fd);
    return page;
}

static void push(struct rings *ring, uint16_t id, uint32_t pipe)
{
    ring->urbs->ring[ring->urbs->req_prod % URBS].req =
        (struct usbif_urb_request){ .id = id, .pipe = pipe, .u.unlink.unlink_id = OPEN_ID };
    __atomic_add_fetch(&ring->urbs->req_prod, 1, __ATOMIC_RELEASE);
    ring->is_open[id] = true;
    ring->open_count++;
}

void pvrings_connect(long domain, int index, int requests)
{
    struct rings *ring = &rings[index];
    uint32_t pipe = (uint32_t)USBIF_PIPE_TYPE_INT << USBIF_PIPE_TYPE_SHIFT;

    *ring = (struct rings){ .urbs = grant(domain, PVRINGS_URBS(index)),
                            .events = grant(domain, PVRINGS_EVENTS(index)),
                            .is_full = requests >= URBS };
    ring->events->req_prod = EVENTS;
    for (int i = 0; i < requests && i < URBS; i++)
        push(ring, (uint16_t)((OPEN_ID + i) % URBS), pipe);
}

// An answer is for an open request, at most once, and for an unlinked request it precedes that for
// the unlink.
static bool is_due(const struct rings *ring, const struct usbif_urb_response *answer)
{
    bool unlinks = ring->is_unlinking && answer->id == UNLINK_ID;

    return answer->id < URBS && ring->is_open[answer->id] &&
           (ring->is_full || ring->is_unlinking) && !(unlinks && ring->is_open[OPEN_ID]) &&
           answer->status == (unlinks ? USBIF_STATUS_OK : USBIF_STATUS_NODEV);
}

static void read_answers(struct rings *ring)
{
    RING_IDX answers = __atomic_load_n(&ring->urbs->rsp_prod, __ATOMIC_ACQUIRE);

    while (ring->answers_seen != answers) {
        struct usbif_urb_response *answer = &ring->urbs->ring[ring->answers_seen++ % URBS].rsp;
        if (is_due(ring, answer)) {
            ring->is_open[answer->id] = false;
            ring->open_count--;
        } else {
            fprintf(stderr, "pvplay: answer %d with status %d\n", answer->id, answer->status);
            ring->waits_for_good = true;
        }
    }
}

void pvrings_turn(int index, unsigned ports)
{
    struct rings *ring = &rings[index];

    if (!ring->urbs)
        return;
    while (ring->told != __atomic_load_n(&ring->events->rsp_prod, __ATOMIC_ACQUIRE)) {
        struct usbif_conn_response *event = &ring->events->ring[ring->told++ % EVENTS].rsp;
        if (event->speed != USBIF_SPEED_NONE || event->portnum < 1 || event->portnum > ports)
            fprintf(stderr, "pvplay: port %d with speed %d\n", event->portnum, event->speed);
        else
            ring->unplugged |= 1u << event->portnum;
    }
    if (ring->open_count && !ring->is_full && !ring->is_unlinking &&
        ring->unplugged == (2ull << ports) - 2) {
        ring->is_unlinking = true;
        push(ring, UNLINK_ID, USBIF_PIPE_UNLINK);
    }
    read_answers(ring);
}

bool pvrings_lets_go(int index)
{
    struct rings *ring = &rings[index];

    if (ring->open_count && !ring->waits_for_good)
        fprintf(stderr, "pvplay: asked to close with an open request\n");
    ring->waits_for_good = ring->waits_for_good || ring->open_count;
    return !ring->waits_for_good;
}
