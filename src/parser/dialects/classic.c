// SPDX-License-Identifier: MIT
// usb, usbdevice, usbversion and spiceusbredirection, which xm, xl and libxl turn into QEMU
// arguments (libxl_dm.c). Devices that QEMU got when the guest was created are present already and
// are never attached.
#include "parser/dialect.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "parser/meant.h"

enum { REDIRECTIONS_MAX = 4, COMPANIONS = 3 };

// --- one item of usbdevice, in the form of QEMU's -usbdevice ---

// Reads `rest`, the text after the first word and its colon; `at` is its place.
typedef void (*classic_reader)(struct builder *builder, struct config_device *device,
                               struct text rest, struct span at);

// Warns about host:001:004. That is a bus and an address as lsusb -s prints them, but two ids to
// QEMU.
static void warn_about_pair(struct builder *builder, const struct config_device *device,
                            struct text rest, struct span at)
{
    const struct selector *read = &device->selector;
    struct selector ids = { 0 };
    bool prefixed = at.from > device->kind_at.from; // or else only xenusb reads it at all
    bool pair = rest.at[0] >= '0' && rest.at[0] <= '9';
    if (!prefixed || !pair || !id_read(builder, rest, at, &ids))
        return;
    diag_hint(
        builder->diags,
        builder_warning(builder, at,
                        "'%.*s' is read as bus %u, address %u; xm would read the ids %04x:%04x",
                        SHOW(rest), read->bus, read->address, ids.vendor, ids.product),
        "write host:%u.%u, or host:%04x:%04x for the ids", read->bus, read->address, ids.vendor,
        ids.product);
}

static void read_host(struct builder *builder, struct config_device *device, struct text rest,
                      struct span at)
{
    device->kind = DEVICE_HOSTDEV;
    device->selector_at = at;
    if (text_starts(rest, "auto:") || text_find(rest, '*', 0) < rest.size)
        diag_hint(builder->diags, builder_error(builder, at, "device patterns are not supported"),
                  "select one device: host:BUS.ADDRESS or host:VENDOR:PRODUCT");
    else if (busid_read(rest, device->selector.busid))
        device->selector.criteria = SELECT_BUSID;
    else if (selector_read_printed(rest, &device->selector))
        warn_about_pair(builder, device, rest, at);
    else if (text_find(rest, ':', 0) < rest.size)
        id_read(builder, rest, at, &device->selector);
    else
        address_read(builder, "host", rest, at, &device->selector);
}

static struct config_text rest_of(struct text rest, struct span at, size_t from)
{
    struct span place = { at.from + (uint32_t)from, at.to };
    return (struct config_text){ place, text_part(rest, from, rest.size) };
}

static void read_disk(struct builder *builder, struct config_device *device, struct text rest,
                      struct span at)
{
    static const char prefix[] = "format=";
    size_t from = 0;
    device->kind = DEVICE_DISK;
    if (text_starts(rest, prefix)) {
        size_t colon = text_find(rest, ':', 0);
        struct span place = { at.from + (uint32_t)strlen(prefix), at.from + (uint32_t)colon };
        device->format = (struct config_text){ place, text_part(rest, strlen(prefix), colon) };
        from = colon < rest.size ? colon + 1 : colon;
    }
    device->file = rest_of(rest, at, from);
    if (device->file.text.size == 0)
        builder_error(builder, at, "'disk:' must be followed by the path of an image");
}

static void read_serial(struct builder *builder, struct config_device *device, struct text rest,
                        struct span at)
{
    device->kind = DEVICE_SERIAL;
    size_t from = text_starts(rest, ":") ? 1 : 0;
    if (text_starts(rest, "vendorid=") || text_starts(rest, "productid=")) {
        size_t colon = text_find(rest, ':', 0);
        from = colon < rest.size ? colon + 1 : colon;
        builder_warning(builder, at, "ignoring the ids: an emulated serial device has fixed ids");
    }
    device->chardev = rest_of(rest, at, from);
    if (device->chardev.text.size == 0)
        builder_error(builder, at,
                      "'serial:' must be followed by a character device, for example pty");
}

static void read_unknown(struct builder *builder, struct config_device *device, struct text rest,
                         struct span at)
{
    (void)rest;
    (void)at;
    builder_error(builder, device->kind_at, "this type of USB device is not supported");
}

