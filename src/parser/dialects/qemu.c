// SPDX-License-Identifier: MIT
// device_model_args: the USB arguments that QEMU gets when the guest is created. What they ask for
// is present already and is never attached.
#include "parser/dialect.h"

#include "base/arena.h"
#include "base/name_map.h"

// --- -device, as QEMU's option parser reads it ---

// QEMU uses the last of several pairs with the same key.
static const struct spec_pair *option(const struct spec *spec, const char *name)
{
    const struct spec_pair *found = NULL;
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next)
        if (text_is(pair->key, name))
            found = pair;
    return found;
}

static struct config_text option_text(const struct spec *spec, const char *name)
{
    const struct spec_pair *pair = option(spec, name);
    return pair ? (struct config_text){ pair->value_at, pair->value }
                : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

// Reads a selector's number; false if it is missing, malformed or 0, which QEMU takes as "any".
// QEMU's numbers are decimal unless they begin with 0x, vendor and product ids included.
static bool option_number(struct builder *builder, const struct spec *spec, const char *name,
                          uint64_t max, struct config_device *device, uint32_t *value)
{
    const struct spec_pair *pair = option(spec, name);
    struct config_number number;
    if (!pair || !number_read(builder, name, (struct config_text){ pair->value_at, pair->value },
                              (struct number_range){ 0, max, ZERO_PLAIN }, &number))
        return false;
    field_selects(&(struct field){ builder, "-device", pair }, device);
    *value = number.value;
    return number.value != 0;
}

static void read_host(struct builder *builder, const struct spec *spec,
                      struct config_device *device)
{
    uint32_t value = 0;
    struct selector *selector = &device->selector;
    const struct spec_pair *port = option(spec, "hostport");
    if (option_number(builder, spec, "hostbus", UINT8_MAX, device, &value)) {
        selector->criteria |= SELECT_BUS;
        selector->bus = (uint8_t)value;
    }
    if (option_number(builder, spec, "hostaddr", ADDRESS_MAX, device, &value)) {
        selector->criteria |= SELECT_ADDRESS;
        selector->address = (uint8_t)value;
    }
    if (option_number(builder, spec, "vendorid", UINT16_MAX, device, &value)) {
        selector->criteria |= SELECT_VENDOR;
        selector->vendor = (uint16_t)value;
    }
    if (option_number(builder, spec, "productid", UINT16_MAX, device, &value)) {
        selector->criteria |= SELECT_PRODUCT;
        selector->product = (uint16_t)value;
    }
    if (!port || !(selector->criteria & SELECT_BUS))
        return;
    const char *busid = arena_printf(builder->arena, "%u-%.*s", selector->bus,
                                     (int)port->value.size, port->value.at);
    field_selects(&(struct field){ builder, "-device", port }, device);
    if (busid_read(text_of(busid), selector->busid)) {
        selector->criteria = (selector->criteria & ~(unsigned)SELECT_BUS) | SELECT_BUSID;
    } else {
        builder_error(builder, port->value_at, "'%.*s' is not a port of the host",
                      SHOW(port->value));
        device->broken = true;
    }
}

// Adds the bus names of the controllers that were added since the last call.
static void add_buses(struct builder *builder)
{
    struct config_controller *at =
        builder->named ? builder->named->next : builder->config->controllers;
    for (; at; at = at->next) {
        if (GIVEN(at->qemu_id))
            name_map_add(builder->buses, at->qemu_id.text, at);
        else if (at->at_creation)
            name_map_add(builder->buses, text_of("usb-bus"), at);
        if (at->origin == ORIGIN_USBCTRL)
            name_map_add(builder->buses,
                         text_of(arena_printf(builder->arena, "xenusb-%u", at->index)), at);
        builder->named = at;
    }
}

// QEMU derives the name of a controller's bus from its id: "xhci" has "xhci.0".
static void read_bus(struct builder *builder, const struct spec *spec, struct config_device *device)
{
    const struct spec_pair *bus = option(spec, "bus");
    if (!bus)
        return;
    add_buses(builder);
    device->controller =
        name_map_get(builder->buses, text_part(bus->value, 0, text_find(bus->value, '.', 0)));
    if (device->controller)
        return;
    diag_hint(builder->diags,
              builder_warning(builder, bus->value_at,
                              "no controller in this file has the bus '%.*s'", SHOW(bus->value)),
              "QEMU refuses it unless something else creates that bus");
}

static void read_port(struct builder *builder, const struct spec *spec,
                      struct config_device *device)
{
    const struct spec_pair *port = option(spec, "port");
    if (port)
        field_port(&(struct field){ builder, "-device", port }, &device->port, &device->port_at);
}

static void read_usb_device(struct builder *builder, const struct spec *spec,
                            const struct device_model *model, struct text argument)
{
    unsigned errors = builder->diags->errors;
    struct config_device *device = builder_device(builder, ORIGIN_QEMU, spec->at);
    device->kind = model ? model->kind : DEVICE_OTHER;
    device->kind_at = spec->head_at;
    device->at_creation = true;
    device->argument = argument;
    device->qemu_id = option_text(spec, "id");
    device->chardev = option_text(spec, "chardev");
    device->audiodev = option_text(spec, "audiodev");
    if (device->kind == DEVICE_HOSTDEV)
        read_host(builder, spec, device);
    read_bus(builder, spec, device);
    read_port(builder, spec, device);
    device->broken = device->broken || builder->diags->errors != errors;
}

static void read_controller(struct builder *builder, const struct spec *spec,
                            const struct controller_model *model, struct text argument)
{
    struct config_controller *controller = builder_controller(builder, ORIGIN_QEMU, spec->at);
    const struct spec_pair *ports = option(spec, "p2");
    uint64_t number = 0;
    controller->type = CONTROLLER_EMULATED;
    controller->model = model;
    controller->model_at = spec->head_at;
    controller->version.value = model->version;
    controller->at_creation = true;
    controller->argument = argument;
    controller->qemu_id = option_text(spec, "id");
    controller->name =
        GIVEN(controller->qemu_id)
            ? arena_copy(builder->arena, controller->qemu_id.text.at, controller->qemu_id.text.size)
            : model->name;
    if (ports && text_number(ports->value, 0, 1, PORTS_MAX_XHCI, &number) == NUMBER_OK)
        controller->ports = (struct config_number){ ports->value_at, (uint32_t)number };
}

static void read_device_option(struct builder *builder, const struct literal *literal)
{
    if (text_starts(literal->text, "{")) {
        diag_hint(builder->diags,
                  builder_warning(builder, literal->at, "ignoring -device in JSON form"),
                  "if it is a USB device, write it as driver,key=value");
        return;
    }
    struct spec *spec = spec_of_literal(builder, literal);
    if (spec->head.size == 0)
        return;
    const struct controller_model *controller = controller_model_named(spec->head);
    const struct device_model *device = device_model_driver(spec->head);
    if (controller && controller->driver)
        read_controller(builder, spec, controller, literal->text);
    else if (device || text_starts(spec->head, "usb-"))
        read_usb_device(builder, spec, device, literal->text);
}

// --- -usb and -usbdevice ---

// The controller that -usb enables, or NULL.
static struct config_controller *machine_controller(const struct builder *builder)
{
    struct config_controller *at = builder->config->controllers;
    while (at && !(at->at_creation && !GIVEN(at->qemu_id) && strcmp(at->name, "usb") == 0))
        at = at->next;
    return at;
}

// Returns the UHCI controller of the PIIX3; adds it on the first call.
static struct config_controller *enable_usb(struct builder *builder, struct span why)
{
    struct config_controller *controller = machine_controller(builder);
    if (controller)
        return controller;
    controller = builder_controller(builder, ORIGIN_USB, why);
    controller->type = CONTROLLER_EMULATED;
    controller->model = controller_model_for(1);
    controller->version.value = 1;
    controller->name = "usb";
    controller->at_creation = true;
    return controller;
}

static void read_usbdevice(struct builder *builder, const struct literal *literal)
{
    struct config_device *device = builder_device(builder, ORIGIN_QEMU, literal->at);
    classic_read_device(builder, device, literal->text, literal->at);
    struct config_controller *controller = enable_usb(builder, literal->at);
    if (device->at_creation)
        device->controller = controller;
}

// --- the list ---

// Reads the list as QEMU reads its arguments: an option determines how the next item is read.
static void read_argument(struct builder *builder, const struct literal *literal)
{
    struct text word = literal->text;
    enum argument option = builder->argument;
    builder->argument = ARGUMENT_NONE;
    builder->argument_at = literal->at;
    if (option == ARGUMENT_USBDEVICE) {
        read_usbdevice(builder, literal);
    } else if (option == ARGUMENT_DEVICE) {
        read_device_option(builder, literal);
    } else if (text_is(word, "-usb") || text_is(word, "--usb")) {
        enable_usb(builder, literal->at);
    } else if (text_is(word, "-usbdevice") || text_is(word, "--usbdevice")) {
        builder->argument = ARGUMENT_USBDEVICE;
    } else if (text_is(word, "-device") || text_is(word, "--device")) {
        builder->argument = ARGUMENT_DEVICE;
    } else if (text_starts(word, "-usb") || text_starts(word, "-device")) {
        diag_hint(builder->diags,
                  builder_error(builder, literal->at, "QEMU has no option '%.*s'", SHOW(word)),
                  "an option and its value must be separate items of the list");
    }
}

static void read_arguments(struct builder *builder, enum key key)
{
    builder->argument = ARGUMENT_NONE;
    setting_strings(builder, key, SINGLE_REFUSED_BY_XL, read_argument);
    if (builder->argument != ARGUMENT_NONE)
        builder_error(builder, builder->argument_at, "this option needs a value");
}

// Warns about USB arguments that xl ignores because they are for another type of guest.
static void warn_unused(struct builder *builder, const struct literal *literal)
{
    struct text word = literal->text;
    bool usb = text_starts(word, "-usb") || text_starts(word, "usb-");
    if (!usb)
        return;
    diag_hint(builder->diags,
              builder_warning(builder, literal->at, "not used: the type of this guest is %s",
                              domain_type_name(builder->config->domain.type)),
              "xl silently ignores it");
}

void qemu_read(struct builder *builder)
{
    enum domain_type type = builder->config->domain.type;
    bool pv_guest = !domain_has_machine(type);
    read_arguments(builder, KEY_DEVICE_MODEL_ARGS);
    if (pv_guest)
        setting_strings(builder, KEY_DEVICE_MODEL_ARGS_HVM, SINGLE_REFUSED_BY_XL, warn_unused);
    else
        read_arguments(builder, KEY_DEVICE_MODEL_ARGS_HVM);
    if (type == DOMAIN_HVM)
        setting_strings(builder, KEY_DEVICE_MODEL_ARGS_PV, SINGLE_REFUSED_BY_XL, warn_unused);
    else
        read_arguments(builder, KEY_DEVICE_MODEL_ARGS_PV);
}
