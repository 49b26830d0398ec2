// SPDX-License-Identifier: MIT
// What the rooms of the checker share. Private to them.
#ifndef XENUSB_CHECKING_H
#define XENUSB_CHECKING_H

#include "check.h"

enum check_id {
    CHECK_MACHINE,
    CHECK_CONTROLLER_TYPE,
    CHECK_CONTROLLER_MODEL,
    CHECK_CONTROLLER_VERSION,
    CHECK_CONTROLLER_PORTS,
    CHECK_CONTROLLER_BACKEND,
    CHECK_CONTROLLER_NAME_TWICE,
    CHECK_DEVICE_KEYS,
    CHECK_DEVICE_SELECTOR,
    CHECK_DEVICE_NEEDS,
    CHECK_DEVICE_CONTROLLER,
    CHECK_DEVICE_PORT_ALONE,
    CHECK_DEVICE_ON_PVUSB,
    CHECK_DEVICE_SPEED,
    CHECK_DEVICE_PORT_RANGE,
    CHECK_DEVICE_PORT_HUB,
    CHECK_DEVICE_PORT_TWICE,
    CHECK_DEVICE_PVUSB_PORT,
    CHECK_DEVICE_ROOM,
    CHECK_DEVICE_TWICE,
    CHECK_COUNT,
};
#define CHECK_BIT(id) (1u << (id))

// What a device may be the first of a config with.
enum check_first {
    CHECK_FIRST_AT_PORT,       // a port of a controller
    CHECK_FIRST_AT_PVUSB_PORT, // a port number of any PVUSB controller of QEMU's
    CHECK_FIRST_SELECTED,      // a selector
    CHECK_FIRST_COUNT,
};

struct checking {
    struct arena *arena;
    struct diags *diags;
    struct config *config;
    unsigned *controllers_failed; // CHECK_BITs of what failed, by the order in the config
    unsigned *devices_failed;
    struct check_table *tables[CHECK_FIRST_COUNT];
    const struct config_device *counted; // up to this device, those on each controller are counted
    unsigned *counts;                    // by the controller's index
};

// The first device of the config that has this one's port, or selector: this one itself if none
// before it has. Of a device that is none of the config's: NULL if none has.
const struct config_device *check_first(struct checking *checking, enum check_first first,
                                        const struct config_device *device);

// Each returns whether all is well; a check that fails has complained.
typedef bool (*check_domain)(struct checking *checking);
typedef bool (*check_controller)(struct checking *checking, struct config_controller *controller);
typedef bool (*check_device)(struct checking *checking, struct config_device *device);

struct check {
    const char *name;
    unsigned needs; // CHECK_BITs: those that must have passed on the same thing
    check_domain domain;
    check_controller controller;
    check_device device;
};

// Complaints in the source of the config.
struct diag *check_error(struct checking *checking, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *check_warning(struct checking *checking, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Whether none of these checks failed on a controller.
bool check_passed(const struct checking *checking, const struct config_controller *controller,
                  unsigned checks);

// The model that a controller will have; NULL while its type is not known.
const struct controller_model *check_model(const struct config_controller *controller);

// The place of a span's second choice where the first is none.
static inline struct span span_or(struct span first, struct span second)
{
    return span_is_none(first) ? second : first;
}

bool check_controller_type(struct checking *checking, struct config_controller *controller);
bool check_controller_model(struct checking *checking, struct config_controller *controller);
bool check_controller_version(struct checking *checking, struct config_controller *controller);
bool check_controller_ports(struct checking *checking, struct config_controller *controller);
bool check_controller_backend(struct checking *checking, struct config_controller *controller);
bool check_controller_name_twice(struct checking *checking, struct config_controller *controller);

bool check_device_keys(struct checking *checking, struct config_device *device);
bool check_device_selector(struct checking *checking, struct config_device *device);
bool check_device_needs(struct checking *checking, struct config_device *device);
bool check_device_controller(struct checking *checking, struct config_device *device);
bool check_device_on_pvusb(struct checking *checking, struct config_device *device);
bool check_device_speed(struct checking *checking, struct config_device *device);
bool check_device_twice(struct checking *checking, struct config_device *device);

bool check_device_port_alone(struct checking *checking, struct config_device *device);
bool check_device_port_range(struct checking *checking, struct config_device *device);
bool check_device_port_hub(struct checking *checking, struct config_device *device);
bool check_device_port_twice(struct checking *checking, struct config_device *device);
bool check_device_pvusb_port(struct checking *checking, struct config_device *device);
bool check_device_room(struct checking *checking, struct config_device *device);

#endif