struct classic_row {
    const char *word; // the whole item; for a row with a reader, the part before the colon
    enum device_kind kind;
    bool supported; // current QEMU versions accept it in -usbdevice
    classic_reader read;
};

static const struct classic_row rows[] = {
    { "tablet", DEVICE_TABLET, true, NULL },
    { "mouse", DEVICE_MOUSE, true, NULL },
    { "keyboard", DEVICE_KEYBOARD, true, NULL },
    { "wacom-tablet", DEVICE_WACOM_TABLET, true, NULL },
    { "braille", DEVICE_BRAILLE, true, NULL },
    { "audio", DEVICE_AUDIO, false, NULL },
    { "ccid", DEVICE_SMARTCARD, false, NULL },
    { "host", DEVICE_HOSTDEV, false, read_host },
    { "spice", DEVICE_REDIR, false, NULL }, // as Proxmox has it: a device of the viewer
    { "disk", DEVICE_DISK, false, read_disk },
    { "serial", DEVICE_SERIAL, false, read_serial },
    { "net", DEVICE_OTHER, false, read_unknown },
    { "bt", DEVICE_OTHER, false, read_unknown },
    { NULL, DEVICE_OTHER, false, NULL },
};

static const struct classic_row *row_of(struct text item)
{
    struct text word = text_part(item, 0, text_find(item, ':', 0));
    for (const struct classic_row *row = rows; row->word; row++)
        if (text_is(row->read ? word : item, row->word))
            return row;
    return NULL;
}

bool classic_is_supported(struct text item)
{
    const struct classic_row *row = row_of(item);
    return row && row->supported;
}

const char *const *classic_supported(void)
{
    static const char *words[sizeof rows / sizeof *rows];
    size_t count = 0;
    for (const struct classic_row *row = rows; row->word; row++)
        if (row->supported)
            words[count++] = row->word;
    return words;
}

static void report_unknown(struct builder *builder, struct text item, struct span at)
{
    const char *words[sizeof rows / sizeof *rows] = { NULL };
    for (size_t i = 0; rows[i].word; i++)
        words[i] = rows[i].word;
    struct text word = text_part(item, 0, text_find(item, ':', 0));
    const char *meant = meant_item(builder->arena, item);
    if (meant) {
        diag_hint(builder->diags,
                  builder_error(builder, at, "unknown USB device '%.*s'", SHOW(item)), "%s", meant);
        return;
    }
    diag_suggest(
        builder->diags, builder_error(builder, at, "unknown USB device '%.*s'", SHOW(item)), word,
        words, "use tablet, mouse, keyboard, host:BUS.ADDRESS, host:VENDOR:PRODUCT, or key=value");
}

// The row of an item that names a host device without "host:", or NULL.
static const struct classic_row *host_row(struct text item)
{
    struct selector selector = { 0 };
    bool host = busid_read(item, selector.busid) || selector_read_printed(item, &selector) ||
                selector_read_address(item, &selector) || selector_read_id(item, &selector);
    return host ? row_of(text_of("host:")) : NULL;
}

void classic_read_device(struct builder *builder, struct config_device *device, struct text item,
                         struct span at)
{
    unsigned errors = builder->diags->errors;
    const struct classic_row *row = row_of(item), *host = row ? NULL : host_row(item);
    device->kind_at = at;
    if (host)
        row = host;
    if (!row) {
        report_unknown(builder, item, at);
    } else {
        uint32_t skip = host ? 0 : (uint32_t)strlen(row->word) + 1;
        struct span rest_at = { at.from + skip, at.to };
        struct text rest = text_part(item, skip, item.size);
        device->kind = row->kind;
        device->at_creation = row->supported;
        if (rest.size == 0)
            rest_at = at;
        if (row->read)
            row->read(builder, device, rest, rest_at);
        if (device->kind == DEVICE_REDIR)
            device->chardev = (struct config_text){ at, text_of("spicevmc") };
    }
    device->broken = builder->diags->errors != errors;
    if (!row || row->supported || device->broken)
        return;
    const char *why =
        !domain_has_machine(builder->config->domain.type)
            ? "xl ignores this for a guest without an emulated machine"
            : "QEMU no longer accepts this on its command line: xl cannot start the guest";
    diag_hint(builder->diags, builder_note(builder, at, "%s", why),
              "xenusb attaches it to the running guest");
}

