// SPDX-License-Identifier: MIT
// The keyed form of usbdevice, which can express every device that a config can hold.
#include "parser/dialect.h"

#include "base/arena.h"
#include "parser/meant.h"

enum { GROUP_MAX = 127 }; // devices of a bus (USB 2.0, 9.4.6)

static void read_kind(const struct field *field, void *into)
{
    enum { KINDS_MAX = 24 };
    struct choice choices[KINDS_MAX] = { { NULL, 0 } };
    struct config_device *device = into;
    size_t count = 0;
    for (const struct device_model *model = device_models; model->name && count < KINDS_MAX - 1;
         model++)
        choices[count++] = (struct choice){ model->name, (int)model->kind };
    int kind = DEVICE_HOSTDEV;
    if (!field_choice(field, choices, &kind))
        return;
    device->kind = (enum device_kind)kind;
    device->kind_at = field->pair->value_at;
}

static void report_contradiction(const struct field *field)
{
    diag_hint(field->builder->diags,
              builder_error(field->builder, field->pair->value_at,
                            "'%.*s' contradicts another key of this device",
                            SHOW(field->pair->key)),
              "give only one of them");
}

// Adds the criterion of one key; an error if it contradicts those of other keys.
static void add_criterion(const struct field *field, struct config_device *device,
                          const struct selector *other)
{
    if (!selector_join(&device->selector, other))
        report_contradiction(field);
}

static void read_hostbus(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct config_number number;
    field_selects(field, device);
    if (field_number(field, 1, UINT8_MAX, NUMBER_AMBIGUOUS, &number))
        add_criterion(field, device,
                      &(struct selector){ .criteria = SELECT_BUS, .bus = (uint8_t)number.value });
}

static void read_hostaddr(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct selector selector = { 0 };
    struct config_number number;
    struct text text = field->pair->value;
    const char *meant = selector_read_address(text, &selector)
                            ? NULL
                            : meant_host_device(field->builder->arena, "hostaddr", text);
    field_selects(field, device);
    if (meant) {
        diag_hint(field->builder->diags,
                  builder_error(field->builder, field->pair->value_at, "'%.*s' is not BUS.ADDRESS",
                                SHOW(text)),
                  "%s", meant);
        return;
    }
    selector = (struct selector){ 0 };
    if (text_find(text, '.', 0) < text.size) {
        if (!address_read(field->builder, "hostaddr", text, field->pair->value_at, &selector))
            return;
    } else {
        if (!field_number(field, 1, ADDRESS_MAX, NUMBER_AMBIGUOUS, &number))
            return;
        selector.criteria = SELECT_ADDRESS;
        selector.address = (uint8_t)number.value;
    }
    add_criterion(field, device, &selector);
}

static void read_busid(const struct field *field, void *into)
{
    struct selector selector = { .criteria = SELECT_BUSID };
    struct text text = field->pair->value;
    field_selects(field, into);
    if (busid_read(text, selector.busid)) {
        add_criterion(field, into, &selector);
        return;
    }
    const char *meant = meant_host_device(field->builder->arena, "busid", text);
    diag_hint(
        field->builder->diags,
        builder_error(field->builder, field->pair->value_at, "'%.*s' is not a bus id", SHOW(text)),
        "%s", meant ? meant : "a bus id is BUS-PORT, for example 1-8 or 6-2.1");
}

// Whether another key of the spec gives a bus, even if it is not valid.
static bool gives_bus(const struct field *field)
{
    for (const struct spec_pair *at = field->pairs; at; at = at->next)
        if (text_is(at->key, "hostbus") ||
            (text_is(at->key, "hostaddr") && text_find(at->value, '.', 0) < at->value.size))
            return true;
    return false;
}

