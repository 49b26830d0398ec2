// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/name_map.h"
#include "qemu_option.h"

static struct config_text option_text(const struct spec *spec, const char *name)
{
    const struct spec_pair *pair = qemu_option(spec, name);
    return pair ? (struct config_text){ pair->value_at, pair->value }
                : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

// Reads a selector's number; false if it is missing, or 0, which QEMU takes as "any".
static bool option_number(struct builder *builder, const struct spec *spec, const char *name,
                          struct config_device *device, uint32_t *value)
{
    const struct spec_pair *pair = qemu_option(spec, name);
    if (!pair)
        return false;
    field_selects(&(struct field){ builder, "-device", pair, spec->pairs }, device);
    *value = qemu_option_number(builder, pair);
    return *value != 0;
}

// Warns that QEMU starts, but will never find the device.
static void warn_never(struct builder *builder, const struct spec_pair *pair,
                       struct config_device *device)
{
    diag_hint(builder->diags,
              builder_warning(builder, pair->value_at, "no host has %.*s '%.*s'", SHOW(pair->key),
                              SHOW(pair->value)),
              "QEMU starts, and waits for such a device");
    device->broken = true;
}

static void read_hostport(struct builder *builder, const struct spec *spec,
                          struct config_device *device)
{
    const struct spec_pair *port = qemu_option(spec, "hostport");
    struct selector *selector = &device->selector;
    if (!port || !(selector->criteria & SELECT_BUS))
        return;
    const char *busid = arena_printf(builder->arena, "%u-%.*s", selector->bus,
                                     (int)port->value.size, port->value.at);
    field_selects(&(struct field){ builder, "-device", port, spec->pairs }, device);
    if (busid_read(text_of(busid), selector->busid))
        selector->criteria = (selector->criteria & ~(unsigned)SELECT_BUS) | SELECT_BUSID;
    else
        warn_never(builder, port, device);
}

// Reads which device a node is. Any other file is left to QEMU: it does not say which device it is.
static void read_node(struct builder *builder, const struct spec *spec,
                      struct config_device *device)
{
    struct selector selector = { 0 };
    const struct spec_pair *node = qemu_option(spec, "hostdevice");
    if (!node)
        return;
    field_selects(&(struct field){ builder, "-device", node, spec->pairs }, device);
    if (selector_read_node(node->value, &selector))
        device->selector = selector;
}

static void read_host(struct builder *builder, const struct spec *spec,
                      struct config_device *device)
{
    uint32_t value = 0;
    struct selector *selector = &device->selector;
    if (option_number(builder, spec, "hostbus", device, &value) && value > UINT8_MAX) {
        warn_never(builder, qemu_option(spec, "hostbus"), device);
    } else if (value) {
        selector->criteria |= SELECT_BUS;
        selector->bus = (uint8_t)value;
    }
    if (option_number(builder, spec, "hostaddr", device, &value)) {
        selector->criteria |= SELECT_ADDRESS;
        selector->address = (uint8_t)value;
    }
    if (option_number(builder, spec, "vendorid", device, &value)) {
        selector->criteria |= SELECT_VENDOR;
        selector->vendor = (uint16_t)value;
    }
    if (option_number(builder, spec, "productid", device, &value)) {
        selector->criteria |= SELECT_PRODUCT;
        selector->product = (uint16_t)value;
    }
    read_hostport(builder, spec, device);
    read_node(builder, spec, device);
}

// Adds the bus names of the controllers that were added since the last call. QEMU derives them from
// ids: "xhci" has "xhci.0". Buses of controllers without one are counted: usb-bus.0, usb-bus.1.
static void add_buses(struct builder *builder)
{
    struct config_controller *at =
        builder->named ? builder->named->next : builder->config->controllers;
    for (; at; at = at->next) {
        builder->named = at;
        if (!at->at_creation || at->companion)
            continue;
        name_map_add(
            builder->buses,
            text_of(GIVEN(at->qemu_id)
                        ? arena_printf(builder->arena, "%.*s.0", (int)at->qemu_id.text.size,
                                       at->qemu_id.text.at)
                        : arena_printf(builder->arena, "usb-bus.%u", builder->unnamed_buses)),
            at);
        builder->unnamed_buses += !GIVEN(at->qemu_id);
        builder->has_bus = true;
    }
}

static void report_bus(struct builder *builder, const struct spec_pair *bus)
{
    const char *name = arena_printf(builder->arena, "%.*s.0", (int)bus->value.size, bus->value.at);
    const char *format = "QEMU does not start: there is no bus '%.*s' at this point";
    struct diag *diag =
        builder->unread
            ? builder_warning(builder, bus->value_at,
                              "no controller in this file has the bus '%.*s'", SHOW(bus->value))
            : builder_error(builder, bus->value_at, format, SHOW(bus->value));
    if (name_map_get(builder->buses, text_of(name)))
        diag_hint(builder->diags, diag, "the bus of this controller is '%s'", name);
    else if (builder->unread)
        diag_hint(builder->diags, diag, "QEMU refuses it unless something else creates that bus");
    else
        diag_hint(builder->diags, diag,
                  "the bus of a -device with id=X is X.0, and that of -usb is usb-bus.0; it must "
                  "come first");
}

// Without bus=, QEMU chooses one; there must be one.
static void read_bus(struct builder *builder, const struct spec *spec, struct config_device *device)
{
    const struct spec_pair *bus = qemu_option(spec, "bus");
    add_buses(builder);
    if (bus) {
        device->controller = name_map_get(builder->buses, bus->value);
        if (!device->controller && !text_starts(bus->value, "/"))
            report_bus(builder, bus);
    } else if (!builder->has_bus && !builder->unread &&
               domain_has_machine(builder->config->domain.type)) {
        diag_hint(builder->diags,
                  builder_error(builder, spec->head_at,
                                "QEMU does not start: there is no USB bus at this point"),
                  "add usb=1, or a controller before this device");
    }
}

// If QEMU's ports are known, qemu_ports_claim() sets the port.
static void read_port(struct builder *builder, const struct spec *spec,
                      struct config_device *device)
{
    const struct spec_pair *port = qemu_option(spec, "port");
    if (port && builder->unread)
        field_port(&(struct field){ builder, "-device", port, spec->pairs }, &device->port,
                   &device->port_at);
    else if (port)
        device->port_at = port->value_at;
}

// Whether QEMU 7.2 and 10 both have all of a device; a warning names what only one of them has.
static void warn_release(struct builder *builder, const struct spec *spec,
                         const struct qemu_driver *driver)
{
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next) {
        const struct qemu_property *property = qemu_property_named(driver->name, pair->key);
        if (property && property->releases != (QEMU_7 | QEMU_10))
            builder_warning(builder, pair->key_at, "only QEMU %s has %s of %s",
                            property->releases == QEMU_7 ? "7.2" : "10", property->name,
                            driver->name);
    }
    if (driver->releases != (QEMU_7 | QEMU_10))
        builder_warning(builder, spec->head_at, "only QEMU %s has %s",
                        driver->releases == QEMU_7 ? "7.2" : "10", driver->name);
}

