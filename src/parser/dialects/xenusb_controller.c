// SPDX-License-Identifier: MIT
// usbcontroller, which can express every controller that a config can hold.
#include "parser/dialect.h"

#include "base/arena.h"
#include "base/suggest.h"

struct type_row {
    enum controller_type type;
    enum pvusb_backend pvusb;
};
enum { TYPE_AUTO, TYPE_PV, TYPE_EMULATED, TYPE_QUSB, TYPE_VUSB };
static const struct type_row type_rows[] = {
    [TYPE_AUTO] = { CONTROLLER_AUTO, PVUSB_ANY },
    [TYPE_PV] = { CONTROLLER_PV, PVUSB_ANY },
    [TYPE_EMULATED] = { CONTROLLER_EMULATED, PVUSB_ANY },
    [TYPE_QUSB] = { CONTROLLER_PV, PVUSB_QEMU },
    [TYPE_VUSB] = { CONTROLLER_PV, PVUSB_KERNEL },
};
static const struct choice type_names[] = { { "pv", TYPE_PV },
                                            { "emul", TYPE_EMULATED },
                                            { "auto", TYPE_AUTO },
                                            { "qusb", TYPE_QUSB },
                                            { "vusb", TYPE_VUSB },
                                            { "emulated", TYPE_EMULATED },
                                            { "devicemodel", TYPE_EMULATED },
                                            { NULL, 0 } };

static void set_type(struct config_controller *controller, int choice, struct span at)
{
    controller->type = type_rows[choice].type;
    controller->pvusb = type_rows[choice].pvusb;
    controller->type_at = at;
}

static void read_type(const struct field *field, void *into)
{
    int choice = TYPE_AUTO;
    if (field_choice(field, type_names, &choice))
        set_type(into, choice, field->pair->value_at);
}

bool xenusb_set_type(struct config_controller *controller, struct text word, struct span at)
{
    const struct choice *row = type_names;
    while (row->name && !text_is_nocase(word, row->name))
        row++;
    if (row->name)
        set_type(controller, row->value, at);
    return row->name;
}

// The name becomes part of QEMU ids, which must begin with a letter, and of NAME.PORT, so it must
// not contain a dot.
bool xenusb_is_name(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char letter = text.at[i];
        bool alphabetic = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
        bool other = (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
        if (!alphabetic && (i == 0 || !other))
            return false;
    }
    return text.size > 0 && text.size <= 32;
}

void xenusb_set_name(struct builder *builder, struct config_controller *controller,
                     struct text name, struct span at)
{
    if (xenusb_is_name(name)) {
        controller->name = arena_copy(builder->arena, name.at, name.size);
        controller->name_at = at;
        return;
    }
    diag_hint(builder->diags,
              builder_error(builder, at, "'%.*s' is not a valid controller name", SHOW(name)),
              "a name is a letter followed by letters, digits, '-' or '_', 32 characters at most");
}

static void read_name(const struct field *field, void *into)
{
    xenusb_set_name(field->builder, into, field->pair->value, field->pair->value_at);
}

static void read_version(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    struct text text = field->pair->value;
    // usb3, 2.0, 3.1
    struct text version = text_part(text, text_starts(text, "usb") ? 3 : 0, text.size);
    bool whole = version.size == 1 || (version.size == 3 && version.at[1] == '.');
    if (version.size < text.size ? whole : version.size == 3 && whole)
        diag_hint(field->builder->diags,
                  builder_error(field->builder, field->pair->value_at,
                                "usbversion must be a number, not '%.*s'", SHOW(text)),
                  "write %.*s=%c", SHOW(field->pair->key), *version.at);
    else
        field_number(field, 1, 3, NUMBER_PLAIN, &controller->version);
}

static void read_ports(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    field_number(field, 1, PORTS_MAX_PVUSB, NUMBER_PLAIN, &controller->ports);
}

static void read_model(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    const struct spec_pair *pair = field->pair;
    controller->model = controller_model_named(pair->value);
    controller->model_at = pair->value_at;
    if (controller->model)
        return;
    struct builder *builder = field->builder;
    struct diag *diag = builder_error(builder, pair->value_at, "unknown controller model '%.*s'",
                                      SHOW(pair->value));
    diag_suggest(
        builder->diags, diag, pair->value, controller_model_names(),
        "use libvirt's or QEMU's name: piix3-uhci, ehci, nec-xhci, qemu-xhci, pvusb-v2, ...");
}

static void read_backend(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    field_text(field, &controller->backend);
}

static const struct spec_key controller_keys[] = {
    { "type", read_type },       { "name", read_name },   { "usbversion", read_version },
    { "numports", read_ports },  { "model", read_model }, { "backend", read_backend },
    { "version", read_version }, { "ports", read_ports }, { NULL, NULL }
};

struct config_controller *xenusb_read_controller(struct builder *builder, const struct spec *spec)
{
    unsigned errors = builder->diags->errors;
    struct config_controller *controller =
        builder_controller(builder, ORIGIN_USBCONTROLLER, spec->at);
    fields_read(builder, spec, "usbcontroller", controller_keys, controller);
    if (!GIVEN(controller->version) && !controller->model)
        controller->version.value = builder->usbversion.value;
    controller->broken = spec->broken || builder->diags->errors != errors;
    return controller;
}

static void read_controller_string(struct builder *builder, const struct literal *literal)
{
    const struct spec *spec = spec_of_literal(builder, literal);
    spec_refuse_head(builder, spec);
    xenusb_read_controller(builder, spec);
}

void xenusb_read(struct builder *builder)
{
    setting_strings(builder, KEY_USBCONTROLLER, SINGLE_ACCEPTED, read_controller_string);
}
