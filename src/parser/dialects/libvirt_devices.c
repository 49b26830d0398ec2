// SPDX-License-Identifier: MIT
// The elements of <devices> that are devices on USB.
#include "libvirt.h"

#include "base/arena.h"
#include "base/name_map.h"

// Sets the controller of a device whose address has a bus.
static void set_controller(struct libvirt *libvirt, struct libvirt_item *item)
{
    struct builder *builder = &libvirt->builder;
    struct config_device *device = item->device;
    const struct xml_element *address = xml_child(item->element, "address");
    if (!address)
        return;
    if (!xml_attribute(address, "type")) {
        item->broken = true;
        diag_hint(builder->diags,
                  builder_error(builder, libvirt_place(address), "this address has no type"),
                  "write type='usb'");
        return;
    }
    device->controller = libvirt->controllers[item->bus];
    if (device->controller)
        return;
    if (!libvirt->fragment) {
        builder_error(builder, item->address_at, "no USB controller has index %u", item->bus);
        return;
    }
    diag_hint(builder->diags,
              builder_warning(builder, item->address_at,
                              "ignoring the address: controller %u is not in this XML", item->bus),
              "any port that suits the device is used");
    device->port = PORT_ANY;
    device->port_at = SPAN_NONE;
}

// In a Xen guest, input devices are created with the guest, on the controller of usb=1.
static void finish_input(struct libvirt *libvirt, struct libvirt_item *item)
{
    struct builder *builder = &libvirt->builder;
    struct config_device *device = item->device;
    if (span_is_none(device->kind_at) && !item->broken) {
        builder_error(builder, item->at, "this input device has no type");
        item->broken = true;
    }
    if (!libvirt->xen || item->broken)
        return;
    if (device->port.depth)
        diag_hint(builder->diags, builder_warning(builder, device->port_at, "ignoring the address"),
                  "QEMU chooses the port of an input device of a Xen guest");
    device->origin = ORIGIN_USB;
    device->at_creation = true;
    if (!libvirt->machine) {
        libvirt->machine = builder_controller(builder, ORIGIN_USB, device->why);
        libvirt->machine->type = CONTROLLER_EMULATED;
        libvirt->machine->model = controller_model_for(1);
        libvirt->machine->version.value = 1;
        libvirt->machine->name = "usb";
        libvirt->machine->at_creation = true;
    }
    device->controller = libvirt->machine;
    device->port = PORT_ANY;
    device->port_at = SPAN_NONE;
}

static void finish_hostdev(struct libvirt *libvirt, struct libvirt_item *item)
{
    struct selector *selector = &item->device->selector;
    unsigned ids = selector->criteria & (SELECT_VENDOR | SELECT_PRODUCT);
    if (!xml_attribute(item->element, "type")) {
        builder_error(&libvirt->builder, item->at, "this hostdev needs type='usb'");
        item->broken = true;
    }
    if (!item->broken && ids && ids != (SELECT_VENDOR | SELECT_PRODUCT)) {
        builder_error(&libvirt->builder, item->device->selector_at, "the %s is missing",
                      ids == SELECT_VENDOR ? "product" : "vendor");
        item->broken = true;
    }
    unsigned address = selector->criteria & (SELECT_BUS | SELECT_ADDRESS);
    if (!item->broken && address && address != (SELECT_BUS | SELECT_ADDRESS)) {
        builder_error(&libvirt->builder, item->device->selector_at, "the %s is missing",
                      address == SELECT_BUS ? "device's number" : "bus");
        item->broken = true;
    }
}

// A character device in our notation: its type, with file: or unix: before a path.
static void finish_chardev(struct libvirt *libvirt, struct libvirt_item *item)
{
    struct builder *builder = &libvirt->builder;
    struct config_text *chardev = &item->device->chardev;
    bool needs_path = text_is(chardev->text, "file") || text_is(chardev->text, "unix");
    if (item->path) {
        chardev->text = text_of(arena_printf(builder->arena, "%s:%s", item->chardev, item->path));
        return;
    }
    if (item->broken || (item->chardev && !needs_path))
        return;
    item->broken = true;
    if (item->chardev)
        diag_hint(builder->diags, builder_error(builder, chardev->at, "the path is missing"),
                  "add <source path='...'/>");
    else
        diag_hint(builder->diags,
                  builder_error(builder, item->at, "the type of character device is missing"),
                  "valid: " LIBVIRT_CHARDEVS);
}

