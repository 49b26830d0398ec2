// SPDX-License-Identifier: MIT
// What a domain has, as the items of a config that would ask for it.
#ifndef XENUSB_PLAN_DECLARE_H
#define XENUSB_PLAN_DECLARE_H

#include "topology.h"

// The position of what is given, but in no source.
#define DECLARED ((struct span){ 0, 1 })

// A controller as an item of usbcontroller=[], with that name. Its model must be known.
struct config_controller *declare_controller(struct arena *arena, const struct controller *from,
                                             const char *name);

// A device as an item of usbdevice=[], at its port of the controller with that name. The selector
// of a host device is left to the caller.
struct config_device *declare_device(struct arena *arena, const struct device *from,
                                     const char *controller);

#endif
