// SPDX-License-Identifier: MIT
// usbctrl and usbdev, as xl reads them (tools/xl/xl_parse.c), with a diagnostic wherever xl
// refuses, misreads or silently ignores something.
#include "parser/dialect.h"

// Warns about an item of blanks; an empty one is nothing to xl.
static void warn_about_blank_item(struct builder *builder, const struct literal *literal,
                                  const char *what)
{
    struct text text = literal->text;
    for (size_t from = 0, to; from < text.size; from = to + 1) {
        to = text_find(text, ',', from);
        if (to == from || text_trim(text_part(text, from, to)).size)
            continue;
        diag_hint(builder->diags,
                  builder_warning(builder, literal_span(builder, literal, from, to),
                                  "xl refuses an item of blanks in %s", what),
                  "remove it, and the comma before it");
        return;
    }
}

static void warn_about_blanks(struct builder *builder, const struct spec *spec, const char *what)
{
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next)
        if (pair->loose)
            diag_hint(builder->diags,
                      builder_warning(builder, pair->key_at,
                                      "xl refuses tabs, quotes, and blanks around '=' in %s", what),
                      "write key=value,key=value");
}

enum { AUTO, PV, EMULATED, QUSB };
static const struct choice types[] = {
    { "auto", AUTO }, { "pv", PV }, { "devicemodel", EMULATED }, { "qusb", QUSB }, { NULL, 0 }
};

static void warn_about_trailing_blank(const struct field *field)
{
    if (field->pair->trailing_blank)
        diag_hint(field->builder->diags,
                  builder_warning(field->builder, field->pair->value_at,
                                  "xl reads the blank after the type as part of it"),
                  "xl refuses the file");
}

static void read_type(const struct field *field, void *into)
{
    static const enum controller_type of_type[] = { CONTROLLER_AUTO, CONTROLLER_PV,
                                                    CONTROLLER_EMULATED, CONTROLLER_PV };
    struct config_controller *controller = into;
    int choice = AUTO;
    if (!field_choice(field, types, &choice))
        return;
    warn_about_trailing_blank(field);
    controller->type = of_type[choice];
    controller->type_at = field->pair->value_at;
    controller->pvusb = choice == QUSB ? PVUSB_QEMU : choice == PV ? PVUSB_KERNEL : PVUSB_ANY;
    controller->kernel_only = choice == PV;
}

// version= and ports=, whose 0 is the default.
static void read_version(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    struct config_number number;
    if (field_number(field, 0, 3, NUMBER_OF_ATOI, &number) && number.value)
        controller->version = number;
}

static void read_ports(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    struct config_number number;
    if (field_number(field, 0, PORTS_MAX_PVUSB, NUMBER_OF_ATOI, &number) && number.value)
        controller->ports = number;
}

static bool is_choice(struct text word, const struct choice *choices)
{
    while (choices->name && !text_is_nocase(word, choices->name))
        choices++;
    return choices->name;
}

static const struct spec_key controller_keys[] = {
    { "type", read_type }, { "version", read_version }, { "ports", read_ports }, { NULL, NULL }
};

static void read_controller(struct builder *builder, const struct literal *literal)
{
    unsigned errors = builder->diags->errors;
    struct config_controller *controller = builder_controller(builder, ORIGIN_USBCTRL, literal->at);
    const struct spec *spec = spec_of_literal(builder, literal);
    warn_about_blanks(builder, spec, "usbctrl");
    warn_about_blank_item(builder, literal, "usbctrl");
    struct diag *head = spec_refuse_head(builder, spec);
    if (head && is_choice(spec->head, types))
        diag_hint(builder->diags, head, "write type=%.*s", SHOW(spec->head));
    fields_read(builder, spec, "usbctrl", controller_keys, controller);
    controller->broken = builder->diags->errors != errors;
}

