// SPDX-License-Identifier: MIT
// Ports for devices, by speed: which port of which controller takes which device. Nothing is left
// to QEMU's own choice, which does not look at speeds and may put a hub in between.
#ifndef XENUSB_PLAN_PLACE_H
#define XENUSB_PLAN_PLACE_H

#include "topology.h"

// At which speeds a device can run. A device whose endpoints fit a slower speed too can do both;
// one of unknown speed is taken to run at any.
speed_mask place_speeds(const struct device *device);

enum place_verdict {
    PLACE_FITS,
    PLACE_NO_PORT, // the controller has no such port
    PLACE_NO_HUB,  // a dotted port without a hub at its front
    PLACE_TAKEN,
    PLACE_SPEED,       // the port does not take the device's speed
    PLACE_ISOCHRONOUS, // PVUSB carries no isochronous transfers
    PLACE_SHARED,      // another PVUSB controller of the guest has a device at that port number
};

// Whether `device` can sit at exactly that port. PLACE_SHARED only if nothing else is
// in the way: QEMU's PVUSB aborts when devices use the same port number on two controllers of a
// guest (an assertion in vmstate_register_with_alias_id, QEMU 7.2 and 10).
enum place_verdict place_at(const struct controller *controller, const struct device *device,
                            struct port port);

// Whether QEMU serves this PVUSB controller and another one of the guest: then PLACE_SHARED cannot
// be overridden.
bool place_is_qemu_only(const struct controller *controller);

// The best free root port for `device`, in *port. PLACE_TAKEN if only occupied ones fit,
// PLACE_SPEED if none would. Where QEMU hides at which port something sits, high numbers are taken
// first, because QEMU chooses the lowest.
enum place_verdict place_on(const struct controller *controller, const struct device *device,
                            struct port *port);

// The fastest speed that the device and that port both can do, as a mask of one bit; 0 if none.
speed_mask place_speed_at(const struct controller *controller, const struct device *device,
                          struct port port);

#endif
