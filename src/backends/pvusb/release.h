// SPDX-License-Identifier: MIT
// How devices are released, also to undo that they were attached. Private to this backend.
#ifndef XENUSB_BACKENDS_PVUSB_RELEASE_H
#define XENUSB_BACKENDS_PVUSB_RELEASE_H

#include "wave.h"

// Releases the devices of a wave, also those that were attached only in part; those that have
// failed are left as they are. Does not change the drivers of a device that another guest has by
// now. An interrupt does not stop it halfway.
void wave_release(const struct wave *wave);

// Whether the device must be bound to this host's usbback.
bool is_local_usbback(const struct device *device);
// The node of the port of change->device.
const char *port_path(const struct change *change);

#endif
