// SPDX-License-Identifier: MIT
// Wish minus fact: the steps that make the wish true. A plan is data; it can be printed, run, and
// run backward.
#ifndef XENUSB_PLAN_PLAN_H
#define XENUSB_PLAN_PLAN_H

#include "topology.h"

enum step_op {
    STEP_KEEP, // there already
    STEP_ADD,
    STEP_REMOVE, // the inverse of STEP_ADD
    STEP_REFUSE, // not done, and why
    STEP_SKIP,   // required=no, and it is not plugged in
};

enum step_state {
    STEP_PLANNED,
    STEP_DONE,
    STEP_FAILED, // it was tried and is as it was before
    STEP_UNDONE, // it was done, and its inverse too
    STEP_LEFT,   // it was done and could not be undone, or nobody can tell
};

// One thing to do: with a device, or (device NULL) with the controller itself, or with the server
// of controllers (both NULL).
struct step {
    struct step *next;
    enum step_op op;
    enum step_state state;
    struct controller *controller; // NULL too where a refused device has none
    struct device *device;
    struct pvusb_qemu *pvusb_qemu; // NULL, but for its own step
    const struct source *source;   // who asked for it: the source and the place in it
    struct span why;
    const char *words;  // a refusal's reason, or the peer's own words; NULL
    const char *remark; // what else is to be known of a step that is done; NULL
    double seconds;     // how long it took; 0 until it was done
    bool timed_out;     // the peer did not answer in time
};

struct plan {
    const struct topology *topology;
    struct step *first;
    struct step **last;
    unsigned add;
    unsigned remove;
    unsigned keep;
    unsigned refuse;
};

struct plan_options {
    const struct backend *backends; // who may serve new controllers; ends with one without ops
    bool prune;                     // remove what the config does not name
    bool force;                     // give away what the host uses
    bool start_backend;             // start the server of PVUSB controllers if none runs
};

void plan_init(struct plan *plan, const struct topology *topology);
struct step *plan_add_step(struct plan *plan, struct arena *arena, enum step_op op,
                           struct controller *controller, struct device *device);

struct step *plan_add_pvusb_qemu(struct plan *plan, struct arena *arena, enum step_op op,
                                 struct pvusb_qemu *pvusb_qemu);
// The step that removes that controller itself; NULL if the plan keeps it.
struct step *plan_removal_of(const struct plan *plan, const struct controller *controller);
// Adds the end of a server that xenusb started, if the plan takes away the last of its controllers:
// the next one can then be started with others.
void plan_stop_pvusb_qemu(struct plan *plan, struct arena *arena);

// Who carries a step out; NULL for one that is not to be carried out.
const struct backend *step_backend(const struct step *step);

// Makes the plan for `config` in `topology`. The topology gains the controllers and devices that
// are planned. STATUS_REQUEST or STATUS_REFUSED after complaints at the words that ask for what
// cannot be; the plan then still holds every step, the refused ones among them, to be shown.
// `host` may be NULL where the config names no host device. Memory comes from the arena of `diags`.
enum status plan_make(struct diags *diags, const struct config *config, struct topology *topology,
                      const struct host *host, const struct plan_options *options,
                      struct plan *plan);

// What `detach` and `controller remove` are to take away: one of the three.
struct plan_removal {
    const struct source *source;           // of the spans below
    const struct config *devices;          // its devices
    const struct config_text *controllers; // controllers by name or index, `count` of them
    size_t count;
    bool all; // everything that was attached to the running guest
};

// Makes the plan that removes what is named. What is named and is not there is no error: a note
// says so. More than one match is STATUS_REQUEST after a complaint. With a controller or a hub goes
// what is on it.
enum status plan_remove(struct arena *arena, struct diags *diags,
                        const struct plan_removal *removal, const struct topology *topology,
                        struct plan *plan);

#endif
