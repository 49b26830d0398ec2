// SPDX-License-Identifier: MIT
// What the files of the planner share while one plan is made. Private to them.
#ifndef XENUSB_PLAN_PLANNING_H
#define XENUSB_PLAN_PLANNING_H

#include "backend.h"
#include "place.h"

// A wanted device on its way to a port.
struct placement {
    const struct config_device *wanted;
    const struct host_device *host; // hostdev: the one that is meant
    struct controller *controller;  // where it must go; NULL: anywhere
    struct device *device;          // what it is in the topology, there already or planned
    struct device *stale;           // what is left of it from before it was unplugged
    enum step_op op;                // STEP_ADD until something else is known
    const char *words;              // a refusal's reason
    enum place_verdict verdict;     // and what spoke against the best place
};

// A wanted controller on its way to one of the topology.
struct request {
    const struct config_controller *wanted;
    struct controller *controller; // there already, or planned; NULL: none yet
    const char *conflict;          // how the one in its place differs; NULL if none is there
    bool renamed;                  // its name is only a default, and taken: any free one will do
};

struct planning {
    struct arena *arena;
    struct diags *diags;
    const struct config *config;
    struct topology *topology;
    const struct host *host;
    const struct plan_options *options;
    struct plan *plan;
    struct request *requests;     // one for each controller of the config, by its index
    struct placement *placements; // one for each device of the config, in its order
    size_t placement_count;
    unsigned slots_used;        // controllers planned so far
    unsigned next_hci, next_pv; // the number of the next default name that may be free
    bool every_speed; // a host device of unknown speed is kept from ports that lack some speed
    enum status status;
};

// planning.c: what all the others ask.
// Adds an error at `span` of the config and remembers what it means for the whole.
struct diag *planning_complain(struct planning *planning, enum status status, struct span span,
                               const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 4, 5)));
// QEMU's type of the device that is wanted; as its arguments name it, where xenusb knows no such
// kind.
const char *planning_driver(const struct planning *planning, const struct config_device *wanted);
// The model of a controller that is wanted in that domain.
const struct controller_model *planning_model(const struct config_controller *wanted,
                                              const struct domain *domain);
// Which kind of PVUSB serves that controller, and in which domain (0: this one). NULL if one can be
// added here and now, else why not; *advice may then say what can be done.
const char *planning_pvusb(const struct planning *planning, const struct config_controller *wanted,
                           enum pvusb_backend *kind, unsigned *backend_domain, const char **advice);
bool planning_is_pv_guest(const struct planning *planning);
// Whether a server of PVUSB controllers is to be started, as none runs.
bool planning_starts_pvusb_qemu(const struct planning *planning);
// Whether libxl's records can tell of this device: only host devices, and only where Xen is.
bool planning_libxl_supports(const struct planning *planning, const struct device *device);

// refuse.c: an error for each reason why a controller cannot be added, at its place in the config.
// Another controller of that name is there.
void refuse_conflict(struct planning *planning, const struct request *request);
// Only libxl's record has it.
void refuse_recorded(struct planning *planning, const struct config_controller *wanted);
// No backend serves such a controller in this domain.
void refuse_unservable(struct planning *planning, const struct config_controller *wanted,
                       const struct controller_model *model);
// QEMU does not take that model while the guest runs.
void refuse_plugging(struct planning *planning, const struct config_controller *wanted,
                     const struct controller_model *model);
// QEMU has no slot left.
void refuse_slot(struct planning *planning, struct span span);
// PVUSB: `why` and `advice` (may be NULL) are those of planning_pvusb().
void refuse_pvusb(struct planning *planning, const struct config_controller *wanted,
                  const char *why, const char *advice);
// No controller can be made for a device; `why` may be NULL.
void refuse_supply(struct planning *planning, struct span span, const char *why);

// The same for devices: each makes the placement a STEP_REFUSE with its words.
// The place on placement->controller that it wants; PORT_ANY: any of it.
void refuse_place(struct planning *planning, struct placement *placement,
                  const struct device *device, struct port port, enum place_verdict verdict);
// Nothing serves the PVUSB controller that it wants.
void refuse_unserved(struct planning *planning, struct placement *placement);
// A PV guest cannot have it.
void refuse_isochronous(struct planning *planning, struct placement *placement,
                        const struct device *device);
// No port of the guest takes it.
void refuse_everywhere(struct planning *planning, struct placement *placement,
                       const struct device *device);

// match.c: what is wanted and there already.
// Makes the requests, each with the controller that is there for it, or with the conflict.
void match_controllers(struct planning *planning);
// Finds the devices that are there: sets their device and STEP_KEEP, or their stale one. Refuses
// what is not there and xenusb cannot make.
void match_placements(struct planning *planning);

// supply.c: controllers, those that are wanted and those that devices need.
// Plans a controller for each request that has none yet, or complains.
void supply_requests(struct planning *planning);
// A planned controller that takes `device`, with room for `count` of its like; NULL after a
// complaint at `span`, where the first of them is asked for.
struct controller *supply_for(struct planning *planning, const struct device *device, size_t count,
                              struct span span);
// Whether one could be had: something serves it, QEMU has a model for that speed, and a slot.
bool supply_is_possible(const struct planning *planning, const struct device *device);

// resolve.c: finds the host device of each placement, and refuses those that must not be given
// away.
void resolve_placements(struct planning *planning);

// settle.c: a port for each device.
// What a placement would be in the topology, at no port yet.
struct device *settle_device(struct planning *planning, const struct placement *placement);
// Ports for all placements that are to be added.
void settle_placements(struct planning *planning);

#endif
