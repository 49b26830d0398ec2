// SPDX-License-Identifier: MIT
#include "parser/foreign.h"

#include "base/arena.h"
#include "base/xml.h"
#include "parser/dialect.h"

enum { INDEX_MAX = 255 };

struct libvirt {
    struct builder builder;
    bool xen;
    struct config_controller *controllers[INDEX_MAX + 1]; // by libvirt's index
    struct config_controller *machine; // the controller of usb=1, for input devices; or NULL
    const char *ich9;                  // index of the ICH9 family that became usbversion=2; or NULL
    uint32_t offset;                   // of `line`, the last one that place_of() looked up
    unsigned line;
};

// The line that an element is on. Walks on from the last call, since elements are mostly looked up
// in document order.
static struct span place_of(struct libvirt *libvirt, const struct xml_element *element)
{
    struct text text = libvirt->builder.source->text;
    if (element->line < libvirt->line)
        libvirt->offset = 0, libvirt->line = 1;
    while (libvirt->line < element->line && libvirt->offset < text.size) {
        libvirt->offset = (uint32_t)text_find(text, '\n', libvirt->offset) + 1;
        libvirt->line++;
    }
    uint32_t from = libvirt->offset;
    while (from < text.size && (text.at[from] == ' ' || text.at[from] == '\t'))
        from++;
    uint32_t to = (uint32_t)text_find(text, '\n', from);
    return (struct span){ from, to > from ? to : from + 1 };
}

// Whether an attribute has that value.
static bool is(const struct xml_element *element, const char *attribute, const char *value)
{
    const char *given = xml_attribute(element, attribute);
    return given && strcmp(given, value) == 0;
}

// Reads an attribute as a number; `otherwise` if it is not given. False after reporting an error.
static bool number(struct libvirt *libvirt, const struct xml_element *element,
                   const char *attribute, uint64_t max, unsigned otherwise, unsigned *value)
{
    const char *given = xml_attribute(element, attribute);
    uint64_t read = otherwise;
    if (given && text_number(text_of(given), 0, 0, max, &read) != NUMBER_OK) {
        builder_error(&libvirt->builder, place_of(libvirt, element),
                      "%s='%s' is not a number from 0 to %lu", attribute,
                      text_show(libvirt->builder.arena, text_of(given), 40), (unsigned long)max);
        return false;
    }
    *value = (unsigned)read;
    return true;
}

// --- controllers ---

static void set_model(struct libvirt *libvirt, struct config_controller *controller,
                      const struct xml_element *element)
{
    const char *name = xml_attribute(element, "model");
    const char *model = name ? name : libvirt->xen ? "qusb2" : "piix3-uhci";
    controller->model_at = controller->why;
    controller->model = controller_model_named(text_of(model));
    controller->type = CONTROLLER_EMULATED;
    if (!controller->model) {
        builder_error(&libvirt->builder, controller->why, "unknown controller model '%s'",
                      text_show(libvirt->builder.arena, text_of(model), 40));
        controller->broken = true;
        return;
    }
    controller->version = (struct config_number){ controller->why, controller->model->version };
    if (controller->model->driver)
        return;
    controller->type = CONTROLLER_PV;
    controller->pvusb = PVUSB_QEMU;
    controller->model = NULL;
}

// Whether the element is an ICH9 EHCI controller with all three companions, which is what
// usbversion=2 creates. Only the first one counts: xl creates one such family.
static bool is_ich9_family(const struct libvirt *libvirt, const struct xml_element *devices,
                           const struct xml_element *element)
{
    static const char *const companions[] = { "ich9-uhci1", "ich9-uhci2", "ich9-uhci3" };
    const char *index = xml_attribute(element, "index");
    unsigned found = 0;
    if (libvirt->xen || libvirt->ich9 || !index || !is(element, "model", "ich9-ehci1"))
        return false;
    for (const struct xml_element *at = devices->first; at; at = at->next)
        for (unsigned i = 0; i < 3; i++)
            if (is(at, "index", index) && is(at, "model", companions[i]))
                found |= 1u << i;
    return found == 7;
}