static bool is_usb_hostdev(const struct libvirt *libvirt, const struct xml_element *element)
{
    (void)libvirt;
    const struct xml_element *source = xml_child(element, "source");
    return libvirt_is(element, "type", "usb") ||
           (!xml_attribute(element, "type") &&
            (xml_child(source, "vendor") || xml_child(source, "product")));
}

static bool is_usb_input(const struct libvirt *libvirt, const struct xml_element *element)
{
    if (xml_attribute(element, "bus"))
        return libvirt_is(element, "bus", "usb");
    if (libvirt_is(element, "type", "mouse") || libvirt_is(element, "type", "keyboard"))
        return libvirt->has_machine && !libvirt->x86;
    return libvirt->has_machine && libvirt_is(element, "type", "tablet");
}

static bool is_usb_disk(const struct libvirt *libvirt, const struct xml_element *element)
{
    (void)libvirt;
    return libvirt_is(xml_child(element, "target"), "bus", "usb");
}

static bool is_usb_serial(const struct libvirt *libvirt, const struct xml_element *element)
{
    (void)libvirt;
    const struct xml_element *target = xml_child(element, "target");
    return libvirt_is(target, "type", "usb-serial") ||
           libvirt_is(xml_child(target, "model"), "name", "usb-serial");
}

static bool is_usb_sound(const struct libvirt *libvirt, const struct xml_element *element)
{
    (void)libvirt;
    return libvirt_is(element, "model", "usb");
}

static bool is_ccid(const struct libvirt *libvirt, const struct xml_element *element)
{
    (void)libvirt;
    return libvirt_is(element, "type", "ccid");
}

static const struct kind {
    const char *element;
    const char *item; // its name in libvirt_words
    enum device_kind kind;
    bool (*is_usb)(const struct libvirt *libvirt, const struct xml_element *element); // NULL: all
    void (*finish)(struct libvirt *libvirt, struct libvirt_item *item); // after its words; or NULL
} kinds[] = {
    { "hostdev", "hostdev", DEVICE_HOSTDEV, is_usb_hostdev, finish_hostdev },
    { "input", "input", DEVICE_TABLET, is_usb_input, finish_input },
    { "hub", "hub", DEVICE_HUB, NULL, NULL },
    { "disk", "disk", DEVICE_DISK, is_usb_disk, NULL },
    { "redirdev", "redirdev", DEVICE_REDIR, NULL, finish_chardev },
    { "serial", "serial", DEVICE_SERIAL, is_usb_serial, finish_chardev },
    { "sound", "sound", DEVICE_AUDIO, is_usb_sound, NULL },
    { "controller", "ccid", DEVICE_SMARTCARD, is_ccid, NULL },
};

static const struct kind *kind_of(const struct libvirt *libvirt, const struct xml_element *element)
{
    for (const struct kind *kind = kinds; kind < kinds + sizeof kinds / sizeof *kinds; kind++)
        if (strcmp(kind->element, element->name) == 0 &&
            (!kind->is_usb || kind->is_usb(libvirt, element)))
            return kind;
    return NULL;
}

static void read_device(struct libvirt *libvirt, const struct kind *kind,
                        const struct xml_element *element)
{
    struct builder *builder = &libvirt->builder;
    struct libvirt_item item = { .name = kind->item,
                                 .element = element,
                                 .xen = libvirt->xen && !libvirt->fragment };
    item.at = libvirt_place(element);
    libvirt_add_default(libvirt, item.at);
    item.device = builder_device(builder, ORIGIN_USBCONTROLLER, item.at);
    item.device->kind = kind->kind;
    if (kind->kind != DEVICE_TABLET)
        item.device->kind_at = item.at;
    libvirt_read_words(builder, libvirt->words, &item);
    if (!span_is_none(libvirt->none_at))
        diag_also(builder->diags,
                  builder_error(builder, item.at, "this device needs USB, which is switched off"),
                  builder->source, libvirt->none_at, "here: model='none'");
    if (kind->finish)
        kind->finish(libvirt, &item);
    if (!item.broken && span_is_none(libvirt->none_at) && !item.device->at_creation)
        set_controller(libvirt, &item);
    item.device->broken = item.broken;
}