// QEMU's hostport, a port of the bus that hostbus gives: both together are a bus id.
static void read_hostport(const struct field *field, void *into)
{
    struct builder *builder = field->builder;
    struct config_device *device = into;
    struct selector selector = { .criteria = SELECT_BUSID };
    struct text port = field->pair->value;
    field_selects(field, device);
    if (!(device->selector.criteria & SELECT_BUS) && gives_bus(field))
        return; // already reported
    if (!(device->selector.criteria & SELECT_BUS)) {
        diag_hint(builder->diags,
                  builder_error(builder, field->pair->key_at, "hostport needs hostbus"),
                  "hostbus=3,hostport=1.2 is the same as busid=3-1.2");
        return;
    }
    const char *busid = arena_printf(builder->arena, "%u-%.*s", device->selector.bus, SHOW(port));
    if (!busid_read(text_of(busid), selector.busid)) {
        diag_hint(builder->diags,
                  builder_error(builder, field->pair->value_at, "'%.*s' is not a port of a bus",
                                SHOW(port)),
                  "use the part of a bus id after the '-': 4 or 2.1");
        return;
    }
    add_criterion(field, device, &selector);
    if (!(device->selector.criteria & SELECT_ADDRESS))
        device->selector.criteria &= ~(unsigned)SELECT_BUS; // it is in the bus id
}

// A device of the viewer, which is a type of its own.
static void read_spice(const struct field *field, struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    if (!span_is_none(device->kind_at) && device->kind != DEVICE_REDIR) {
        diag_hint(field->builder->diags,
                  builder_error(field->builder, field->pair->value_at,
                                "host=spice is a redirected device, but this is type=%s",
                                model->name),
                  "remove one of them");
        return;
    }
    device->kind = DEVICE_REDIR;
    device->kind_at = field->pair->value_at;
    device->chardev = (struct config_text){ field->pair->value_at, text_of("spicevmc") };
}

// host=, as Proxmox has it: an id, a bus id, or "spice".
static void read_host(const struct field *field, void *into)
{
    struct config_device *device = into;
    const struct spec_pair *pair = field->pair;
    struct selector selector = { 0 };
    bool broken = false;
    if (text_is(pair->value, "spice")) {
        read_spice(field, device);
        return;
    }
    field_selects(field, device);
    if (!host_word_read(field->builder, pair->value, pair->value_at, &selector, &broken))
        diag_hint(field->builder->diags,
                  builder_error(field->builder, pair->value_at,
                                "'%.*s' does not name a host device", SHOW(pair->value)),
                  "use VENDOR:PRODUCT or a bus id: host=046d:c52b, host=1-1.2");
    else if (!broken)
        add_criterion(field, device, &selector);
}

// usb3=, as Proxmox has it: there it chooses the controller.
static void read_usb3(const struct field *field, void *into)
{
    struct config_flag flag;
    (void)into;
    field_flag(field, &flag);
    diag_hint(field->builder->diags,
              builder_note(field->builder, field->pair->key_at, "'usb3' has no effect here"),
              "the controller is chosen by the speed of the device; bus= names one");
}

static void read_id(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct selector selector = { 0 };
    field_selects(field, device);
    if (id_read(field->builder, field->pair->value, field->pair->value_at, &selector))
        add_criterion(field, device, &selector);
}

static void read_vendor(const struct field *field, void *into)
{
    struct selector selector = { .criteria = SELECT_VENDOR };
    field_selects(field, into);
    if (hex_read(field->builder, "vendor", field->pair->value, field->pair->value_at,
                 &selector.vendor))
        add_criterion(field, into, &selector);
}

static void read_product(const struct field *field, void *into)
{
    struct selector selector = { .criteria = SELECT_PRODUCT };
    field_selects(field, into);
    if (hex_read(field->builder, "product", field->pair->value, field->pair->value_at,
                 &selector.product))
        add_criterion(field, into, &selector);
}

static void read_serial(const struct field *field, void *into)
{
    struct config_device *device = into;
    struct config_text text = { SPAN_NONE, TEXT_EMPTY };
    field_selects(field, device);
    field_text(field, &text);
    device->selector.serial = text.text;
    device->selector.criteria |= text.text.size ? SELECT_SERIAL : 0;
}

static void read_path(const struct field *field, void *into)
{
    struct selector selector = { .criteria = SELECT_PATH };
    struct text text = field->pair->value;
    field_selects(field, into);
    if (path_read(text, &selector.path))
        add_criterion(field, into, &selector);
    else
        diag_hint(field->builder->diags,
                  builder_error(field->builder, field->pair->value_at,
                                "'%.*s' is not the path of a USB socket", SHOW(text)),
                  "%s",
                  text_starts(text, "/")
                      ? "the path of a disk's image is file=; this is udev's ID_PATH"
                      : "use what udev has as ID_PATH, for example pci-0000:00:14.0-usb-0:4");
}

