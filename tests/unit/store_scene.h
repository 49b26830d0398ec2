// SPDX-License-Identifier: MIT
// A session of a domain with a fake xenstored, and an act that is tried with each of its requests
// failing.
#ifndef XENUSB_TESTS_UNIT_STORE_SCENE_H
#define XENUSB_TESTS_UNIT_STORE_SCENE_H

#include "base/arena.h"
#include "base/diag.h"
#include "fake_store.h"
#include "record/change.h"
#include "record/journal.h"
#include "record/record.h"
#include "record/saved.h"
#include "unit.h"

// Domain 3, web, has an emulated controller of libxl's, one of xenusb's, and one of PVUSB, each
// with a device. The nodes of the domain are there; those of its record are up to the test.
struct store_scene {
    struct arena *arena;
    struct diags diags;
    struct domain domain;
    struct host host;
    struct host_device stick, key;
    struct session session;
    struct saved saved;
    struct topology topology;
    struct controller libxl, own, pvusb;
    struct device on_libxl, on_own, on_pvusb, tablet;
    struct record record;
};

#define SCENE_UUID "5b8f2a52-0000-4000-8000-000000000003"

int store_group_setup(void **state);
int store_group_teardown(void **state);

// Sets up the scene with its nodes, and connects; to be ended with store_scene_end().
void store_scene_begin(struct store_scene *scene);
void store_scene_end(struct store_scene *scene);

// The nodes of a domain, and of the controllers in libxl's record.
void store_domain(int id, const char *name, const char *uuid);
void store_controller(int domain, unsigned index, const char *type, unsigned ports);
// All that is reported, a line for each: "error: ...". Owned by the arena.
const char *store_reported(struct store_scene *scene);

struct store_act {
    void (*prepare)(struct store_scene *scene);     // the nodes; NULL: none
    enum status (*act)(struct store_scene *scene);  // STATUS_OK or an error that was reported
    void (*check)(const struct store_scene *scene); // after it has succeeded; NULL: nothing
    bool lenient;                                   // a request that fails need not fail it
};

// Runs the act as often as it makes requests, and more: each of them fails once with each error, is
// lost with the connection, or conflicts. An act that fails has changed nothing and has reported an
// error, with the status that belongs to it; one that succeeds has done all.
void store_try(const struct store_act *act);

#endif
