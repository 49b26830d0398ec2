// SPDX-License-Identifier: MIT
// The ports that QEMU gives to the devices of its command line, in their order (hw/usb/bus.c): the
// first free one of the bus, or of the bus that was added last. If only one is left, QEMU plugs a
// hub into it.
#include "base/arena.h"
#include "base/buffer.h"
#include "base/name_map.h"
#include "qemu_option.h"

struct qemu_port {
    struct qemu_port *next;
    struct port port;
    speed_mask speeds;
};

struct qemu_bus {
    struct qemu_bus *next; // the one that was added before
    const struct config_controller *controller;
    struct qemu_port *free;
    unsigned count; // of the free ports
};

static void add_port(struct builder *builder, struct qemu_bus *bus, struct port port,
                     speed_mask speeds)
{
    struct qemu_port **end = &bus->free;
    while (*end)
        end = &(*end)->next;
    *end = arena_new_of(builder->arena, struct qemu_port);
    **end = (struct qemu_port){ NULL, port, speeds };
    bus->count++;
}

static struct qemu_bus *bus_of(const struct builder *builder,
                               const struct config_controller *controller)
{
    struct qemu_bus *bus = builder->ports;
    while (bus && bus->controller != controller)
        bus = bus->next;
    return bus;
}

// A companion adds its speeds to ports of another controller, by default the first ones. That must
// be one of the ICH9, and each port has one companion.
static void add_companion(struct builder *builder, const struct config_controller *controller,
                          const struct spec *spec)
{
    const struct spec_pair *master = qemu_option(spec, "masterbus");
    const struct spec_pair *first = qemu_option(spec, "firstport");
    struct qemu_bus *bus = bus_of(builder, name_map_get(builder->buses, master->value));
    unsigned ports = controller->ports.value ? controller->ports.value : controller->model->ports;
    uint64_t from = 0, served = 0;
    if (first)
        number_parse(NUMBER_OF_QEMU, first->value, 0, UINT32_MAX, &from);
    if (!bus || !text_starts(text_of(bus->controller->model->name), "ich9-ehci")) {
        if (!builder->unread)
            builder_error(builder, master->value_at,
                          "QEMU does not start: '%.*s' is not the bus of an ICH9 EHCI controller",
                          SHOW(master->value));
        return;
    }
    for (struct qemu_port *at = bus->free; at; at = at->next)
        if (at->port.depth == 1 && at->port.number[0] > from &&
            at->port.number[0] <= from + ports && !(at->speeds & SPEEDS_USB1)) {
            at->speeds |= SPEEDS_USB1;
            served++;
        }
    if (served < ports && bus->count == bus->controller->model->ports)
        builder_error(builder, first ? first->value_at : master->value_at,
                      "QEMU does not start: controller '%s' lacks the ports that this companion "
                      "asks for, or they have one",
                      bus->controller->name);
}

void qemu_ports_add(struct builder *builder, const struct config_controller *controller,
                    const struct spec *spec)
{
    bool usbversion = controller->origin == ORIGIN_USBVERSION;
    unsigned ports = GIVEN(controller->ports) ? controller->ports.value : controller->model->ports;
    if (controller->companion && spec)
        add_companion(builder, controller, spec);
    if (controller->companion || (usbversion && controller->model->companion))
        return;
    struct qemu_bus *bus = arena_new_of(builder->arena, struct qemu_bus);
    *bus = (struct qemu_bus){ builder->ports, controller, NULL, 0 };
    builder->ports = bus;
    for (unsigned i = 1; i <= ports; i++)
        add_port(builder, bus, (struct port){ .depth = 1, .number = { (uint8_t)i } },
                 controller->model->speeds | (usbversion ? SPEEDS_USB2 : 0));
}

static struct qemu_port *take(struct qemu_bus *bus, struct qemu_port **at)
{
    struct qemu_port *port = *at;
    *at = port->next;
    bus->count--;
    return port;
}

// Adds the ports of a hub at that port; false if too many hubs are in a row.
static bool add_hub(struct builder *builder, struct qemu_bus *bus, struct port at, unsigned ports)
{
    if (at.depth >= PORT_DEPTH_MAX)
        return false;
    for (unsigned i = 1; i <= ports; i++) {
        struct port port = at;
        port.number[port.depth++] = (uint8_t)i;
        add_port(builder, bus, port, SPEEDS_USB1);
    }
    return true;
}

