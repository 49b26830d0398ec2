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
static bool take_over(struct stand_in *stand_in, const struct offer *offer, unsigned ports,
                      const char **why)
{
    if (!xen_share_bind(stand_in->share, (uint32_t)offer->channel, why))
        return false;
    void *requests = xen_share_map(stand_in->share, (uint32_t)offer->requests, why);
    void *events = requests ? xen_share_map(stand_in->share, (uint32_t)offer->ports, why) : NULL;
    if (!events)
        return false;
    *why = "its rings hold what no driver writes";
    if (!urb_ring_take_over(&stand_in->requests, requests) || !conn_ring_unplug(events, ports))
        return false;
    xen_share_notify(stand_in->share);
    stand_in->asked = clock_now();
    return true;
}

void pvusb_stand_in_turn(struct pvusb_handle *handle)
{
    enum { ANSWERS = 50 };
    const double pause = 0.005; // a guest that was answered asks on
    struct stand_in *stand_in = &handle->stand_in;
    for (int i = 0; stand_in->share && i < ANSWERS && urb_ring_answer(&stand_in->requests); i++) {
        xen_share_notify(stand_in->share);
        stand_in->asked = clock_now();
        clock_sleep(pause);
    }
}

static bool nobody_waits(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device)
{
    (void)controller;
    (void)device;
    struct stand_in *stand_in = &handle->stand_in;
    pvusb_stand_in_turn(handle);
    if (clock_now() - stand_in->asked > PVUSB_ASKING_SECONDS * handle->session->timeout_scale &&
        urb_ring_answer_early(&stand_in->requests))
        xen_share_notify(stand_in->share);
    return urb_ring_waiting(&stand_in->requests) == 0;
}

enum status pvusb_stand_in(struct pvusb_handle *handle, const struct controller *controller,
                           const char **why)
{
    struct session *session = handle->session;
    struct offer offer = { 0 };
    const char *what = "what it says of its rings cannot be read";
    struct stand_in *stand_in = &handle->stand_in;
    enum xen_result offered = read_offer(session, controller, &offer);
    if (offered == XEN_ABSENT)
        return STATUS_OK;
    if (offered == XEN_OK)
        stand_in->share = xen_share_open(session->arena, (uint32_t)session->domain->id, &what);
    if (!stand_in->share || !take_over(stand_in, &offer, controller->ports, &what)) {
        *why = arena_printf(session->arena,
                            "what the guest's driver waits for cannot be answered (%s), and it "
                            "would wait for good; reboot %s",
                            what, session->domain->name);
        return STATUS_FAILED;
    }
    if (pvusb_wait(handle, PVUSB_GIVING_UP_SECONDS, nobody_waits, controller, NULL))
        return STATUS_OK;
    *why = arena_printf(session->arena,
                        "the guest's driver did not give up its devices within %g s: it waits for "
                        "%u answers of the QEMU that has ended; reboot %s",
                        PVUSB_GIVING_UP_SECONDS * session->timeout_scale,
                        urb_ring_waiting(&handle->stand_in.requests), session->domain->name);
    return STATUS_TIMEOUT;
}

void pvusb_stand_down(struct pvusb_handle *handle)
{
    xen_share_close(handle->stand_in.share);
    handle->stand_in = (struct stand_in){ .share = NULL };
}
