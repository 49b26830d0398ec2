// SPDX-License-Identifier: MIT
// What the files of the planner share. Private to them. All memory is from the arena.
#ifndef XENUSB_PLAN_PLANNING_H
#define XENUSB_PLAN_PLANNING_H

#include "backend.h"
#include "place.h"

// A wanted device on its way to a port.
struct placement {
    const struct config_device *wanted;
    const struct host_device *host; // hostdev: the selected one
    struct controller *controller;  // required by the config; NULL: any
    struct device *device;          // in the topology, present or planned; NULL: none yet
    struct device *stale;           // what is left of it after it was unplugged; NULL
    struct device *from;            // where the guest has it until it is moved; NULL
    struct step *removal;           // of `from`
    enum step_op op;                // STEP_ADD unless decided otherwise
    const char *words;              // why it was refused
    enum place_verdict verdict;     // why it was refused: what is wrong with the best place
};

// A wanted controller on its way to one of the topology.
struct request {
    const struct config_controller *wanted;
    struct controller *controller; // present or planned; NULL: none yet
    const char *conflict;          // how the existing controller differs; NULL: no conflict
    bool renamed;                  // its default name is used already: use any free one
};

// The state of one plan_make() or layout_make().
struct planning {
    struct arena *arena;
    struct diags *diags;
    const struct config *config;
    struct topology *topology;
    const struct host *host;
    const struct plan_options *options;
    struct plan *plan;
    struct request *requests;     // one for each controller of the config, by its index; without
                                  // `wanted` where the config has none with that index
    struct placement *placements; // one for each device of the config, in its order
    size_t placement_count;
    struct controller **open; // settle.c: the controllers that may have a free port of their own
    size_t open_count, open_size;
    unsigned slots_used;        // controllers planned so far
    unsigned next_hci, next_pv; // the number of the next default name that may be free
    bool every_speed; // a host device of unknown speed is kept from ports that lack some speed
    enum status status;
};

// planning.c

// Reports an error at `span` of the config, and worsens the status of the planning.
struct diag *planning_complain(struct planning *planning, enum status status, enum diag_code code,
                               struct span span, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 5, 6)));
// QEMU's type of a wanted device; the name in the QEMU arguments if its kind is not known.
const char *planning_driver(const struct planning *planning, const struct config_device *wanted);
// The model of a wanted controller in that domain.
const struct controller_model *planning_model(const struct config_controller *wanted,
                                              const struct domain *domain);
// Sets the kind of PVUSB backend for that controller, and its domain (0: this one). Returns NULL if
// the controller can be added now; else the reason, and sets *advice to what to do, or NULL.
const char *planning_pvusb(const struct planning *planning, const struct config_controller *wanted,
                           enum pvusb_backend *kind, unsigned *backend_domain, const char **advice);
bool planning_is_pv_guest(const struct planning *planning);
// Whether the plan starts a PVUSB QEMU: none runs, one can be started, and --start-backend is
// given.
bool planning_starts_pvusb_qemu(const struct planning *planning);
// Whether libxl supports this device, so that xl can list and detach it: only host devices, and
// only under Xen.
bool planning_libxl_supports(const struct planning *planning, const struct device *device);

// Where the config selects the device.
struct span planning_selector_place(const struct config_device *wanted);
// Sets the placement to STEP_REFUSE; the words must outlive the plan.
void planning_refuse(struct placement *placement, const char *words);

// absent.c

// No device of this host matches: an error, or a warning and STEP_SKIP if the device is not
// required or may be missing. If that is not known, since the serial number of one cannot be read,
// it is an error in any case.
void refuse_absent(struct planning *planning, struct placement *placement);

// refuse.c: each reports an error at its position in the config.

// For controllers:
// A different controller has its name.
void refuse_conflict(struct planning *planning, const struct request *request);
// Only libxl's record has a controller with its index.
void refuse_recorded(struct planning *planning, const struct config_controller *wanted);
// No backend of this domain supports such a controller.
void refuse_unservable(struct planning *planning, const struct config_controller *wanted,
                       const struct controller_model *model);
// QEMU cannot hotplug that model.
void refuse_plugging(struct planning *planning, const struct config_controller *wanted,
                     const struct controller_model *model);
// QEMU has no free PCI slot.
void refuse_slot(struct planning *planning, struct span span);
// PVUSB: `why` and `advice` (may be NULL) are those of planning_pvusb().
void refuse_pvusb(struct planning *planning, const struct config_controller *wanted,
                  const char *why, const char *advice);
// No controller can be added for a device; `why` may be NULL.
void refuse_supply(struct planning *planning, struct span span, const char *why);

// For devices; each also sets the placement to STEP_REFUSE:
// It cannot be at that port of placement->controller; PORT_ANY: at any of them.
void refuse_place(struct planning *planning, struct placement *placement,
                  const struct device *device, struct port port, enum place_verdict verdict);
// No backend serves its PVUSB controller.
void refuse_unserved(struct planning *planning, struct placement *placement);
// It has isochronous endpoints, and this is a PV guest.
void refuse_isochronous(struct planning *planning, struct placement *placement,
                        const struct device *device);
// No port of the guest is suitable.
void refuse_everywhere(struct planning *planning, struct placement *placement,
                       const struct device *device);

// match.c: finds what is wanted and already present.

// Makes the requests, each with its existing controller, or with the conflict.
void match_controllers(struct planning *planning);
// For existing devices, sets `device` and STEP_KEEP, or `stale`, or `from`. Refuses devices that
// are not present and that xenusb cannot add.
void match_placements(struct planning *planning);

// supply.c: plans new controllers.

// Plans a controller for each request that has none, or reports why it cannot be added.
void supply_requests(struct planning *planning);
// Plans a controller for `count` devices like `device`; NULL after reporting an error at `span`.
struct controller *supply_for(struct planning *planning, const struct device *device, size_t count,
                              struct span span);
// Whether supply_for() can succeed: there is a backend, a model for the device's speed, and a slot.
bool supply_is_possible(struct planning *planning, const struct device *device);
// Whether a model that can be added here and now supports its speed.
bool supply_supports(struct planning *planning, const struct device *device);

// resolve.c: finds the host device of each placement, and refuses those that must not be attached.
void resolve_placements(struct planning *planning);
// Refuses a device that the guest has and that is to be moved if the policy denies it to the guest.
void resolve_move(struct planning *planning, struct placement *placement);

// settle.c: assigns ports.

// Makes the topology's device for a placement, without a port.
struct device *settle_device(struct planning *planning, const struct placement *placement);
// Assigns a port to each placement with STEP_ADD, or refuses it.
void settle_placements(struct planning *planning);

#endif
