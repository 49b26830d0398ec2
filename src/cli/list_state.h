// SPDX-License-Identifier: MIT
// The states that list shows.
#ifndef XENUSB_CLI_LIST_STATE_H
#define XENUSB_CLI_LIST_STATE_H

#include "plan/topology.h"
#include "table.h"

// NULL if there is nothing to say. Not escaped, as the others.
const char *list_state_of_controller(struct arena *arena, const struct controller *controller);

const char *list_state_of(struct arena *arena, const struct device *device);

// What the state of a controller is like, or of a device on it; `device` may be NULL.
enum tone list_tone_of(const struct controller *controller, const struct device *device);

// The command that brings a device back, or that frees its port; NULL if it is not gone, or if no
// backend runs.
const char *list_advice_of(struct arena *arena, const struct domain *domain,
                           const struct device *device);

#endif