static void skip_companion(struct libvirt *libvirt, const struct xml_element *element)
{
    if (!libvirt->ich9 || !is(element, "index", libvirt->ich9))
        diag_hint(libvirt->builder.diags,
                  builder_warning(&libvirt->builder, place_of(libvirt, element),
                                  "ignoring this companion controller"),
                  "usbversion=2 creates the whole ICH9 family; usbversion=3 needs no companions");
}

static void read_controller(struct libvirt *libvirt, const struct xml_element *devices,
                            const struct xml_element *element)
{
    struct span at = place_of(libvirt, element);
    const char *model = xml_attribute(element, "model");
    unsigned index = 0, ports = 0;
    if (!is(element, "type", "usb") || is(element, "model", "none") ||
        !number(libvirt, element, "index", INDEX_MAX, 0, &index) ||
        !number(libvirt, element, "ports", PORTS_MAX_PVUSB, 0, &ports))
        return;
    if (model && text_starts(text_of(model), "ich9-uhci")) {
        skip_companion(libvirt, element);
        return;
    }
    if (is_ich9_family(libvirt, devices, element)) {
        libvirt->ich9 = xml_attribute(element, "index");
        libvirt->controllers[index] = classic_add_ich9(&libvirt->builder, at);
        return;
    }
    struct config_controller *controller =
        builder_controller(&libvirt->builder, ORIGIN_USBCONTROLLER, at);
    controller->name = arena_printf(libvirt->builder.arena, "usb%u", index);
    controller->name_at = controller->type_at = at;
    set_model(libvirt, controller, element);
    if (ports)
        controller->ports = (struct config_number){ at, ports };
    libvirt->controllers[index] = controller;
}

// --- devices ---

static struct config_device *add_device(struct libvirt *libvirt, const struct xml_element *element,
                                        enum device_kind kind)
{
    struct span at = place_of(libvirt, element);
    const struct xml_element *address = xml_child(element, "address");
    struct config_device *device = builder_device(&libvirt->builder, ORIGIN_USBCONTROLLER, at);
    unsigned bus = 0;
    device->kind = kind;
    device->kind_at = at;
    if (!is(address, "type", "usb") || !number(libvirt, address, "bus", INDEX_MAX, 0, &bus))
        return device;
    const char *port = xml_attribute(address, "port");
    device->controller = libvirt->controllers[bus];
    if (!device->controller)
        builder_error(&libvirt->builder, place_of(libvirt, address),
                      "no USB controller has index %u", bus);
    device->port_at = port ? at : SPAN_NONE;
    if (port && !port_read(text_of(port), &device->port))
        builder_error(&libvirt->builder, place_of(libvirt, address), "'%s' is not a port",
                      text_show(libvirt->builder.arena, text_of(port), 40));
    return device;
}