static void warn_ignored(struct builder *builder, enum key key, struct span at)
{
    const struct config_domain *domain = &builder->config->domain;
    struct diag *diag = builder_warning(
        builder, at, "%s has no effect in a %s guest, which has no emulated machine", key_name(key),
        domain_type_name(domain->type));
    if (span_is_none(domain->type_at))
        diag_hint(builder->diags, diag,
                  "without type=, xl creates a pv guest; did you mean type=\"hvm\"?");
    else
        diag_hint(builder->diags, diag, "xl silently ignores it");
}

static void read_item(struct builder *builder, const struct literal *literal)
{
    if (xenusb_is_keyed(literal->text)) {
        xenusb_read_device(builder, spec_of_literal(builder, literal));
        return;
    }
    struct text item = text_trim(literal->text);
    if (item.size == 0) {
        diag_hint(builder->diags,
                  builder_warning(builder, literal->at, "an empty string names no device"),
                  "xm ignores it; under xl, QEMU does not start");
        return;
    }
    size_t from = (size_t)(item.at - literal->text.at);
    if (classic_is_supported(item) && !domain_has_machine(builder->config->domain.type)) {
        warn_ignored(builder, KEY_USBDEVICE, literal->at);
        return;
    }
    struct config_device *device = builder_device(builder, ORIGIN_USB, literal->at);
    classic_read_device(builder, device, item,
                        literal_span(builder, literal, from, from + item.size));
}

// --- the controllers and devices that libxl creates for these keys ---

static struct config_controller *add_initial(struct builder *builder, enum origin origin,
                                             struct span why, const char *model, const char *name)
{
    struct config_controller *controller = builder_controller(builder, origin, why);
    controller->type = CONTROLLER_EMULATED;
    controller->model = controller_model_named(text_of(model));
    controller->version.value = controller->model->version;
    controller->name = name;
    controller->at_creation = true;
    return controller;
}

// The first usbdevice item that is on QEMU's command line, or NULL.
static struct config_device *first_initial(const struct builder *builder)
{
    struct config_device *device = builder->config->devices;
    while (device && !(device->origin == ORIGIN_USB && device->at_creation))
        device = device->next;
    return device;
}

static struct config_device *first_classic(const struct builder *builder)
{
    struct config_device *device = builder->config->devices;
    while (device && device->origin != ORIGIN_USB)
        device = device->next;
    return device;
}

// Adds the UHCI controller of the PIIX3, which -usb and -usbdevice enable.
static void add_usb(struct builder *builder, const struct config_number *usb)
{
    struct config_device *first = first_initial(builder);
    if (GIVEN(*usb) && !usb->value && first_classic(builder)) {
        struct diag *diag = builder_warning(builder, usb->at, "usb=0 does not disable USB");
        diag_also(builder->diags, diag, builder->source, first_classic(builder)->why,
                  "this enables it, also under xl");
    }
    if (!domain_has_machine(builder->config->domain.type)) {
        if (usb->value)
            warn_ignored(builder, KEY_USB, usb->at);
        return;
    }
    if (!usb->value && !first)
        return;
    struct config_controller *controller =
        add_initial(builder, ORIGIN_USB, usb->value ? usb->at : first->why, "piix3-uhci", "usb");
    for (struct config_device *device = first; device; device = device->next)
        if (device->origin == ORIGIN_USB && device->at_creation)
            device->controller = controller;
}

struct config_controller *classic_add_ich9(struct builder *builder, struct span why)
{
    struct config_controller *controller =
        add_initial(builder, ORIGIN_USBVERSION, why, "ich9-ehci1", "usb");
    controller->qemu_id = (struct config_text){ why, text_of("usb") };
    for (unsigned i = 1; i <= COMPANIONS; i++)
        add_initial(builder, ORIGIN_USBVERSION, why, arena_printf(builder->arena, "ich9-uhci%u", i),
                    arena_printf(builder->arena, "usb-companion%u", i));
    return controller;
}

