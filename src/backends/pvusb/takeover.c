// SPDX-License-Identifier: MIT
// In the place of a QEMU that has ended, as far as a guest needs somebody to let go of what it had.
//
// Linux' driver ends a device only when each of its requests has been answered (usb_kill_urb), and
// a device in use always has one open. Asked to close while nobody answers, it blocks the guest's
// xenwatch thread for good.
#include "base/arena.h"
#include "handle.h"
#include "nodes.h"
#include "xen/share.h"
#include "xen/xen.h"

// What the guest says of its rings (xen/io/usbif.h).
struct offer {
    uint64_t requests, ports; // grants
    uint64_t channel;
};

// XEN_ABSENT of a frontend that shares nothing, and so asks nothing.
static enum xen_result read_offer(const struct session *session,
                                  const struct controller *controller, struct offer *offer)
{
    const char *frontend = nodes_frontend(session->arena, session->domain->id, controller);
    const struct {
        const char *name;
        uint64_t *value;
    } nodes[] = { { "urb-ring-ref", &offer->requests },
                  { "conn-ring-ref", &offer->ports },
                  { "event-channel", &offer->channel } };
    enum xen_result result = XEN_OK;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes && result == XEN_OK; i++)
        result = xen_read_number(session->xen, NULL,
                                 arena_printf(session->arena, "%s/%s", frontend, nodes[i].name),
                                 UINT32_MAX, nodes[i].value);
    return result;
}

// The channel first: that can be bound only once, so nobody else serves the rings.
static bool take_over(struct takeover *takeover, const struct offer *offer, unsigned ports,
                      const char **why)
{
    if (!xen_share_bind(takeover->share, (uint32_t)offer->channel, why))
        return false;
    void *requests = xen_share_map(takeover->share, (uint32_t)offer->requests, why);
    void *events = requests ? xen_share_map(takeover->share, (uint32_t)offer->ports, why) : NULL;
    if (!events)
        return false;
    *why = "its rings hold what no driver writes";
    if (!urb_ring_take_over(&takeover->requests, requests) || !conn_ring_unplug(events, ports))
        return false;
    xen_share_notify(takeover->share);
    takeover->asked = clock_now();
    return true;
}

void pvusb_answer_requests(struct pvusb_handle *handle)
{
    enum { ANSWERS = 50 };
    const double pause = 0.005; // a guest that was answered asks on
    struct takeover *takeover = &handle->takeover;
    for (int i = 0; takeover->share && i < ANSWERS && urb_ring_answer(&takeover->requests); i++) {
        xen_share_notify(takeover->share);
        takeover->asked = clock_now();
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
    if (clock_now() - takeover->asked > PVUSB_REQUEST_SECONDS * handle->session->timeout_scale &&
        urb_ring_answer_old_unlinks(&takeover->requests))
        xen_share_notify(takeover->share);
    return urb_ring_open(&takeover->requests) == 0;
}

enum status pvusb_take_over(struct pvusb_handle *handle, const struct controller *controller,
                            const char **why)
{
    struct session *session = handle->session;
    struct offer offer = { 0 };
    const char *what = "what it says of its rings cannot be read";
    struct takeover *takeover = &handle->takeover;
    enum xen_result offered = read_offer(session, controller, &offer);
    if (offered == XEN_ABSENT)
        return STATUS_OK;
    if (offered == XEN_OK)
        takeover->share = xen_share_open(session->arena, (uint32_t)session->domain->id, &what);
    if (!takeover->share || !take_over(takeover, &offer, controller->ports, &what)) {
        *why = arena_printf(session->arena,
                            "what the guest's driver waits for cannot be answered (%s), and it "
                            "would wait for good; reboot %s",
                            what, session->domain->name);
        return STATUS_FAILED;
    }
    if (pvusb_wait(handle, PVUSB_TAKEOVER_SECONDS, no_request_open, controller, NULL))
        return STATUS_OK;
    *why = arena_printf(session->arena,
                        "the guest's driver did not give up its devices within %g s: it waits for "
                        "%u answers of the QEMU that has ended; reboot %s",
                        PVUSB_TAKEOVER_SECONDS * session->timeout_scale,
                        urb_ring_open(&handle->takeover.requests), session->domain->name);
    return STATUS_TIMEOUT;
}

void pvusb_end_takeover(struct pvusb_handle *handle)
{
    xen_share_close(handle->takeover.share);
    handle->takeover = (struct takeover){ .share = NULL };
}
