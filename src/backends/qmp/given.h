// SPDX-License-Identifier: MIT
// The host devices that QEMU was given: which one each is, and whether QEMU has it. Private to the
// backend.
#ifndef XENUSB_BACKENDS_QMP_GIVEN_H
#define XENUSB_BACKENDS_QMP_GIVEN_H

#include "plan/topology.h"
#include "walk_usb.h"

// Sets the selector and the state of a host device from its properties, and its host device if it
// is attached. `host` may be NULL: unknown.
void given_read(struct walk *walk, const struct host *host, const struct walk_device *found,
                struct device *device);

// Tells equal devices of the host apart by what this QEMU has open. Needs all devices of the
// topology. `host` may be NULL.
void given_tell_apart(const struct walk *walk, const struct host *host, struct topology *topology);

#endif
