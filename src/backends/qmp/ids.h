// SPDX-License-Identifier: MIT
// Ids of objects in QEMU: chooses them, and gets a controller's name from its id.
#ifndef XENUSB_BACKENDS_QMP_IDS_H
#define XENUSB_BACKENDS_QMP_IDS_H

#include "plan/topology.h"

// What libxl supports gets the id that libxl would choose, so that xl can detach it: controllers
// xenusb-<devid>, host devices on them xenusb-<bus>-<address> (libxl_usb.c). Everything else gets
// an id that libxl does not recognize: xenusb_<name>, xenusb_<kind><number>. All strings returned
// are in the arena.

// The id for a new controller. Bytes of its name that QEMU does not allow in an id (and dots) are
// encoded as a dot and two hexadecimal digits, so that ids_controller_name() can decode the name.
const char *ids_for_controller(struct arena *arena, const struct controller *controller);

// The id for a new device on its controller. `number` makes it unique; libxl's ids do not use it.
const char *ids_for_device(struct arena *arena, const struct device *device, unsigned number);
// Whether the device gets an id as libxl would choose it.
bool ids_is_libxl_device(const struct device *device);
// Whether an id has the form of libxl's for a host device.
bool ids_has_address(const char *id);

// The name of the controller with that id, for users; *index is libxl's devid, or -1. An id of
// neither scheme is itself the name; for "" it is "usb".
const char *ids_controller_name(struct arena *arena, const char *id, int *index);

// The name of the block node or character device that xenusb creates for the device with that id.
const char *ids_backing(struct arena *arena, const char *device_id);

#endif