static struct config_text given(struct span at, const char *text)
{
    return text ? (struct config_text){ at, text_of(text) }
                : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

static void read_hostdev(struct libvirt *libvirt, const struct xml_element *element)
{
    if (!is(element, "type", "usb"))
        return;
    struct config_device *device = add_device(libvirt, element, DEVICE_HOSTDEV);
    const struct xml_element *source = xml_child(element, "source");
    const struct xml_element *vendor = xml_child(source, "vendor");
    const struct xml_element *product = xml_child(source, "product");
    const struct xml_element *address = xml_child(source, "address");
    struct selector *selector = &device->selector;
    unsigned value = 0;
    device->selector_at = device->why;
    if (is(source, "startupPolicy", "optional"))
        device->required = (struct config_flag){ device->why, false };
    if (vendor && number(libvirt, vendor, "id", UINT16_MAX, 0, &value)) {
        selector->vendor = (uint16_t)value;
        selector->criteria |= SELECT_VENDOR;
    }
    if (product && number(libvirt, product, "id", UINT16_MAX, 0, &value)) {
        selector->product = (uint16_t)value;
        selector->criteria |= SELECT_PRODUCT;
    }
    if (address && number(libvirt, address, "bus", UINT8_MAX, 0, &value) && value) {
        selector->bus = (uint8_t)value;
        selector->criteria |= SELECT_BUS;
    }
    if (address && number(libvirt, address, "device", 127, 0, &value) && value) {
        selector->address = (uint8_t)value;
        selector->criteria |= SELECT_ADDRESS;
    }
}

// In a Xen guest, input devices are created with the guest, on the controller of usb=1.
static void read_input(struct libvirt *libvirt, const struct xml_element *element)
{
    static const char *const types[] = { "tablet", "mouse", "keyboard" };
    size_t i = 0;
    while (i < sizeof types / sizeof *types && !is(element, "type", types[i]))
        i++;
    if (!is(element, "bus", "usb") || i == sizeof types / sizeof *types)
        return;
    const struct device_model *model = device_model_named(text_of(types[i]));
    struct config_device *device = add_device(libvirt, element, model->kind);
    if (!libvirt->xen)
        return;
    device->origin = ORIGIN_USB;
    device->at_creation = true;
    if (!libvirt->machine) {
        libvirt->machine = builder_controller(&libvirt->builder, ORIGIN_USB, device->why);
        libvirt->machine->type = CONTROLLER_EMULATED;
        libvirt->machine->model = controller_model_for(1);
        libvirt->machine->version.value = 1;
        libvirt->machine->name = "usb";
        libvirt->machine->at_creation = true;
    }
    device->controller = libvirt->machine;
    device->port = PORT_ANY;
}

static void read_hub(struct libvirt *libvirt, const struct xml_element *element)
{
    if (is(element, "type", "usb"))
        add_device(libvirt, element, DEVICE_HUB);
}

static void read_disk(struct libvirt *libvirt, const struct xml_element *element)
{
    if (!is(xml_child(element, "target"), "bus", "usb"))
        return;
    struct config_device *device = add_device(libvirt, element, DEVICE_DISK);
    const struct xml_element *source = xml_child(element, "source");
    const char *file = xml_attribute(source, "file");
    device->file = given(device->why, file ? file : xml_attribute(source, "dev"));
    device->format = given(device->why, xml_attribute(xml_child(element, "driver"), "type"));
    if (xml_child(element, "readonly"))
        device->readonly = (struct config_flag){ device->why, true };
}

// A character device in our notation: its type, with file: or unix: before a path.
static struct config_text chardev_of(struct libvirt *libvirt, const struct xml_element *element,
                                     struct span at)
{
    const char *type = xml_attribute(element, "type");
    const char *path = xml_attribute(xml_child(element, "source"), "path");
    if (type && !*type)
        type = NULL;
    bool at_path = path && type && (strcmp(type, "file") == 0 || strcmp(type, "unix") == 0);
    return given(at, at_path ? arena_printf(libvirt->builder.arena, "%s:%s", type, path) : type);
}

static void read_redirdev(struct libvirt *libvirt, const struct xml_element *element)
{
    struct config_device *device = add_device(libvirt, element, DEVICE_REDIR);
    device->chardev = chardev_of(libvirt, element, device->why);
}

static void read_serial(struct libvirt *libvirt, const struct xml_element *element)
{
    if (!is(xml_child(element, "target"), "type", "usb-serial"))
        return;
    struct config_device *device = add_device(libvirt, element, DEVICE_SERIAL);
    device->chardev = chardev_of(libvirt, element, device->why);
}

static void read_sound(struct libvirt *libvirt, const struct xml_element *element)
{
    if (is(element, "model", "usb"))
        add_device(libvirt, element, DEVICE_AUDIO);
}

static const struct {
    const char *name;
    void (*read)(struct libvirt *libvirt, const struct xml_element *element);
} rows[] = {
    { "hostdev", read_hostdev }, { "input", read_input },       { "hub", read_hub },
    { "disk", read_disk },       { "redirdev", read_redirdev }, { "serial", read_serial },
    { "sound", read_sound },
};

static void read_devices(struct libvirt *libvirt, const struct xml_element *devices)
{
    for (const struct xml_element *at = devices ? devices->first : NULL; at; at = at->next)
        if (strcmp(at->name, "controller") == 0)
            read_controller(libvirt, devices, at);
    for (const struct xml_element *at = devices ? devices->first : NULL; at; at = at->next)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strcmp(at->name, rows[i].name) == 0)
                rows[i].read(libvirt, at);
}

