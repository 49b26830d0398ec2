// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "checking.h"

static bool device_port_alone(struct checking *checking, const struct config_device *device)
{
    bool named = GIVEN(device->controller_name) || device->controller;
    if (device->origin != ORIGIN_USBCTRL || !device->port.depth || named)
        return true;
    diag_hint(checking->diags,
              check_error(checking, CODE_INVALID, device->port_at, "a port needs a controller"),
              "libxl refuses a port alone: add controller=0");
    return false;
}
CHECK_DEVICE(device_port_alone);

static bool device_port_range(struct checking *checking, const struct config_device *device)
{
    const struct config_controller *controller = device->controller;
    const struct port *port = &device->port;
    for (unsigned i = 1; i < port->depth; i++)
        if (port->number[i] > HUB_PORTS) {
            check_error(checking, CODE_NO_PORT, device->port_at,
                        "a hub has %u ports: there is no port %u", HUB_PORTS, port->number[i]);
            return false;
        }
    if (!controller || !port->depth || !controller->ports.value ||
        port->number[0] <= controller->ports.value ||
        !check_passed(checking, controller, &check_controller_ports))
        return true;
    struct diag *diag = check_error(checking, CODE_NO_PORT, device->port_at,
                                    "controller '%s' has %u ports: there is no port %u",
                                    controller->name, controller->ports.value, port->number[0]);
    diag_also(checking->diags, diag, checking->config->source,
              span_or(controller->ports.at, controller->why), "it is declared here");
    return false;
}
CHECK_DEVICE(device_port_range, &check_device_controller);

static bool device_port_hub(struct checking *checking, const struct config_device *device)
{
    const struct config_controller *controller = device->controller;
    if (device->port.depth < 2 || !controller)
        return true;
    if (controller->type == CONTROLLER_PV) {
        check_error(checking, CODE_UNSUPPORTED, device->port_at,
                    "controller '%s' is PVUSB, which has no hubs", controller->name);
        return false;
    }
    struct config_device probe = { .controller = device->controller, .port = device->port };
    while (--probe.port.depth) {
        const struct config_device *at = check_first(checking, CHECK_FIRST_AT_PORT, &probe);
        if (!at || at->kind == DEVICE_HUB)
            continue;
        struct diag *diag = check_error(checking, CODE_NO_PORT, device->port_at,
                                        "this port is behind a device that is not a hub");
        diag_also(checking->diags, diag, checking->config->source, span_or(at->port_at, at->why),
                  "that device is declared here");
        return false;
    }
    return true;
}
CHECK_DEVICE(device_port_hub, &check_device_port_range);

static bool device_port_twice(struct checking *checking, const struct config_device *device)
{
    const struct config_device *first = check_first(checking, CHECK_FIRST_AT_PORT, device);
    if (first == device)
        return true;
    char buf[PORT_TEXT_SIZE];
    struct diag *diag = check_error(checking, CODE_CONFLICT, device->port_at,
                                    "port %s of controller '%s' is already used",
                                    port_write(device->port, buf), device->controller->name);
    diag_also(checking->diags, diag, checking->config->source, span_or(first->port_at, first->why),
              "it is used here");
    return false;
}
CHECK_DEVICE(device_port_twice, &check_device_controller);

// QEMU aborts if two PVUSB controllers of a guest have a device at the same port number (an
// assertion in vmstate_register_with_alias_id, QEMU 7.2 and 10). The kernel's usbback does not.
static bool device_pvusb_port(struct checking *checking, const struct config_device *device)
{
    const struct config_device *first = check_first(checking, CHECK_FIRST_AT_PVUSB_PORT, device);
    if (first == device || first->controller == device->controller)
        return true;
    bool sure = device->controller->pvusb == PVUSB_QEMU && first->controller->pvusb == PVUSB_QEMU;
    const char *format = "QEMU aborts if two PVUSB controllers use the same port number (%u)";
    struct diag *diag =
        sure ? check_error(checking, CODE_CONFLICT, device->port_at, format, device->port.number[0])
             : check_warning(checking, CODE_CONFLICT, device->port_at, format,
                             device->port.number[0]);
    diag_hint(checking->diags, diag, "use another port number%s",
              sure ? "" : ", or the kernel's usbback");
    diag_also(checking->diags, diag, checking->config->source, span_or(first->port_at, first->why),
              "it is also used here");
    return !sure;
}
CHECK_DEVICE(device_pvusb_port, &check_device_controller);

// How many ports it needs at least.
static unsigned ports_of(const struct config_device *device)
{
    return device->count.value ? device->count.value : 1;
}

// How many devices up to this one need a root port of its controller. Counts incrementally: the
// devices must be passed in their order.
static unsigned count_on_controller(struct checking *checking, const struct config_device *device)
{
    const struct config_device *at =
        checking->counted ? checking->counted->next : checking->config->devices;
    for (; checking->counted != device; at = at->next) {
        if (at->controller && at->port.depth <= 1)
            checking->counts[at->controller->index] += ports_of(at);
        checking->counted = at;
    }
    return checking->counts[device->controller->index];
}

static bool device_room(struct checking *checking, const struct config_device *device)
{
    const struct config_controller *controller = device->controller;
    if (!controller || controller->at_creation || !controller->ports.value ||
        device->port.depth > 1 || !check_passed(checking, controller, &check_controller_ports))
        return true;
    const unsigned count = count_on_controller(checking, device);
    if (count <= controller->ports.value || count - ports_of(device) > controller->ports.value)
        return true;
    struct diag *diag = check_error(checking, CODE_NO_PORT, device->why,
                                    "controller '%s' has %u ports, too few for its devices",
                                    controller->name, controller->ports.value);
    diag_hint(checking->diags, diag,
              "give it more ports, or move this device to another controller");
    return false;
}
CHECK_DEVICE(device_room, &check_device_controller, &check_device_port_twice);
