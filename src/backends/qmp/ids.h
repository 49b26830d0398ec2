// SPDX-License-Identifier: MIT
// Ids in QEMU: which one a controller or a device gets, and what an id tells.
#ifndef XENUSB_BACKENDS_QMP_NAMES_H
#define XENUSB_BACKENDS_QMP_NAMES_H

#include "plan/topology.h"

// What libxl can express has the id that libxl would give it, so that xl can detach it: controllers
// xenusb-<devid>, host devices on them xenusb-<bus>-<address> (libxl_usb.c). Everything else has an
// id that libxl takes for nobody's: xenusb_<name>, xenusb_<kind><number>.

// The id for a controller that is to be added. Bytes of its name that QEMU does not allow in an id
// (and dots) come as a dot and two hexadecimal digits, so that names_controller() finds the name.
const char *names_controller_id(struct arena *arena, const struct controller *controller);

// The id for a device that is to be added to its controller. `number` is the one to try; it has no
// part in libxl's ids.
const char *names_device_id(struct arena *arena, const struct device *device, unsigned number);
// Whether libxl would know that device on its controller.
bool names_is_libxl_device(const struct device *device);

// What a user calls the controller of that id, and libxl's devid, or -1. An id that is nobody's
// scheme is itself the name; "" has none, and the name is "usb".
const char *names_controller(struct arena *arena, const char *id, int *index);

// The block node or the character device that stands behind the device of that id, made by xenusb.
const char *names_backing(struct arena *arena, const char *device_id);

#endif