// --- what is lost ---

static bool is_usb_net(const struct xml_element *element)
{
    return libvirt_is(xml_child(element, "model"), "type", "usb-net");
}

static bool is_usb_mtp(const struct xml_element *element)
{
    return libvirt_is(xml_child(element, "driver"), "type", "mtp");
}

// Devices, and what else of <devices> is about USB, that a config cannot have.
static const struct lost {
    const char *element;
    bool (*is_usb)(const struct xml_element *element); // NULL: all
    bool error;
    const char *what, *hint;
} lost[] = {
    { "redirfilter", NULL, true, "xenusb cannot filter what is redirected",
      "remove <redirfilter> if the guest may get any device" },
    { "smartcard", NULL, false, "ignoring the smartcard",
      "xenusb creates only the reader: <controller type='ccid'/>" },
    { "interface", is_usb_net, false, "ignoring the network card usb-net",
      "xenusb cannot create one" },
    { "filesystem", is_usb_mtp, false, "ignoring the MTP device", "xenusb cannot create one" },
};

static void report_lost(struct libvirt *libvirt, const struct xml_element *element)
{
    struct builder *builder = &libvirt->builder;
    const struct span at = libvirt_place(element);
    const struct lost *row = lost, *const end = lost + sizeof lost / sizeof *lost;
    while (row < end &&
           (strcmp(row->element, element->name) != 0 || (row->is_usb && !row->is_usb(element))))
        row++;
    if (row < end)
        diag_hint(builder->diags,
                  row->error ? builder_error(builder, at, "%s", row->what)
                             : builder_warning(builder, at, "%s", row->what),
                  "%s", row->hint);
    else if (libvirt_is(xml_child(element, "address"), "type", "usb"))
        diag_hint(builder->diags,
                  builder_warning(builder, at, "ignoring this USB device, <%s>",
                                  text_show(builder->arena, text_of(element->name), 40)),
                  "xenusb cannot create one");
}

// The name of a port among all of the domain.
static struct text port_name(const struct libvirt *libvirt, const struct config_device *device,
                             struct port port)
{
    char buf[PORT_TEXT_SIZE];
    return text_of(arena_printf(libvirt->builder.arena, "%u:%s", device->controller->index,
                                port_write(port, buf)));
}

// Reports ports behind a hub that is not there, which libvirt refuses.
static void check_hubs(struct libvirt *libvirt)
{
    struct config *config = libvirt->builder.config;
    struct name_map *ports = name_map_new(libvirt->builder.arena);
    for (struct config_device *at = config->devices; at; at = at->next)
        if (at->controller && at->port.depth)
            name_map_add(ports, port_name(libvirt, at, at->port), at);
    for (struct config_device *at = config->devices; at; at = at->next) {
        struct port hub = at->port;
        bool emulated = at->controller && at->controller->type == CONTROLLER_EMULATED;
        if (!emulated || at->broken || hub.depth-- < 2 ||
            name_map_get(ports, port_name(libvirt, at, hub)))
            continue;
        char buf[PORT_TEXT_SIZE];
        at->broken = true;
        builder_error(&libvirt->builder, at->port_at, "no hub is at port %s", port_write(hub, buf));
    }
}

bool libvirt_is_device(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].element, name) == 0)
            return true;
    return false;
}

void libvirt_read_devices(struct libvirt *libvirt)
{
    for (const struct xml_element *at = libvirt->first; at; at = at->next) {
        const struct kind *kind = kind_of(libvirt, at);
        bool controller = strcmp(at->name, "controller") == 0 && libvirt_is(at, "type", "usb");
        if (kind)
            read_device(libvirt, kind, at);
        else if (!controller)
            report_lost(libvirt, at);
    }
    check_hubs(libvirt);
    libvirt_check_boot_order(libvirt);
}
