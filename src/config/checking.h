// SPDX-License-Identifier: MIT
// What the check_*.c files share. Private to config/.
#ifndef XENUSB_CONFIG_CHECKING_H
#define XENUSB_CONFIG_CHECKING_H

#include "check.h"

struct check;

// The keys by which check_first() finds devices.
enum check_first {
    CHECK_FIRST_AT_PORT,       // the controller and the port
    CHECK_FIRST_AT_PVUSB_PORT, // the port number, on any PVUSB controller that QEMU may serve
    CHECK_FIRST_SELECTED,      // the selector
    CHECK_FIRST_COUNT,
};

// The state of one check_config(). The arrays and tables are in the arena.
struct checking {
    struct arena *arena;
    struct diags *diags;
    const struct config *config;
    const struct check *const *checks; // all checks in the order in which they run; ends with NULL
    unsigned *controllers_failed;      // in the order of the config; bit N: checks[N] failed
    unsigned *devices_failed;
    struct check_table *tables[CHECK_FIRST_COUNT]; // built on first use
    const struct config_device *counted;           // the last device that is in `counts`
    unsigned *counts; // devices at root ports, by the controller's index
};

// Returns the first device of the config with the same key as `device`; `device` itself if it has
// no such key. NULL only if `device` is not one of the config's devices and none has its key.
const struct config_device *check_first(struct checking *checking, enum check_first first,
                                        const struct config_device *device);

// Each returns true if the check passed, and false after reporting an error or a warning.
typedef bool check_domain(struct checking *checking);
typedef bool check_controller(struct checking *checking,
                              const struct config_controller *controller);
typedef bool check_device(struct checking *checking, const struct config_device *device);

enum { CHECK_NEEDS = 3 }; // the most prerequisites of a check, and the NULL at the end

// A check has one of the three functions: it runs once, or for each controller or device.
struct check {
    const char *name;
    check_domain *domain;
    check_controller *controller;
    check_device *device;
    const struct check *needs[CHECK_NEEDS]; // skipped unless these passed for the same controller
                                            // or device; earlier in check.c's table; ends with NULL
};

// Defines the row of a check right after its function; check.c lists all rows. The other arguments
// are its prerequisites: CHECK_DEVICE(device_speed, &check_device_on_pvusb).
#define CHECK_ROW(kind, id, ...)                                                                   \
    const struct check check_##id = { .name = #id, .kind = id, .needs = { __VA_ARGS__ } }
#define CHECK_DOMAIN(...)     CHECK_ROW(domain, __VA_ARGS__)
#define CHECK_CONTROLLER(...) CHECK_ROW(controller, __VA_ARGS__)
#define CHECK_DEVICE(...)     CHECK_ROW(device, __VA_ARGS__)

// Report an error or a warning at `at` in the config's source. The result is for diag_hint() and
// diag_also().
struct diag *check_error(struct checking *checking, enum diag_code code, struct span at,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diag *check_warning(struct checking *checking, enum diag_code code, struct span at,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

// The bit of a check in controllers_failed and devices_failed.
unsigned check_bit(const struct checking *checking, const struct check *check);

// Whether a check and all its prerequisites passed for that controller.
bool check_passed(const struct checking *checking, const struct config_controller *controller,
                  const struct check *check);

// `first`, or `second` if `first` is none.
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
extern const struct check check_device_group;
extern const struct check check_device_needs;
extern const struct check check_device_controller;
extern const struct check check_device_on_pvusb;
extern const struct check check_device_speed;
extern const struct check check_device_twice;

// check_property.c
extern const struct check check_device_properties;

// check_port.c
extern const struct check check_device_port_alone;
extern const struct check check_device_port_range;
extern const struct check check_device_port_hub;
extern const struct check check_device_port_twice;
extern const struct check check_device_pvusb_port;
extern const struct check check_device_room;

#endif
