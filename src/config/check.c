// SPDX-License-Identifier: MIT
#include "check.h"

#include "base/arena.h"
#include "checking.h"

enum { CHECKS_MAX = 32 }; // each is a bit of an unsigned

// In the order in which they run: prerequisites come first.
static const struct check *const checks[CHECKS_MAX + 1] = {
    &check_machine,
    &check_controller_type,
    &check_controller_model,
    &check_controller_version,
    &check_controller_ports,
    &check_controller_backend,
    &check_controller_name_twice,
    &check_device_keys,
    &check_device_selector,
    &check_device_group,
    &check_device_needs,
    &check_device_controller,
    &check_device_port_alone,
    &check_device_on_pvusb,
    &check_device_properties,
    &check_device_speed,
    &check_device_port_range,
    &check_device_port_hub,
    &check_device_port_twice,
    &check_device_pvusb_port,
    &check_device_room,
    &check_device_twice,
    NULL,
};

const char *const *check_names(void)
{
    static const char *names[CHECKS_MAX + 1];
    for (size_t i = 0; checks[i]; i++)
        names[i] = checks[i]->name;
    return names;
}

static unsigned prerequisites(const struct checking *checking, const struct check *check)
{
    unsigned bits = 0;
    for (size_t i = 0; check->needs[i]; i++)
        bits |= check_bit(checking, check->needs[i]);
    return bits;
}

// A check that is skipped because a prerequisite failed counts as failed.
static void run_check(struct checking *checking, const struct check *check, unsigned bit)
{
    unsigned needs = prerequisites(checking, check);
    size_t i = 0;
    if (check->domain)
        check->domain(checking);
    for (const struct config_controller *at = checking->config->controllers;
         check->controller && at; at = at->next, i++)
        if (!at->broken &&
            (checking->controllers_failed[i] & needs || !check->controller(checking, at)))
            checking->controllers_failed[i] |= bit;
    for (const struct config_device *at = checking->config->devices; check->device && at;
         at = at->next, i++)
        if (!at->broken && (checking->devices_failed[i] & needs || !check->device(checking, at)))
            checking->devices_failed[i] |= bit;
}

enum status check_config(struct arena *arena, struct diags *diags, const struct config *config)
{
    unsigned errors = diags->errors;
    struct checking checking = {
        .arena = arena,
        .diags = diags,
        .config = config,
        .checks = checks,
        .controllers_failed = arena_array_of(arena, unsigned, config->controller_count + 1),
        .devices_failed = arena_array_of(arena, unsigned, config->device_count + 1),
        .counts = arena_array_of(arena, unsigned, config->controller_count + 1),
    };
    for (size_t i = 0; checks[i]; i++)
        run_check(&checking, checks[i], 1u << i);
    return diags->errors == errors ? STATUS_OK : STATUS_REQUEST;
}
