// SPDX-License-Identifier: MIT
// What the steps of a journal are about, as the domain has it now.
#ifndef XENUSB_WORLD_MEANT_H
#define XENUSB_WORLD_MEANT_H

#include "plan/topology.h"
#include "record/journal.h"

// The controller of a step; NULL if the domain does not have it.
struct controller *meant_controller(const struct topology *topology,
                                    const struct journal_step *step);
// The device of a step on that controller; NULL if there is none.
struct device *meant_device(const struct controller *controller, const struct journal_step *step);
// Whether the guest has the device; also true if that cannot be found out.
bool device_is_given(const struct device *device);

#endif