// Adds the controllers that libxl creates for usbversion, or for a redirection without it.
static void add_version(struct builder *builder, uint32_t version, struct span why)
{
    if (version == 2) {
        classic_add_ich9(builder, why);
        return;
    }
    add_initial(builder, ORIGIN_USBVERSION, why, version == 1 ? "piix3-uhci" : "nec-xhci", "usb")
        ->qemu_id = (struct config_text){ why, text_of("usb") };
}

static void add_redirections(struct builder *builder, const struct config_number *count)
{
    struct config_controller *controller = config_controller_named(builder->config, text_of("usb"));
    for (unsigned i = 1; i <= count->value; i++) {
        const char *id = arena_printf(builder->arena, "usbrc%u", i);
        struct config_device *device = builder_device(builder, ORIGIN_USBVERSION, count->at);
        device->kind = DEVICE_REDIR;
        device->kind_at = count->at;
        device->at_creation = true;
        device->controller = controller;
        device->qemu_id = (struct config_text){ count->at, text_of(id) };
        device->chardev =
            (struct config_text){ count->at, text_of(arena_printf(builder->arena, "id:%s", id)) };
    }
}

// Reports usb or usbdevice next to usbversion or spiceusbredirection, which libxl refuses
// (libxl_create.c). `newer` is the place of the latter.
static bool keys_conflict(struct builder *builder, const struct config_number *usb,
                          struct span newer)
{
    const struct setting *list = builder_setting(builder, KEY_USBDEVICE);
    const struct config_device *device = first_classic(builder);
    bool empty = list && list->value.kind == VALUE_LIST && !list->value.first;
    struct span older = usb->value ? usb->at
                        : device   ? device->why
                        : empty    ? list->value.at
                                   : SPAN_NONE;
    if (span_is_none(older) || !domain_has_machine(builder->config->domain.type))
        return false;
    struct diag *diag = builder_error(
        builder, newer,
        "usbversion and spiceusbredirection cannot be combined with usb and usbdevice");
    diag_hint(builder->diags, diag, "libxl refuses the combination: remove one of the two");
    diag_also(builder->diags, diag, builder->source, older, "conflicts with this");
    return true;
}

static void read_redirections(struct builder *builder, struct config_number *count)
{
    struct config_number spice = { SPAN_NONE, 0 };
    setting_number(builder, KEY_SPICE, 0, UINT32_MAX, &spice);
    if (!setting_number(builder, KEY_SPICEUSBREDIRECTION, 0, REDIRECTIONS_MAX, count) ||
        !count->value)
        return;
    if (!domain_has_machine(builder->config->domain.type)) {
        warn_ignored(builder, KEY_SPICEUSBREDIRECTION, count->at);
        count->value = 0;
    } else if (!spice.value) {
        diag_hint(builder->diags,
                  builder_warning(builder, count->at,
                                  "spiceusbredirection has no effect without spice=1"),
                  "set spice=1 as well");
        count->value = 0;
    }
}

// usbversion asks for a controller of that version; libxl creates it if the guest is HVM. In a file
// with usbcontroller it is only the default version of those controllers.
static void add_usbversion(struct builder *builder, const struct config_number *redirections)
{
    const struct config_number *version = &builder->usbversion;
    bool hvm = builder->config->domain.type == DOMAIN_HVM;
    bool declared = builder_setting(builder, KEY_USBCONTROLLER);
    if (redirections->value || (hvm && !declared)) {
        uint32_t number = version->value ? version->value : 2;
        add_version(builder, number, version->value ? version->at : redirections->at);
        add_redirections(builder, redirections);
    } else if (!declared) {
        struct config_controller *controller =
            builder_controller(builder, ORIGIN_USBVERSION, version->at);
        controller->version = *version;
    }
}

void classic_read(struct builder *builder)
{
    struct config_number usb = { SPAN_NONE, 0 }, redirections = { SPAN_NONE, 0 };
    setting_number(builder, KEY_USB, 0, UINT32_MAX, &usb);
    setting_strings(builder, KEY_USBDEVICE, SINGLE_ACCEPTED, read_item);
    read_redirections(builder, &redirections);
    bool newer = builder->usbversion.value || redirections.value;
    if (newer &&
        keys_conflict(builder, &usb,
                      builder->usbversion.value ? builder->usbversion.at : redirections.at))
        return;
    add_usb(builder, &usb);
    if (newer)
        add_usbversion(builder, &redirections);
}
