// SPDX-License-Identifier: MIT
// The entries of a config while one run of the watcher brings its domain up to date.
#ifndef XENUSB_CLI_WATCH_ITEMS_H
#define XENUSB_CLI_WATCH_ITEMS_H

#include "job.h"
#include "watch/report.h"

// An entry: a controller or a device.
struct watch_item {
    struct watch_entry entry;       // as it will be reported
    const struct watch_entry *last; // as it was reported before; NULL: it was not
    enum status status;             // what it makes of the status of the run
    bool left_out;                  // it is decided: planned no more in this run
    bool keeps_gone;                // what is left of it could not be removed
    const struct device *gone;      // what is left of it in the guest; NULL
    // In the config of this round.
    struct config_controller *controller; // NULL: it is a device
    struct config_device *device;         // NULL: it is a controller
};

struct watch_items {
    struct arena *arena;
    const struct watch_request *request;
    struct watch_item *items; // controllers, then devices, in the order of the config
    size_t count;
};

// Makes an item for each entry of the request's config.
void watch_items_init(struct watch_items *items, struct arena *arena,
                      const struct watch_request *request);
// Sets the items' controllers and devices to those of a copy of that config.
void watch_items_link(struct watch_items *items, const struct config *copy);

// The item of that controller or device of the config of this round; NULL if there is none.
struct watch_item *watch_item_of_controller(const struct watch_items *items,
                                            const struct config_controller *wanted);
struct watch_item *watch_item_of_device(const struct watch_items *items,
                                        const struct config_device *wanted);

// Decides an item; `why` may be NULL. The devices of a controller are left out with it.
void watch_item_leave_out(const struct watch_items *items, struct watch_item *item,
                          enum watch_verdict verdict, const char *why);

// Sets what identifies the device in the guest or on the host; `host` may be NULL.
void watch_item_describe(const struct watch_items *items, struct watch_item *item,
                         const struct device *device, const struct host_device *host);

void watch_item_describe_controller(const struct watch_items *items, struct watch_item *item,
                                    const struct controller *controller);

// Decides what is not to be planned (watch_decide.c): what is missing, away, or another domain's.
// Marks what is left in the guest of devices of this config that are gone. Then removes what is
// left out from the config of the job.
void watch_decide(struct watch_items *items, struct job *job);

// Sets what became of the entries of steps that are done, in a round in which others failed.
void watch_settle_done(struct watch_items *items, const struct job *job);
// Decides the rest after the last round (watch_settle.c), of which every step is done or need not
// be.
void watch_settle(struct watch_items *items, const struct job *job);

// Links the entries to a list.
struct watch_entry *watch_items_entries(const struct watch_items *items);

#endif
