// SPDX-License-Identifier: MIT
// The host devices that QEMU was given, as QEMU reports them. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_GIVEN_H
#define XENUSB_BACKENDS_QMP_GIVEN_H

#include "plan/topology.h"
#include "walk_usb.h"

// Sets the selector and the report of a host device from its properties. Its state follows from
// them in presence_find().
void given_read(struct walk *walk, const struct walk_device *found, struct device *device);

#endif
