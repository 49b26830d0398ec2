// SPDX-License-Identifier: MIT
// Whether QEMU really has a host device: checks "attached" from the host's side.
#ifndef XENUSB_BACKENDS_QMP_VERIFY_H
#define XENUSB_BACKENDS_QMP_VERIFY_H

#include "plan/topology.h"

// Whether this host confirms that QEMU has `device`: `now`, what is plugged in at its busid
// (NULL: nothing), is at its bus and address, without a kernel driver (QEMU detaches them when it
// opens a device, and claims the interfaces only when the guest configures it:
// hw/usb/host-libusb.c), and it is among the `nodes` that QEMU has open. If not, *why is what this
// host shows instead, in the arena. Unknown, with *why, if only the nodes could not be read.
enum verdict verify_host_agrees(struct arena *arena, const struct host_device *now,
                                const struct host_nodes *nodes, const struct device *device,
                                const char **why);

// Whether the guest has configured that device of this host: only then QEMU claims its interfaces.
bool verify_guest_configured(struct arena *arena, const char *busid);

#endif
