// SPDX-License-Identifier: MIT
// Whether a host device really is with QEMU: the host's side of "attached".
#ifndef XENUSB_BACKENDS_QMP_ARRIVE_H
#define XENUSB_BACKENDS_QMP_ARRIVE_H

#include "plan/topology.h"

// Whether QEMU may have that device open: a program holds it through usbfs, or nobody does. QEMU
// takes the kernel's drivers off when it opens a device, and claims its interfaces only when the
// guest configures it (hw/usb/host-libusb.c); a kernel driver means that QEMU has lost it.
bool verify_may_be_open(const struct host_device *device);

// Whether `device`, which QEMU says is attached, is where the host shows it now: the same device,
// at that bus and address, with no driver of the kernel's. If not, *why says what is seen instead,
// in words owned by the arena.
bool verify_was_seen(struct arena *arena, const struct host *now, const struct device *device,
                     const char **why);

// Whether the guest has configured that device of this host, as its driver does first: only then
// QEMU claims its interfaces.
bool verify_guest_took(struct arena *arena, const char *busid);

#endif