static const char *const device_members[] = { "driver",   "id",        "bus",      "port",
                                              "hostbus",  "hostaddr",  "hostport", "hostdevice",
                                              "vendorid", "productid", "chardev",  "audiodev",
                                              "drive",    NULL };
// Its place on the PCI bus is QEMU's or the toolstack's own affair.
static const char *const controller_members[] = {
    "driver", "id", "bus", "addr", "multifunction", "masterbus", "firstport", "num-ports", NULL
};

// Reads drive= and chardev=. A character device that a -chardev defines is then in the words of
// chardev=.
static void read_backing(const struct builder *builder, const struct spec *spec,
                         struct config_device *device)
{
    device->drive = option_text(spec, "drive");
    device->chardev = option_text(spec, "chardev");
    if (GIVEN(device->drive))
        device->backing = qemu_image(builder, device->drive.text);
    else if (GIVEN(device->chardev))
        device->backing = name_map_get(builder->chardevs, device->chardev.text);
    if (device->backing && device->backing->chardev.size)
        device->chardev.text = device->backing->chardev;
}

static void read_usb_device(struct builder *builder, const struct spec *spec,
                            const struct qemu_driver *driver, unsigned errors)
{
    const struct device_model *model = device_model_driver(text_of(driver->name));
    struct config_device *device = builder_device(builder, ORIGIN_QEMU, spec->at);
    device->kind = model ? model->kind : DEVICE_OTHER;
    device->kind_at = spec->head_at;
    device->at_creation = true;
    device->argument = spec->text;
    device->qemu_id = option_text(spec, "id");
    read_backing(builder, spec, device);
    device->properties = qemu_properties(builder, spec, device_members);
    device->audiodev = option_text(spec, "audiodev");
    device->broken = builder->diags->errors != errors;
    if (device->kind == DEVICE_HOSTDEV && !device->broken)
        read_host(builder, spec, device);
    read_bus(builder, spec, device);
    read_port(builder, spec, device);
    device->broken = device->broken || builder->diags->errors != errors;
    qemu_ports_claim(builder, device, spec);
}