static void read_device_type(const struct field *field, void *into)
{
    static const struct choice choices[] = { { "hostdev", 0 }, { NULL, 0 } };
    struct config_device *device = into;
    int choice = 0;
    if (text_is(field->pair->key, "devtype"))
        diag_hint(field->builder->diags,
                  builder_warning(field->builder, field->pair->key_at,
                                  "xl refuses 'devtype', although its old manuals list it"),
                  "write type=hostdev");
    if (field_choice(field, choices, &choice))
        warn_about_trailing_blank(field);
    device->kind_at = field->pair->value_at;
}

// Reads a bus or an address of up to `max` into `part` of the selector.
static void read_part(const struct field *field, struct config_device *device, uint64_t max,
                      unsigned criterion, uint8_t *part)
{
    struct config_number number;
    field_selects(field, device);
    if (!field_number(field, 1, max, NUMBER_AMBIGUOUS, &number))
        return;
    device->selector.criteria |= criterion;
    *part = (uint8_t)number.value;
}

static void read_bus(const struct field *field, void *into)
{
    struct config_device *device = into;
    read_part(field, device, UINT8_MAX, SELECT_BUS, &device->selector.bus);
}

static void read_address(const struct field *field, void *into)
{
    struct config_device *device = into;
    read_part(field, device, ADDRESS_MAX, SELECT_ADDRESS, &device->selector.address);
}

static void read_controller_number(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct config_number number;
    if (field_number(field, 0, UINT16_MAX, NUMBER_OF_ATOI, &number))
        device->controller_name = (struct config_text){ number.at, field->pair->value };
}

static void read_port(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct config_number number;
    if (!field_number(field, 0, UINT8_MAX, NUMBER_OF_ATOI, &number))
        return;
    device->port_at = number.at;
    if (number.value)
        device->port = (struct port){ 1, { (uint8_t)number.value } };
}

static const struct spec_key device_keys[] = { { "type", read_device_type },
                                               { "devtype", read_device_type },
                                               { "hostbus", read_bus },
                                               { "hostaddr", read_address },
                                               { "controller", read_controller_number },
                                               { "port", read_port },
                                               { NULL, NULL } };

// What to write instead of a device without a key.
static void hint_of_head(struct builder *builder, const struct spec *spec, struct diag *diag)
{
    struct selector selector = { 0 };
    struct text word = spec->head;
    const struct device_model *model = device_model_named(word);
    bool address = selector_read_address(word, &selector) || selector_read_printed(word, &selector);
    if (!diag)
        return;
    if (address)
        diag_hint(builder->diags, diag, "write hostbus=%u,hostaddr=%u", selector.bus,
                  selector.address);
    else if (model && model->kind != DEVICE_HOSTDEV)
        diag_hint(builder->diags, diag, "usbdev has host devices only: write usbdevice=['%s']",
                  model->name);
    else if (busid_read(word, selector.busid) || text_find(word, ':', 0) < word.size)
        diag_hint(builder->diags, diag,
                  "xl needs hostbus=BUS,hostaddr=ADDRESS; usbdevice=['%.*s'] is found by xenusb",
                  SHOW(word));
}

static void read_device(struct builder *builder, const struct literal *literal)
{
    unsigned errors = builder->diags->errors;
    struct config_device *device = builder_device(builder, ORIGIN_USBCTRL, literal->at);
    const struct spec *spec = spec_of_literal(builder, literal);
    warn_about_blanks(builder, spec, "usbdev");
    warn_about_blank_item(builder, literal, "usbdev");
    hint_of_head(builder, spec, spec_refuse_head(builder, spec));
    fields_read(builder, spec, "usbdev", device_keys, device);
    device->broken = builder->diags->errors != errors;
}

void xl_read(struct builder *builder)
{
    setting_strings(builder, KEY_USBCTRL, SINGLE_IGNORED_BY_XL, read_controller);
    setting_strings(builder, KEY_USBDEV, SINGLE_IGNORED_BY_XL, read_device);
}
