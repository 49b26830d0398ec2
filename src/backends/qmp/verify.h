// SPDX-License-Identifier: MIT
// Whether QEMU really has a host device: checks "attached" from the host's side.
#ifndef XENUSB_BACKENDS_QMP_VERIFY_H
#define XENUSB_BACKENDS_QMP_VERIFY_H

#include "plan/topology.h"

// Whether QEMU may have that device open: usbfs or nothing is bound to it. QEMU detaches the
// kernel's drivers when it opens a device, and claims its interfaces only when the guest configures
// it (hw/usb/host-libusb.c); a kernel driver means that QEMU has lost the device.
bool verify_may_be_open(const struct host_device *device);

// Whether the host confirms that QEMU has `device`: `now`, what is plugged in at its busid (NULL:
// nothing), is at its bus and address and has no kernel driver. If not, *why is what the host shows
// instead, in the arena.
bool verify_host_agrees(struct arena *arena, const struct host_device *now,
                        const struct device *device, const char **why);

// Whether the guest has configured that device of this host: only then QEMU claims its interfaces.
bool verify_guest_configured(struct arena *arena, const char *busid);

#endif
