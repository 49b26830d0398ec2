// SPDX-License-Identifier: MIT
// What the files of the checks share. Private to them.
#ifndef XENUSB_CHECKING_H
#define XENUSB_CHECKING_H

#include "check.h"

struct check;

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
    const struct config *config;
    const struct check *const *checks; // all checks, in the order in which they run; ends with NULL
    unsigned *controllers_failed;      // by the order in the config; bit N: checks[N] did not pass
    unsigned *devices_failed;
    struct check_table *tables[CHECK_FIRST_COUNT];
    const struct config_device *counted; // up to this device, those on each controller are counted
    unsigned *counts;                    // by the controller's index
};

// The first device of the config that has this one's port, or selector: this one itself if none
// before it has. Of a device that is none of the config's: NULL if none has.
const struct config_device *check_first(struct checking *checking, enum check_first first,
                                        const struct config_device *device);

// Each returns whether all is well, and complains if not.
typedef bool check_domain(struct checking *checking);
typedef bool check_controller(struct checking *checking,
                              const struct config_controller *controller);
typedef bool check_device(struct checking *checking, const struct config_device *device);

enum { CHECK_NEEDS = 3 }; // one more than any check has

// A check has one of the three functions, and runs for the domain, each controller or each device.
struct check {
    const char *name;
    check_domain *domain;
    check_controller *controller;
    check_device *device;
    const struct check *needs[CHECK_NEEDS]; // those that must pass first on the same thing; earlier
                                            // in the table; ends with NULL
};

// The row of a check, to be written behind its function; check.c lists all rows. The other
// arguments are those that it needs: CHECK_DEVICE(device_speed, &check_device_on_pvusb).
#define CHECK_ROW(kind, id, ...)                                                                   \
    const struct check check_##id = { .name = #id, .kind = id, .needs = { __VA_ARGS__ } }
#define CHECK_DOMAIN(...)     CHECK_ROW(domain, __VA_ARGS__)
#define CHECK_CONTROLLER(...) CHECK_ROW(controller, __VA_ARGS__)
#define CHECK_DEVICE(...)     CHECK_ROW(device, __VA_ARGS__)

// Complaints in the source of the config.
struct diag *check_error(struct checking *checking, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *check_warning(struct checking *checking, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The bit of a check in controllers_failed and devices_failed.
unsigned check_bit(const struct checking *checking, const struct check *check);

// Whether a check passed on a controller, and all that it needs.
bool check_passed(const struct checking *checking, const struct config_controller *controller,
                  const struct check *check);

// The place of a span's second choice where the first is none.
static inline struct span span_or(struct span first, struct span second)
{
    return span_is_none(first) ? second : first;
}

// check_domain.c
extern const struct check check_machine;

// check_controller.c
extern const struct check check_controller_type;
extern const struct check check_controller_model;
extern const struct check check_controller_version;
extern const struct check check_controller_ports;
extern const struct check check_controller_backend;
extern const struct check check_controller_name_twice;

// check_device.c
extern const struct check check_device_keys;
extern const struct check check_device_selector;
extern const struct check check_device_needs;
extern const struct check check_device_controller;
extern const struct check check_device_on_pvusb;
extern const struct check check_device_speed;
extern const struct check check_device_twice;

// check_port.c
extern const struct check check_device_port_alone;
extern const struct check check_device_port_range;
extern const struct check check_device_port_hub;
extern const struct check check_device_port_twice;
extern const struct check check_device_pvusb_port;
extern const struct check check_device_room;

#endif