// --- the guest ---

// <os><type>. libvirt requires it, but people also keep just the parts that matter to them: those
// are of an HVM guest, for xl would create a PV guest without a type.
static void read_type(struct libvirt *libvirt, const struct xml_element *root)
{
    struct builder *builder = &libvirt->builder;
    struct config_domain *domain = &builder->config->domain;
    const struct xml_element *type = xml_child(xml_child(root, "os"), "type");
    const struct span at = place_of(libvirt, type ? type : root);
    static const struct {
        const char *word;
        enum domain_type type;
    } types[] = { { "hvm", DOMAIN_HVM },
                  { "xen", DOMAIN_PV },
                  { "linux", DOMAIN_PV },
                  { "xenpvh", DOMAIN_PVH } };
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(type->text, types[i].word) == 0) {
            domain->type = types[i].type;
            domain->type_at = at;
            return;
        }
    if (type) {
        diag_hint(builder->diags,
                  builder_error(builder, at, "'%s' is not a type of Xen guest",
                                text_show(builder->arena, text_of(type->text), 40)),
                  "valid: hvm, xen, linux, xenpvh");
        return;
    }
    domain->type = DOMAIN_HVM;
    domain->type_at = at;
    diag_hint(builder->diags, builder_warning(builder, at, "the domain has no <os> with a <type>"),
              "it is taken for an HVM guest");
}

static void read_domain(struct libvirt *libvirt, const struct xml_element *root)
{
    struct config_domain *domain = &libvirt->builder.config->domain;
    const struct xml_element *name = xml_child(root, "name"), *uuid = xml_child(root, "uuid");
    if (name)
        domain->name = given(place_of(libvirt, name), name->text);
    if (uuid)
        domain->uuid = given(place_of(libvirt, uuid), uuid->text);
    read_type(libvirt, root);
}

struct document parse_libvirt(struct arena *arena, struct diags *diags, const struct source *source)
{
    struct libvirt libvirt = { .line = 1 };
    const char *why = NULL;
    unsigned line = 1;
    builder_init(&libvirt.builder, arena, diags, source);
    struct document document = { source, libvirt.builder.config, NULL, true };
    const struct xml_element *root = xml_read(arena, source->text, &why, &line);
    if (!root) {
        struct xml_element there = { .line = line };
        builder_error(&libvirt.builder, place_of(&libvirt, &there), "cannot parse this XML: %s",
                      text_show(arena, text_of(why), 200));
        return document;
    }
    bool is_domain = strcmp(root->name, "domain") == 0;
    if (!is_domain && strcmp(root->name, "devices") != 0) {
        diag_hint(diags,
                  builder_error(&libvirt.builder, place_of(&libvirt, root), "not a libvirt domain"),
                  "the output of 'virsh dumpxml' begins with <domain>");
        return document;
    }
    libvirt.xen = !is_domain || is(root, "type", "xen");
    if (is_domain)
        read_domain(&libvirt, root);
    read_devices(&libvirt, is_domain ? xml_child(root, "devices") : root);
    config_settle(arena, libvirt.builder.config);
    return document;
}
