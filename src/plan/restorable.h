// SPDX-License-Identifier: MIT
// Whether a domain that is saved now can be restored.
//
// libxl restores an HVM guest with a QEMU that it starts with the same arguments as the one that
// was saved. Controllers and devices that were added while that one ran are missing in it, and QEMU
// refuses a saved state with more than it has.
#ifndef XENUSB_PLAN_RESTORABLE_H
#define XENUSB_PLAN_RESTORABLE_H

#include "plan.h"

struct restorable {
    enum verdict verdict;
    const char *why; // a clause for messages: what the verdict is based on; not safe to print
    bool parkable;   // all that prevents it can be removed, and added again later
};

// For a domain of Xen. Ignores what is only planned or only recorded. What could not be read makes
// it unknown, unless something else prevents it.
struct restorable restorable_of(struct arena *arena, const struct topology *topology);
// The same, as if what the plan removes from its topology were gone.
struct restorable restorable_after(struct arena *arena, const struct plan *plan);

// Whether this must be removed before the domain is saved: it prevents that, or would not come
// back, and its QEMU was not started with it. A controller goes with all that is on it.
bool restorable_without_controller(const struct controller *controller);
bool restorable_without_device(const struct device *device);

// Why this controller or device prevents that, for messages: "controller hci0 was added while its
// QEMU ran"; NULL if it does not, or if that is not known.
const char *restorable_prevented_by_controller(struct arena *arena,
                                               const struct controller *controller);
const char *restorable_prevented_by_device(struct arena *arena, const struct device *device);

#endif
