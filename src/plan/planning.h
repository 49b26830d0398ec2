// SPDX-License-Identifier: MIT
// What the rooms of the planner share while one plan is made. Private to them.
#ifndef XENUSB_PLANNING_H
#define XENUSB_PLANNING_H

#include "backend.h"

// One wished device on its way to a port.
struct placement {
    const struct config_device *wanted;
    const struct host_device *host; // hostdev: the one that is meant
    struct controller *controller;  // where it must go; NULL: anywhere
    struct device *device;          // what it is in the topology, there already or planned
    struct device *stale;           // what is left of it from before it was unplugged
    enum step_op op;                // STEP_ADD until something else is known
    const char *words;              // a refusal's reason
};

struct planning {
    struct arena *arena;
    struct diags *diags;
    const struct config *config;
    struct topology *topology;
    const struct host *host;
    const struct plan_options *options;
    struct plan *plan;
    struct placement *placements; // one for each device of the config, in its order
    size_t placement_count;
    unsigned slots_used; // controllers planned so far
    enum status status;
};

// Adds an error at `span` of the config and remembers what it means for the whole.
struct diag *planning_complain(struct planning *planning, enum status status, struct span span,
                               const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 4, 5)));

// QEMU's type of what is wished; as its arguments name it, where xenusb knows no such kind.
const char *planning_driver(const struct planning *planning, const struct config_device *wanted);

// resolve.c: finds the host device of each target, and refuses those that must not be given away.
void resolve_placements(struct planning *planning);

// match.c: whether what is wished is there already.
// The controller that `wish` already is; NULL if there is none. When one stands in its place that
// is another, *conflict tells how.
struct controller *match_controller(struct planning *planning,
                                    const struct config_controller *wanted, const char **conflict);
// The same for a wish without a name of its own, where the default one is another controller's: any
// under such a name that is as it is wished; NULL if there is none.
struct controller *match_by_default(struct planning *planning,
                                    const struct config_controller *wanted);
// Finds what is there of all targets: sets their device and STEP_KEEP, or their stale one. Refuses
// what is not there and xenusb cannot make.
void match_placements(struct planning *planning);

// supply.c: controllers, those wished for and those that devices need.
// The model of a controller that is wished for in that domain.
const struct controller_model *supply_model(const struct config_controller *wanted,
                                            const struct domain *domain);
// supply_pv.c: PVUSB controllers.
// Which kind serves that wish, and in which domain. NULL if one can be added here and now, else why
// not; then *advice may say what can be done.
const char *supply_pvusb(const struct planning *planning, const struct config_controller *wanted,
                         enum pvusb_backend *kind, unsigned *backend_domain, const char **advice);
bool supply_is_pv_guest(const struct planning *planning);
// Whether a server of PVUSB controllers is to be started, as none runs.
bool supply_starts_server(const struct planning *planning);

// Gives every wished controller its place in the topology: the one that is there, or a planned one.
void supply_wanted(struct planning *planning);
// A planned controller that takes `device`, with room for `count` of its like; NULL after a
// complaint at `span`, where the first of them is asked for.
struct controller *supply_for(struct planning *planning, const struct device *device, size_t count,
                              struct span span);
// Whether one could be had: something serves it, QEMU has a model for that speed, and a slot.
bool supply_is_possible(const struct planning *planning, const struct device *device);
// Whether libxl's records can tell of this device: only host devices, and only where Xen is.
bool supply_libxl_can_tell(const struct planning *planning, const struct device *device);

// settle.c: ports for all targets that are to be added.
void settle_placements(struct planning *planning);

#endif