static void read_behind(const struct field *field, void *into)
{
    struct selector selector = { .criteria = SELECT_BEHIND };
    struct text text = field->pair->value;
    field_selects(field, into);
    if (busid_read(text, selector.behind))
        add_criterion(field, into, &selector);
    else
        diag_hint(field->builder->diags,
                  builder_error(field->builder, field->pair->value_at,
                                "'%.*s' is not the bus id of a hub", SHOW(text)),
                  "a bus id is BUS-PORT, for example 1-8 or 6-2.1");
}

static void read_count(const struct field *field, void *into)
{
    struct config_device *device = into;
    field_number(field, 1, GROUP_MAX, NUMBER_PLAIN, &device->count);
}

static void read_controller_name(const struct field *field, void *into)
{
    struct config_device *device = into;
    field_text(field, &device->controller_name);
}

static void read_port(const struct field *field, void *into)
{
    struct config_device *device = into;
    field_port(field, &device->port, &device->port_at);
}

// host=spice has one already.
static void read_chardev(const struct field *field, void *into)
{
    struct config_device *device = into;
    if (GIVEN(device->chardev))
        report_contradiction(field);
    else
        field_text(field, &device->chardev);
}

#define READ_WITH(name, reader, member)                                                            \
    static void name(const struct field *field, void *into)                                        \
    {                                                                                              \
        struct config_device *device = into;                                                       \
        reader(field, &device->member);                                                            \
    }
READ_WITH(read_all, field_flag, all)
READ_WITH(read_required, field_flag, required)
READ_WITH(read_readonly, field_flag, readonly)
READ_WITH(read_file, field_text, file)
READ_WITH(read_format, field_text, format)
READ_WITH(read_audiodev, field_text, audiodev)
READ_WITH(read_guest_reset, field_property, properties)
READ_WITH(read_boot_index, field_property, properties)
READ_WITH(read_property, field_property, properties)

static const struct spec_key device_keys[] = { { "type", read_kind },
                                               { "hostaddr", read_hostaddr },
                                               { "hostbus", read_hostbus },
                                               { "busid", read_busid },
                                               { "id", read_id },
                                               { "vendor", read_vendor },
                                               { "product", read_product },
                                               { "serial", read_serial },
                                               { "path", read_path },
                                               { "behind", read_behind },
                                               { "count", read_count },
                                               { "all", read_all },
                                               { "hostport", read_hostport },
                                               { "vendorid", read_vendor },
                                               { "productid", read_product },
                                               { "host", read_host },
                                               { "usb3", read_usb3 },
                                               { "bus", read_controller_name },
                                               { "controller", read_controller_name },
                                               { "port", read_port },
                                               { "required", read_required },
                                               { "file", read_file },
                                               { "format", read_format },
                                               { "readonly", read_readonly },
                                               { "chardev", read_chardev },
                                               { "audiodev", read_audiodev },
                                               { "guest-reset", read_guest_reset },
                                               { "bootindex", read_boot_index },
                                               { "qemu.", read_property },
                                               { NULL, NULL } };

bool xenusb_is_keyed(struct text item)
{
    struct text key = text_trim(text_part(item, 0, text_find(item, '=', 0)));
    if (text_find(item, '=', 0) == item.size)
        return false;
    if (text_find(key, ':', 0) == key.size && text_find(key, ',', 0) == key.size &&
        xenusb_is_name(key))
        return true; // a mistyped one is an unknown key
    for (const struct spec_key *row = device_keys; row->name; row++)
        if (spec_key_is(row, key))
            return true;
    return false;
}

void xenusb_set_all(struct config_device *device)
{
    if (device->kind == DEVICE_HOSTDEV && device->selector.criteria & SELECT_BEHIND &&
        !GIVEN(device->all) && !GIVEN(device->count))
        device->all = (struct config_flag){ device->selector_at, true };
}

struct config_device *xenusb_read_device(struct builder *builder, const struct spec *spec)
{
    unsigned errors = builder->diags->errors;
    struct config_device *device = builder_device(builder, ORIGIN_USBCONTROLLER, spec->at);
    fields_read(builder, spec, "usbdevice", device_keys, device);
    xenusb_set_all(device);
    device->broken = spec->broken || builder->diags->errors != errors;
    return device;
}
