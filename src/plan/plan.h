// SPDX-License-Identifier: MIT
// A plan: the steps that turn what is present into what the config wants. It is data that can be
// printed, run and undone. Everything in it is in the arena.
#ifndef XENUSB_PLAN_PLAN_H
#define XENUSB_PLAN_PLAN_H

#include "topology.h"

// What to do.
enum step_op {
    STEP_KEEP, // already present
    STEP_ADD,
    STEP_REMOVE, // the inverse of STEP_ADD
    STEP_REFUSE, // will not be done; see words
    STEP_SKIP,   // required=no, and not plugged in
};

// What became of a step.
enum step_state {
    STEP_PLANNED,
    STEP_DONE,
    STEP_FAILED, // tried, and nothing has changed
    STEP_UNDONE, // done and undone
    STEP_LEFT,   // done and could not be undone, or the outcome is unknown
};

// A step: for a device, for a controller (device NULL), or for the PVUSB QEMU (both NULL).
struct step {
    struct step *next;
    enum step_op op;
    enum step_state state;
    struct controller *controller; // also NULL if a refused device has none
    struct device *device;
    struct pvusb_qemu *pvusb_qemu; // NULL except for its own step
    const struct source *source;   // the source that asked for it, and the position in it
    struct span why;
    const char *words;  // why it was refused or failed; NULL
    const char *remark; // something worth knowing about a finished step; NULL
    bool timed_out;     // the peer did not answer in time
    bool refused;       // it failed because of another, before anything was changed for it
    bool pending;       // the guest was asked to release the controller, and may still do it
    bool spare;         // a removal that may fail: then it stays, and the plan is done all the same
    struct step *pair;  // of a move: its other step; the device is removed, then added. NULL
};

// The steps, and how many there are of each kind; the two of a move only count as that.
struct plan {
    const struct topology *topology;
    struct step *first;
    struct step **last;
    unsigned add;
    unsigned remove;
    unsigned move;
    unsigned keep;
    unsigned refuse;
};

// The options of plan_make().
struct plan_options {
    const struct backend *backends; // for new controllers; ends with one without ops
    bool prune;                     // remove what the config does not contain
    bool force;                     // attach devices that the host uses
    bool move;                      // move devices that the guest has at another place
    struct device *moved;           // the one that the config's only device is, here or in another
                                    // domain; NULL: looked for
    bool start_backend;             // start a PVUSB QEMU if none runs
    bool skip_missing;              // skip host devices that are not plugged in
    const struct policy *policy;    // which devices the domain may be given; NULL: any
};

// Makes an empty plan.
void plan_init(struct plan *plan, const struct topology *topology);
// Appends a step and returns it; the caller sets source and why.
struct step *plan_add_step(struct plan *plan, struct arena *arena, enum step_op op,
                           struct controller *controller, struct device *device);

// Appends a step that starts (STEP_ADD) or stops (STEP_REMOVE) the PVUSB QEMU.
struct step *plan_add_pvusb_qemu(struct plan *plan, struct arena *arena, enum step_op op,
                                 struct pvusb_qemu *pvusb_qemu);
// Makes a removal and an addition that were appended one move.
void plan_pair(struct plan *plan, struct step *removal, struct step *addition);
// Whether the plan has a step that changes something.
bool plan_changes(const struct plan *plan);
// Whether the guest was asked to release a controller and may still do so.
bool plan_is_pending(const struct plan *plan);
// Whether the step is the removal of a move. It is not shown: the addition is, for both.
bool step_is_first_of_move(const struct step *step);
// What became of a step; of a move, which is either of its steps, what became of both.
enum step_state step_outcome(const struct step *step);
// The step that removes that controller itself; NULL if the plan keeps it.
struct step *plan_removal_of(const struct plan *plan, const struct controller *controller);
// Whether no device is on that controller after the plan.
bool plan_empties(const struct plan *plan, const struct controller *controller);
// Adds a step, which is spare, for each controller that was made as needed and that the plan leaves
// without a device: it removes it, if the guest releases it. Not if the guest cannot answer, or has
// not answered such a request before.
void plan_spare_controllers(struct plan *plan, struct arena *arena);
// Takes the spare removal of that controller out of the plan again; a no-op if there is none.
void plan_keep_controller(struct plan *plan, const struct controller *controller);
// Adds a step that stops the PVUSB QEMU that xenusb started, if the plan removes the last of its
// controllers: another one can then be started with new controllers.
void plan_stop_pvusb_qemu(struct plan *plan, struct arena *arena);

// The domain of a step, if it is not that of the plan; else `domain`.
const struct domain *step_domain(const struct step *step, const struct domain *domain);
// The backend that runs a step; NULL if it cannot be run.
const struct backend *step_backend(const struct step *step);

// Makes the plan for `config`, and adds the planned controllers and devices to the topology.
// Returns STATUS_REQUEST or STATUS_REFUSED after reporting what cannot be done, at its position in
// the source; the plan then still has all steps, including the refused ones, for display. `host`
// may be NULL if the config has no host devices. Uses the arena of `diags`.
enum status plan_make(struct diags *diags, const struct config *config, struct topology *topology,
                      const struct host *host, const struct plan_options *options,
                      struct plan *plan);

// What to remove: one of `devices`, `controllers`, `all` and `unrestorable`.
struct plan_removal {
    const struct source *source;           // of the spans below
    const struct config *devices;          // its devices
    const struct config_text *controllers; // controllers by name or index, `count` of them
    size_t count;
    bool all;                // everything that was attached while the guest was running
    bool unrestorable;       // what must go before the guest is saved (restorable.h)
    const struct host *host; // to note that nothing like it is plugged in either; may be NULL
};

// Makes the plan that removes it, together with everything on a removed controller or behind a
// removed hub. Something that is not present is noted, and is not an error. Returns STATUS_REQUEST
// after reporting an ambiguous selector, STATUS_REFUSED for what cannot be removed.
enum status plan_remove(struct arena *arena, struct diags *diags,
                        const struct plan_removal *removal, struct topology *topology,
                        struct plan *plan);

// Finds the device of the topology that the removal's first device is. NULL, after reporting an
// error, if it is none or could be several.
struct device *plan_find(struct arena *arena, struct diags *diags,
                         const struct plan_removal *removal, struct topology *topology);

#endif
