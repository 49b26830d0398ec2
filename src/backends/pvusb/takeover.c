// SPDX-License-Identifier: MIT
// Completes the requests that a dead PVUSB QEMU left open, so that the guest's frontend can close.
//
// Linux disconnects a device only when all its requests are complete (usb_kill_urb), and a device
// in use always has one open. A frontend that is asked to close while no backend responds blocks
// the guest's xenwatch thread forever.
#include "base/arena.h"
#include "handle.h"
#include "nodes.h"
#include "xen/share.h"
#include "xen/xen.h"

// The rings that the frontend announces in xenstore (xen/io/usbif.h).
struct guest_rings {
    uint64_t urb_ref, conn_ref; // grant references
    uint64_t channel;           // event channel
};

// XEN_ABSENT if the frontend has no rings, and so no requests.
static enum xen_result read_rings(const struct session *session,
                                  const struct controller *controller, struct guest_rings *rings)
{
    const char *frontend = nodes_frontend(session->arena, session->domain->id, controller);
    const struct {
        const char *name;
        uint64_t *value;
    } nodes[] = { { "urb-ring-ref", &rings->urb_ref },
                  { "conn-ring-ref", &rings->conn_ref },
                  { "event-channel", &rings->channel } };
    enum xen_result result = XEN_OK;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes && result == XEN_OK; i++)
        result = xen_read_number(session->xen, NULL,
                                 arena_printf(session->arena, "%s/%s", frontend, nodes[i].name),
                                 UINT32_MAX, nodes[i].value);
    return result;
}

// Binds the channel first: that works only once, so no other backend can be using the rings.
static bool map_rings(struct takeover *takeover, const struct guest_rings *rings, unsigned ports,
                      const char **why)
{
    if (!xen_share_bind(takeover->share, (uint32_t)rings->channel, why))
        return false;
    void *requests = xen_share_map(takeover->share, (uint32_t)rings->urb_ref, why);
    void *events = requests ? xen_share_map(takeover->share, (uint32_t)rings->conn_ref, why) : NULL;
    if (!events)
        return false;
    *why = "the contents of its rings are not valid";
    if (!urb_ring_take_over(&takeover->requests, requests) || !conn_ring_unplug(events, ports))
        return false;
    xen_share_notify(takeover->share);
    takeover->last_request = clock_now();
    return true;
}

void pvusb_answer_requests(struct pvusb_handle *handle)
{
    enum { ANSWERS = 50 };
    const double pause = 0.005; // the guest may send more after each response
    struct takeover *takeover = &handle->takeover;
    for (int i = 0; takeover->share && i < ANSWERS && urb_ring_answer(&takeover->requests); i++) {
        xen_share_notify(takeover->share);
        takeover->last_request = clock_now();
        clock_sleep(pause);
    }
}

static bool no_request_open(struct pvusb_handle *handle, const struct controller *controller,
                            const struct device *device)
{
    (void)controller;
    (void)device;
    struct takeover *takeover = &handle->takeover;
    pvusb_answer_requests(handle);
    if (clock_now() - takeover->last_request >
            PVUSB_REQUEST_SECONDS * handle->session->timeout_scale &&
        urb_ring_answer_old_unlinks(&takeover->requests))
        xen_share_notify(takeover->share);
    return urb_ring_open(&takeover->requests) == 0;
}

enum status pvusb_take_over(struct pvusb_handle *handle, const struct controller *controller,
                            const char **why)
{
    struct session *session = handle->session;
    struct guest_rings rings = { 0 };
    const char *what = "its nodes in xenstore could not be read";
    struct takeover *takeover = &handle->takeover;
    enum xen_result result = read_rings(session, controller, &rings);
    if (result == XEN_ABSENT)
        return STATUS_OK;
    if (result == XEN_OK)
        takeover->share = xen_share_open(session->arena, (uint32_t)session->domain->id, &what);
    if (!takeover->share || !map_rings(takeover, &rings, controller->ports, &what)) {
        *why = arena_printf(session->arena,
                            "the open requests of the guest's driver cannot be completed (%s), and "
                            "closing it now would block the guest; reboot %s",
                            what, session->domain->name);
        return STATUS_FAILED;
    }
    const struct waiting waiting =
        pvusb_waiting(handle, PVUSB_TAKEOVER_SECONDS,
                      "the guest's driver to give up the requests to a dead QEMU");
    if (pvusb_wait(handle, waiting, no_request_open, controller, NULL))
        return STATUS_OK;
    *why = "interrupted";
    if (session_interrupted(session))
        return STATUS_FAILED;
    *why = arena_printf(session->arena,
                        "the guest's driver did not release its devices within %g s (requests to "
                        "the dead QEMU that are still open: %u); reboot %s",
                        PVUSB_TAKEOVER_SECONDS * session->timeout_scale,
                        urb_ring_open(&handle->takeover.requests), session->domain->name);
    return STATUS_TIMEOUT;
}

void pvusb_end_takeover(struct pvusb_handle *handle)
{
    xen_share_close(handle->takeover.share);
    handle->takeover = (struct takeover){ .share = NULL };
}