// The number of ports that QEMU gives a controller: xHCI those of USB 2 and 3, whichever are more,
// at most 15; 0 if the number is the default.
static void read_ports(struct builder *builder, const struct spec *spec,
                       struct config_controller *controller)
{
    enum { PAIRS = 3 };
    const struct spec_pair *pairs[PAIRS] = { qemu_option(spec, "num-ports"),
                                             qemu_option(spec, "p2"), qemu_option(spec, "p3") };
    uint32_t most = pairs[0] || (pairs[1] && pairs[2]) ? 0 : controller->model->ports;
    for (size_t i = 0; i < PAIRS; i++) {
        uint32_t ports = pairs[i] ? qemu_option_number(builder, pairs[i]) : 0;
        if (pairs[i])
            controller->ports.at = pairs[i]->value_at;
        most = ports > most ? ports : most;
    }
    if (GIVEN(controller->ports))
        controller->ports.value = most < PORTS_MAX_XHCI ? most : PORTS_MAX_XHCI;
}

static const char *controller_name(struct builder *builder,
                                   const struct config_controller *controller)
{
    struct text id = controller->qemu_id.text;
    const char *name = GIVEN(controller->qemu_id) ? arena_copy(builder->arena, id.at, id.size)
                                                  : controller->model->name;
    struct config_controller *at = builder->config->controllers;
    while (at && (at == controller || !at->name || strcmp(at->name, name) != 0))
        at = at->next;
    return at ? arena_printf(builder->arena, "%s-%u", name, controller->index) : name;
}

static void read_controller(struct builder *builder, const struct spec *spec,
                            const struct qemu_driver *driver, unsigned errors)
{
    struct config_controller *controller = builder_controller(builder, ORIGIN_QEMU, spec->at);
    controller->type = CONTROLLER_EMULATED;
    controller->model = controller_model_named(text_of(driver->name));
    controller->model_at = spec->head_at;
    controller->version.value = controller->model->version;
    controller->at_creation = true;
    controller->argument = spec->text;
    controller->companion = qemu_option(spec, "masterbus");
    controller->qemu_id = option_text(spec, "id");
    controller->properties = qemu_properties(builder, spec, controller_members);
    controller->name = controller_name(builder, controller);
    controller->broken = builder->diags->errors != errors;
    if (!controller->broken)
        read_ports(builder, spec, controller);
    add_buses(builder);
    qemu_ports_add(builder, controller, spec);
}

// Reports an id that another -device has.
static void check_id(struct builder *builder, struct config_text id)
{
    struct span *first = name_map_get(builder->ids, id.text);
    struct span *place = arena_new_of(builder->arena, struct span);
    *place = id.at;
    if (!first)
        name_map_add(builder->ids, id.text, place);
    else
        diag_also(builder->diags,
                  builder_error(builder, id.at, "QEMU does not start: the id '%.*s' is given twice",
                                SHOW(id.text)),
                  builder->source, *first, "it is also given here");
}

void qemu_read_device(struct builder *builder, const struct literal *literal)
{
    unsigned errors = builder->diags->errors;
    if (text_starts(literal->text, "{")) {
        diag_hint(builder->diags,
                  builder_warning(builder, literal->at, "ignoring -device in JSON form"),
                  "if it is a USB device, write it as driver,key=value");
        return;
    }
    struct spec *spec = qemu_option_spec(builder, literal);
    struct config_text name = { spec->head_at, spec->head }, id = option_text(spec, "id");
    if (qemu_option(spec, "driver"))
        name = option_text(spec, "driver");
    if (name.text.size == 0) {
        builder_error(builder, literal->at, "QEMU does not start: this -device names no driver");
        return;
    }
    spec->head_at = name.at;
    if (GIVEN(id))
        check_id(builder, id);
    const struct qemu_driver *driver = qemu_judge(builder, spec, name.text, name.at);
    builder->unread = builder->unread || !qemu_driver_named(name.text);
    if (!driver)
        return;
    warn_release(builder, spec, driver);
    if (driver->kind == QEMU_USB_DEVICE)
        read_usb_device(builder, spec, driver, errors);
    else if (controller_model_named(text_of(driver->name)))
        read_controller(builder, spec, driver, errors);
}
