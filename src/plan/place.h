// SPDX-License-Identifier: MIT
// Chooses ports for devices by speed. Nothing is left to QEMU, which ignores speeds and may add a
// hub of its own.
#ifndef XENUSB_PLAN_PLACE_H
#define XENUSB_PLAN_PLACE_H

#include "topology.h"

// The speeds, of those offered, at which a device works: its own if that is offered, else slower
// ones that its endpoints allow. All that are offered if its speed is unknown.
speed_mask place_speeds(const struct device *device, speed_mask offered);

// Whether it is a host device with isochronous endpoints, or one whose endpoints could not be read.
bool place_may_be_isochronous(const struct device *device);

// Whether a device can be at a port, or why not.
enum place_verdict {
    PLACE_FITS,
    PLACE_NO_PORT, // the controller has no such port
    PLACE_NO_HUB,  // a dotted port without its hub
    PLACE_TAKEN,
    PLACE_SPEED,       // the port does not support the device's speed
    PLACE_ISOCHRONOUS, // PVUSB does not support isochronous transfers, which it may need
    PLACE_PROPERTIES,  // PVUSB does not support properties of QEMU's devices, which it has
    PLACE_SHARED,      // another PVUSB controller of the guest has a device at that port number
};

// Whether `device` can be at exactly that port. PLACE_SHARED is returned only if there is no other
// obstacle: QEMU aborts if two PVUSB controllers of a guest have devices at the same port number
// (an assertion in vmstate_register_with_alias_id, QEMU 7.2 and 10).
enum place_verdict place_at(const struct controller *controller, const struct device *device,
                            struct port port);

// Whether QEMU serves both this PVUSB controller and another one of the guest: then PLACE_SHARED
// cannot be overridden.
bool place_is_qemu_only(const struct controller *controller);

// Sets *port to the best free root port for `device`. PLACE_TAKEN if all suitable ports are used,
// PLACE_SPEED if none is suitable. If QEMU does not report the ports of all devices, the highest
// ports are tried first, because QEMU itself chooses the lowest.
enum place_verdict place_on(const struct controller *controller, const struct device *device,
                            struct port *port);

// The fastest speed that both the device and the port support, as a mask of one bit; 0 if none.
speed_mask place_speed_at(const struct controller *controller, const struct device *device,
                          struct port port);

#endif
