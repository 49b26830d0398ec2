// SPDX-License-Identifier: MIT
// Declarations of several host devices (count=, all=), as one declaration for each device.
#ifndef XENUSB_PLAN_SPREAD_H
#define XENUSB_PLAN_SPREAD_H

#include "topology.h"

// The config with a declaration for each host device of the groups in it, and one for what there is
// none for; the config itself if it has no groups, or `host` is NULL. A device that another
// declaration asks for, or an earlier group, is none of a group; those with `all` get the rest. Of
// more than `count`, those that the guest has come first (`topology` may be NULL), then free ones.
// Groups on controllers of driver domains stay as they are.
const struct config *plan_spread(struct arena *arena, const struct config *config,
                                 const struct topology *topology, const struct host *host);

#endif
