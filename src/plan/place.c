// SPDX-License-Identifier: MIT
#include "place.h"

#include "host/endpoints.h"

speed_mask place_speeds(const struct device *device, speed_mask offered)
{
    if (device->kind != DEVICE_HOSTDEV) {
        const struct device_model *model = device_model_of(device->kind);
        return offered & (model ? model->speeds : SPEEDS_USB3);
    }
    if (device->speed == SPEED_UNKNOWN)
        return offered & SPEEDS_USB3;
    speed_mask own = SPEEDS(device->speed), slower = 0;
    if (offered & own || !device->host || !(offered & (own - 1)))
        return offered & own;
    struct host_endpoints endpoints = host_endpoints(device->host);
    if (endpoints.fits_high_speed)
        slower |= SPEEDS(SPEED_HIGH);
    if (endpoints.fits_full_speed)
        slower |= SPEEDS(SPEED_FULL);
    return offered & slower;
}

bool place_may_be_isochronous(const struct device *device)
{
    return device->kind == DEVICE_HOSTDEV && device->host && host_may_be_isochronous(device->host);
}

// A dotted port needs a hub at every port before its last number.
static bool hubs_lead_to(const struct controller *controller, struct port port)
{
    while (port.depth > 1) {
        port.number[--port.depth] = 0;
        const struct device *hub = controller_device_at(controller, port);
        if (!hub || hub->kind != DEVICE_HUB)
            return false;
    }
    return true;
}

static bool is_shared(const struct controller *controller, struct port port)
{
    const struct controller *at = controller->topology ? controller->topology->controllers : NULL;
    for (; at && controller->pvusb; at = at->next)
        if (at != controller && at->pvusb && controller_device_at(at, port))
            return true;
    return false;
}

enum place_verdict place_at(const struct controller *controller, const struct device *device,
                            struct port port)
{
    if (port.depth == 0 || port.number[0] > controller->ports)
        return PLACE_NO_PORT;
    if (port.number[0] <= 32 && controller->missing_ports >> (port.number[0] - 1) & 1)
        return PLACE_NO_PORT;
    if (!hubs_lead_to(controller, port))
        return PLACE_NO_HUB;
    if (port.depth > 1 && port.number[port.depth - 1] > HUB_PORTS)
        return PLACE_NO_PORT;
    if (controller->pvusb && device->wanted && device->wanted->properties)
        return PLACE_PROPERTIES;
    if (controller->pvusb && place_may_be_isochronous(device))
        return PLACE_ISOCHRONOUS;
    if (!place_speeds(device, controller_port_speeds(controller, port)))
        return PLACE_SPEED;
    const struct device *there = controller_device_at(controller, port);
    if (there && there != device)
        return PLACE_TAKEN;
    return is_shared(controller, port) ? PLACE_SHARED : PLACE_FITS;
}

speed_mask place_speed_at(const struct controller *controller, const struct device *device,
                          struct port port)
{
    speed_mask both = place_speeds(device, controller_port_speeds(controller, port));
    speed_mask best = 0;
    for (enum speed speed = SPEED_LOW; speed <= SPEED_SUPER; speed++)
        if (both & SPEEDS(speed))
            best = SPEEDS(speed);
    return best;
}

// The speeds of a port that the device cannot use. Among equally fast ports, the one with the
// fewest is chosen: a keyboard should not occupy one of the few SuperSpeed ports.
static speed_mask waste(const struct controller *controller, const struct device *device,
                        struct port port)
{
    speed_mask offered = controller_port_speeds(controller, port);
    return offered & ~place_speeds(device, offered);
}

enum place_verdict place_on(const struct controller *controller, const struct device *device,
                            struct port *port)
{
    enum place_verdict verdict = PLACE_SPEED;
    speed_mask best = 0, least = 0;
    for (unsigned i = 1; i <= controller->ports && i <= UINT8_MAX; i++) {
        unsigned number = controller->has_unplaced ? controller->ports + 1 - i : i;
        struct port at = { 1, { (uint8_t)number } };
        enum place_verdict here = place_at(controller, device, at);
        if (here != PLACE_FITS && verdict == PLACE_SPEED)
            verdict = here;
        if (here != PLACE_FITS)
            continue;
        speed_mask speed = place_speed_at(controller, device, at);
        speed_mask wasted = waste(controller, device, at);
        if (verdict == PLACE_FITS && (speed < best || (speed == best && wasted >= least)))
            continue;
        verdict = PLACE_FITS;
        best = speed;
        least = wasted;
        *port = at;
    }
    return verdict;
}

bool place_is_qemu_only(const struct controller *controller)
{
    if (controller->pvusb == PVUSB_KERNEL)
        return false;
    for (const struct controller *at = controller->topology->controllers; at; at = at->next)
        if (at != controller && at->pvusb == PVUSB_QEMU)
            return true;
    return false;
}
