// SPDX-License-Identifier: MIT
// device_model_args: the USB arguments that QEMU gets when the guest is created. What they ask for
// is present already and is never attached.
#include "parser/dialect.h"

#include "base/arena.h"
#include "base/name_map.h"
#include "base/suggest.h"
#include "qemu/drivers.h"
#include "qemu_option.h"

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
    struct text word = text_part(literal->text, 0, text_find(literal->text, ':', 0));
    const struct device_model *model = device_model_named(word);
    device->kind_at = literal->at;
    device->at_creation = true;
    device->controller = enable_usb(builder, literal->at);
    if (model && classic_is_supported(literal->text)) {
        device->kind = model->kind;
        return;
    }
    device->broken = true;
    struct diag *diag = builder_error(builder, literal->at,
                                      "QEMU does not start: -usbdevice does not support '%.*s'",
                                      SHOW(literal->text));
    if (model || text_is(word, "host") || text_is(word, "disk"))
        diag_hint(builder->diags, diag,
                  "the key usbdevice=['%.*s'] has it attached when the guest runs",
                  SHOW(literal->text));
    else
        diag_suggest(builder->diags, diag, word, classic_supported(),
                     "use tablet, mouse, keyboard, wacom-tablet or braille");
}

static void read_machine(struct builder *builder, const struct literal *literal)
{
    const struct spec_pair *usb = qemu_option(qemu_option_spec(builder, literal), "usb");
    static const struct qemu_property flag = { .type = QEMU_BOOL };
    if (!usb)
        return;
    if (!qemu_takes(&flag, usb->value))
        builder_error(builder, usb->value_at, "QEMU does not start: usb must be on or off");
    else if (qemu_is_on(usb->value))
        enable_usb(builder, literal->at);
    else if (machine_controller(builder))
        diag_hint(builder->diags,
                  builder_error(builder, usb->value_at,
                                "this switches off the USB that something else switches on"),
                  "remove usb=%.*s", SHOW(usb->value));
}

// --- the list ---

static const struct {
    const char *word;
    enum argument argument;
} options[] = {
    { "usb", ARGUMENT_NONE },        { "usbdevice", ARGUMENT_USBDEVICE },
    { "device", ARGUMENT_DEVICE },   { "machine", ARGUMENT_MACHINE },
    { "M", ARGUMENT_MACHINE },       { "readconfig", ARGUMENT_READCONFIG },
    { "drive", ARGUMENT_DRIVE },     { "blockdev", ARGUMENT_BLOCKDEV },
    { "chardev", ARGUMENT_CHARDEV },
};

// Reads an option, which begins with one or two dashes.
static void read_option(struct builder *builder, const struct literal *literal)
{
    struct text word =
        text_part(literal->text, text_starts(literal->text, "--") ? 2 : 1, literal->text.size);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (text_is(word, options[i].word)) {
            builder->argument = options[i].argument;
            if (text_is(word, "usb") && !builder->devices_only)
                enable_usb(builder, literal->at);
            return;
        }
    if (!builder->devices_only && (text_starts(word, "usb") || text_starts(word, "device")))
        diag_hint(
            builder->diags,
            builder_error(builder, literal->at, "QEMU has no option '%.*s'", SHOW(literal->text)),
            "an option and its value must be separate items of the list");
}

// Reads the list as QEMU reads its arguments: an option determines how the next item is read. All
// -device are read after all others, as QEMU does.
static void read_argument(struct builder *builder, const struct literal *literal)
{
    enum argument option = builder->argument;
    builder->argument = ARGUMENT_NONE;
    builder->argument_at = literal->at;
    if (option == ARGUMENT_NONE && text_starts(literal->text, "-"))
        read_option(builder, literal);
    else if (option == ARGUMENT_DEVICE && builder->devices_only)
        qemu_read_device(builder, literal);
    else if (option == ARGUMENT_DEVICE)
        builder->unread = builder->unread || text_starts(literal->text, "{");
    else if (builder->devices_only)
        return;
    else if (option == ARGUMENT_USBDEVICE)
        read_usbdevice(builder, literal);
    else if (option == ARGUMENT_MACHINE)
        read_machine(builder, literal);
    else if (option == ARGUMENT_DRIVE || option == ARGUMENT_BLOCKDEV || option == ARGUMENT_CHARDEV)
        qemu_read_backing(builder, option, literal);
    else if (option == ARGUMENT_READCONFIG) {
        builder->unread = true;
        builder_warning(builder, literal->at,
                        "the file of -readconfig is not read: USB devices "
                        "and controllers in it are not seen");
    }
}

// Whether an item of a list was reported already: what it asks for is not seen.
static bool has_broken_item(const struct builder *builder, enum key key)
{
    const struct setting *setting = builder_setting(builder, key);
    const struct cell *cell = setting ? setting->value.first : NULL;
    while (cell && cell->value.kind != VALUE_BROKEN)
        cell = cell->next;
    return cell;
}

static void read_arguments(struct builder *builder, enum key key)
{
    builder->unread = builder->unread || has_broken_item(builder, key);
    builder->argument = ARGUMENT_NONE;
    setting_strings(builder, key, SINGLE_REFUSED_BY_XL, read_argument);
    if (builder->argument != ARGUMENT_NONE && !builder->devices_only)
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

static void read_lists(struct builder *builder)
{
    enum domain_type type = builder->config->domain.type;
    read_arguments(builder, KEY_DEVICE_MODEL_ARGS);
    if (domain_has_machine(type))
        read_arguments(builder, KEY_DEVICE_MODEL_ARGS_HVM);
    else if (!builder->devices_only)
        setting_strings(builder, KEY_DEVICE_MODEL_ARGS_HVM, SINGLE_REFUSED_BY_XL, warn_unused);
    if (type != DOMAIN_HVM)
        read_arguments(builder, KEY_DEVICE_MODEL_ARGS_PV);
    else if (!builder->devices_only)
        setting_strings(builder, KEY_DEVICE_MODEL_ARGS_PV, SINGLE_REFUSED_BY_XL, warn_unused);
}

void qemu_read(struct builder *builder)
{
    unsigned errors = builder->diags->errors;
    builder->ids = name_map_new(builder->arena);
    builder->drives = name_map_new(builder->arena);
    builder->chardevs = name_map_new(builder->arena);
    read_lists(builder);
    builder->unread = builder->unread || builder->diags->errors != errors;
    builder->devices_only = true;
    if (domain_has_machine(builder->config->domain.type))
        qemu_ports_begin(builder);
    read_lists(builder);
}
