// SPDX-License-Identifier: MIT
#include "check.h"

#include "base/arena.h"
#include "checking.h"

struct diag *check_error(struct checking *checking, struct span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag =
        complain_va(checking->diags, SEVERITY_ERROR, checking->config->source, at, format, args);
    va_end(args);
    return diag;
}

struct diag *check_warning(struct checking *checking, struct span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag =
        complain_va(checking->diags, SEVERITY_WARNING, checking->config->source, at, format, args);
    va_end(args);
    return diag;
}

// What serves the guest: neither qemu-traditional nor a stub domain speaks QMP to us. A warning
// only, since a file can be checked and translated all the same.
static bool check_machine(struct checking *checking)
{
    const struct config_domain *domain = &checking->config->domain;
    if (!span_is_none(domain->stubdom_at))
        diag_hint(checking->diags,
                  check_warning(checking, domain->stubdom_at,
                                "this guest's QEMU runs in a stub domain, where nobody can speak "
                                "to it"),
                  "plan and apply will refuse");
    if (!span_is_none(domain->traditional_at))
        diag_hint(
            checking->diags,
            check_warning(checking, domain->traditional_at,
                          "qemu-xen-traditional does not speak QMP, and Xen no longer has it"),
            "plan and apply will refuse: use qemu-xen");
    return span_is_none(domain->stubdom_at) && span_is_none(domain->traditional_at);
}

#define BIT(name) CHECK_BIT(CHECK_##name)

static const struct check checks[CHECK_COUNT] = {
    [CHECK_MACHINE] = { "machine", 0, check_machine, NULL, NULL },
    [CHECK_CONTROLLER_TYPE] = { "controller_type", 0, NULL, check_controller_type, NULL },
    [CHECK_CONTROLLER_MODEL] = { "controller_model", 0, NULL, check_controller_model, NULL },
    [CHECK_CONTROLLER_VERSION] = { "controller_version", BIT(CONTROLLER_MODEL), NULL,
                                   check_controller_version, NULL },
    [CHECK_CONTROLLER_PORTS] = { "controller_ports",
                                 BIT(CONTROLLER_MODEL) | BIT(CONTROLLER_VERSION), NULL,
                                 check_controller_ports, NULL },
    [CHECK_CONTROLLER_BACKEND] = { "controller_backend", 0, NULL, check_controller_backend, NULL },
    [CHECK_CONTROLLER_NAME_TWICE] = { "controller_name_twice", 0, NULL, check_controller_name_twice,
                                      NULL },
    [CHECK_DEVICE_KEYS] = { "device_keys", 0, NULL, NULL, check_device_keys },
    [CHECK_DEVICE_SELECTOR] = { "device_selector", BIT(DEVICE_KEYS), NULL, NULL,
                                check_device_selector },
    [CHECK_DEVICE_NEEDS] = { "device_needs", BIT(DEVICE_KEYS), NULL, NULL, check_device_needs },
    [CHECK_DEVICE_CONTROLLER] = { "device_controller", 0, NULL, NULL, check_device_controller },
    [CHECK_DEVICE_PORT_ALONE] = { "device_port_alone", 0, NULL, NULL, check_device_port_alone },
    [CHECK_DEVICE_ON_PVUSB] = { "device_on_pvusb", 0, NULL, NULL, check_device_on_pvusb },
    [CHECK_DEVICE_SPEED] = { "device_speed", BIT(DEVICE_ON_PVUSB), NULL, NULL, check_device_speed },
    [CHECK_DEVICE_PORT_RANGE] = { "device_port_range", BIT(DEVICE_CONTROLLER), NULL, NULL,
                                  check_device_port_range },
    [CHECK_DEVICE_PORT_HUB] = { "device_port_hub", BIT(DEVICE_PORT_RANGE), NULL, NULL,
                                check_device_port_hub },
    [CHECK_DEVICE_PORT_TWICE] = { "device_port_twice", BIT(DEVICE_CONTROLLER), NULL, NULL,
                                  check_device_port_twice },
    [CHECK_DEVICE_PVUSB_PORT] = { "device_pvusb_port", BIT(DEVICE_CONTROLLER), NULL, NULL,
                                  check_device_pvusb_port },
    [CHECK_DEVICE_ROOM] = { "device_room", BIT(DEVICE_CONTROLLER) | BIT(DEVICE_PORT_TWICE), NULL,
                            NULL, check_device_room },
    [CHECK_DEVICE_TWICE] = { "device_twice", BIT(DEVICE_KEYS) | BIT(DEVICE_SELECTOR), NULL, NULL,
                             check_device_twice },
};

const char *const *check_names(void)
{
    static const char *names[CHECK_COUNT + 1];
    for (size_t i = 0; i < CHECK_COUNT; i++)
        names[i] = checks[i].name;
    return names;
}

bool check_passed(const struct checking *checking, const struct config_controller *controller,
                  unsigned wanted)
{
    return !controller->broken && !(checking->controllers_failed[controller->index] & wanted);
}

static void run_check(struct checking *checking, const struct check *check, unsigned bit)
{
    size_t i = 0;
    if (check->domain)
        check->domain(checking);
    for (struct config_controller *at = checking->config->controllers; check->controller && at;
         at = at->next, i++)
        if (!at->broken && !(checking->controllers_failed[i] & check->needs) &&
            !check->controller(checking, at))
            checking->controllers_failed[i] |= bit;
    for (struct config_device *at = checking->config->devices; check->device && at;
         at = at->next, i++)
        if (!at->broken && !(checking->devices_failed[i] & check->needs) &&
            !check->device(checking, at))
            checking->devices_failed[i] |= bit;
}

enum status check_config(struct arena *arena, struct diags *diags, struct config *config)
{
    unsigned errors = diags->errors;
    struct checking checking = {
        .arena = arena,
        .diags = diags,
        .config = config,
        .controllers_failed = arena_array_of(arena, unsigned, config->controller_count + 1),
        .devices_failed = arena_array_of(arena, unsigned, config->device_count + 1),
        .counts = arena_array_of(arena, unsigned, config->controller_count + 1),
    };
    config_settle(arena, config);
    for (size_t id = 0; id < CHECK_COUNT; id++)
        run_check(&checking, &checks[id], CHECK_BIT(id));
    return diags->errors == errors ? STATUS_OK : STATUS_REQUEST;
}