static const char *list_free(const struct builder *builder, const struct qemu_bus *bus)
{
    char buf[PORT_TEXT_SIZE];
    struct buffer list = buffer_in(builder->arena);
    for (const struct qemu_port *at = bus->free; at; at = at->next)
        buffer_join(&list, ", ", "%s", port_write(at->port, buf));
    return buffer_string(&list);
}

// Takes the port that the device names; NULL after reporting an error.
static struct qemu_port *take_named(struct builder *builder, struct qemu_bus *bus,
                                    const struct config_device *device, struct text port)
{
    char buf[PORT_TEXT_SIZE];
    struct qemu_port **at = &bus->free;
    while (*at && !text_is(port, port_write((*at)->port, buf)))
        at = &(*at)->next;
    if (*at)
        return take(bus, at);
    diag_hint(
        builder->diags,
        builder_error(builder, device->port_at,
                      "QEMU does not start: controller '%s' has no free port '%.*s' at this point",
                      bus->controller->name, SHOW(port)),
        "%s%s", bus->free ? "free ports: " : "none is free", list_free(builder, bus));
    return NULL;
}

static struct qemu_port *take_any(struct builder *builder, struct qemu_bus *bus,
                                  const struct config_device *device)
{
    if (bus->count == 1 && device->kind != DEVICE_HUB && bus->free->speeds & SPEEDS(SPEED_FULL) &&
        bus->free->port.depth < PORT_DEPTH_MAX)
        add_hub(builder, bus, take(bus, &bus->free)->port, HUB_PORTS);
    if (bus->free)
        return take(bus, &bus->free);
    builder_error(builder, device->why, "QEMU does not start: controller '%s' has no free port",
                  bus->controller->name);
    return NULL;
}

// The speeds of an emulated device; 0: it is not connected at the start, or they are not known.
static speed_mask speeds_of(const struct config_device *device, const struct spec *spec)
{
    const struct device_model *model = device_model_of(device->kind);
    const struct spec_pair *version = spec ? qemu_option(spec, "usb_version") : NULL;
    if (text_starts(device->argument, "usb-net") || text_starts(device->argument, "u2f-"))
        return SPEEDS(SPEED_FULL);
    if (!model || device->kind == DEVICE_REDIR || device->kind == DEVICE_HOSTDEV)
        return 0;
    return version && text_is(version->value, "1") ? SPEEDS(SPEED_FULL) : model->speeds;
}

void qemu_ports_claim(struct builder *builder, struct config_device *device,
                      const struct spec *spec)
{
    unsigned errors = builder->diags->errors;
    const struct spec_pair *named = spec ? qemu_option(spec, "port") : NULL;
    const struct spec_pair *given = spec ? qemu_option(spec, "ports") : NULL;
    struct qemu_bus *bus =
        device->controller ? bus_of(builder, device->controller) : builder->ports;
    if (!bus || builder->unread || device->broken)
        return;
    struct qemu_port *port =
        named ? take_named(builder, bus, device, named->value) : take_any(builder, bus, device);
    speed_mask speeds = speeds_of(device, spec);
    uint64_t ports = HUB_PORTS;
    if (named && port)
        device->port = port->port;
    if (given)
        number_parse(NUMBER_OF_QEMU, given->value, 1, HUB_PORTS, &ports);
    if (port && speeds && !(speeds & port->speeds))
        diag_hint(builder->diags,
                  builder_error(builder, device->kind_at,
                                "QEMU does not start: the device is too slow or too fast for its "
                                "port of controller '%s' (%s)",
                                bus->controller->name, bus->controller->model->name),
                  "use a controller of version 3");
    else if (port && device->kind == DEVICE_HUB &&
             !add_hub(builder, bus, port->port, (unsigned)ports))
        builder_error(builder, device->why, "QEMU does not start: too many hubs in a row");
    device->broken = builder->diags->errors != errors;
}

void qemu_ports_begin(struct builder *builder)
{
    for (struct config_controller *at = builder->config->controllers; at; at = at->next)
        if (at->at_creation)
            qemu_ports_add(builder, at, NULL);
    for (struct config_device *at = builder->config->devices; at; at = at->next)
        if (at->at_creation && builder->ports && builder->ports->free)
            qemu_ports_claim(builder, at, NULL);
}
