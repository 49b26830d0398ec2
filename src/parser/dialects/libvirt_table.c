// SPDX-License-Identifier: MIT
// The words of libvirt's XML that are read, and how.
#include "libvirt.h"

#include "base/arena.h"

static bool value_is(const struct libvirt_value *value, const char *word)
{
    return strcmp(value->text, word) == 0;
}

static const char *show(const struct builder *builder, const struct libvirt_value *value)
{
    return text_show(builder->arena, text_of(value->text), 40);
}

static struct config_text text_at(const struct libvirt_value *value)
{
    return (struct config_text){ value->at, text_of(value->text) };
}

// --- controllers ---

static void read_index(struct builder *builder, struct libvirt_item *item,
                       const struct libvirt_value *value)
{
    item->has_index = libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT_PLACE, &item->index);
}

static void read_ports(struct builder *builder, struct libvirt_item *item,
                       const struct libvirt_value *value)
{
    item->ports_at = value->at;
    libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT_PLACE, &item->ports);
}

static void read_model(struct builder *builder, struct libvirt_item *item,
                       const struct libvirt_value *value)
{
    (void)builder;
    item->model = value->text;
    item->model_at = value->at;
}

// The ports of EHCI that a companion serves, which xl and QEMU's own configs choose the same.
static void read_start_port(struct builder *builder, struct libvirt_item *item,
                            const struct libvirt_value *value)
{
    bool companion = item->model && text_starts(text_of(item->model), "ich9-uhci");
    unsigned usual = companion ? 2 * (unsigned)(item->model[strlen("ich9-uhci")] - '1') : 0,
             port = usual;
    if (libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT_PLACE, &port) &&
        (!companion || port != usual))
        libvirt_ignore(builder, value,
                       "ich9-uhci1 serves the ports from 0 on, ich9-uhci2 from 2, ich9-uhci3 "
                       "from 4; others have no master");
}

// --- all devices ---

static void read_address_type(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    item->address_at = value->at;
    if (!value_is(value, "usb"))
        libvirt_refuse(builder, item, value, "the address of a USB device has type='usb'");
}

// Whether the address is none of USB, which read_address_type() refuses.
static bool is_other_address(const struct libvirt_item *item)
{
    const char *type = xml_attribute(xml_child(item->element, "address"), "type");
    return type && strcmp(type, "usb") != 0;
}

static void read_address_bus(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    if (is_other_address(item))
        return;
    libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT_PLACE, &item->bus);
    item->address_at = value->at;
}

static void read_address_port(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    enum { DEPTH_MAX = 4 };
    struct port port = PORT_ANY;
    if (value_is(value, "0") || is_other_address(item)) // 0 is any, as if it were not given
        return;
    if (!port_read(text_of(value->text), &port) || port.depth > DEPTH_MAX) {
        item->broken = true;
        diag_hint(builder->diags,
                  builder_error(builder, value->at, "'%s' is not a port", show(builder, value)),
                  "a number from 1, dotted behind at most three hubs, such as 1.2");
        return;
    }
    item->device->port = port;
    item->device->port_at = value->at;
}

// --- host devices ---

static void read_hostdev_mode(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    if (!value_is(value, "subsystem"))
        libvirt_refuse(builder, item, value, "a USB device has mode='subsystem'");
}

static void read_startup_policy(struct builder *builder, struct libvirt_item *item,
                                const struct libvirt_value *value)
{
    if (value_is(value, "optional"))
        item->device->required = (struct config_flag){ value->at, false };
    else if (value_is(value, "requisite"))
        libvirt_ignore(builder, value, "the device is required whenever the config is applied");
    else if (!value_is(value, "mandatory"))
        libvirt_refuse(builder, item, value, "valid: mandatory, requisite, optional");
}

static void read_auto_address(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    if (value_is(value, "yes"))
        libvirt_ignore(builder, value, "remove <address> to select the device by its ids only");
    else if (!value_is(value, "no"))
        libvirt_refuse(builder, item, value, "valid: yes, no");
}

static void select_by(struct libvirt_item *item, enum selector_criterion criterion, struct span at)
{
    struct config_device *device = item->device;
    device->selector.criteria |= criterion;
    device->selector_at =
        span_is_none(device->selector_at) ? at : (struct span){ device->selector_at.from, at.to };
}

static void read_vendor(struct builder *builder, struct libvirt_item *item,
                        const struct libvirt_value *value)
{
    unsigned id = 0;
    if (!libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT, &id))
        return;
    item->device->selector.vendor = (uint16_t)id;
    select_by(item, SELECT_VENDOR, value->at);
    if (!id)
        libvirt_refuse(builder, item, value, "no vendor has the id 0");
}

static void read_product(struct builder *builder, struct libvirt_item *item,
                         const struct libvirt_value *value)
{
    unsigned id = 0;
    if (!libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT, &id))
        return;
    item->device->selector.product = (uint16_t)id;
    select_by(item, SELECT_PRODUCT, value->at);
}

// To libvirt, bus or device 0 is one that is not given.
static void read_host_bus(struct builder *builder, struct libvirt_item *item,
                          const struct libvirt_value *value)
{
    unsigned bus = 0;
    if (!libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT, &bus) || !bus)
        return;
    item->device->selector.bus = (uint8_t)bus;
    select_by(item, SELECT_BUS, value->at);
}

static void read_host_address(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    unsigned address = 0;
    if (!libvirt_number(builder, item, value, NUMBER_OF_LIBVIRT, &address) || !address)
        return;
    item->device->selector.address = (uint8_t)address;
    select_by(item, SELECT_ADDRESS, value->at);
}

// --- emulated devices ---

static void read_input_type(struct builder *builder, struct libvirt_item *item,
                            const struct libvirt_value *value)
{
    static const char *const types[] = { "tablet", "mouse", "keyboard" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (value_is(value, types[i])) {
            item->device->kind = device_model_named(text_of(types[i]))->kind;
            item->device->kind_at = value->at;
            return;
        }
    libvirt_refuse(builder, item, value, "on USB there are tablet, mouse and keyboard");
}

static void read_hub_type(struct builder *builder, struct libvirt_item *item,
                          const struct libvirt_value *value)
{
    if (!value_is(value, "usb"))
        libvirt_refuse(builder, item, value, "libvirt has only hubs of type='usb'");
}

static void read_disk_type(struct builder *builder, struct libvirt_item *item,
                           const struct libvirt_value *value)
{
    item->device->block = (struct config_flag){ value->at, value_is(value, "block") };
    if (!value_is(value, "file") && !value_is(value, "block"))
        libvirt_refuse(builder, item, value, "a USB disk is an image file or a block device");
}

static void read_disk_device(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    if (value_is(value, "cdrom")) {
        item->device->readonly = (struct config_flag){ value->at, true };
        libvirt_ignore(builder, value, "the guest gets a read-only disk, not a CD-ROM drive");
    } else if (!value_is(value, "disk")) {
        libvirt_refuse(builder, item, value, "on USB there are disk and cdrom");
    }
}

static void read_disk_driver(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    if (!value_is(value, "qemu"))
        libvirt_refuse(builder, item, value, "QEMU has the USB disks: name='qemu'");
}

static void read_disk_format(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    (void)builder;
    item->device->format = text_at(value);
}

// The type of a disk decides which attribute of <source> libvirt reads.
static void read_disk_source(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    const char *read = item->device->block.value ? "dev" : "file";
    const char *hint = arena_printf(builder->arena, "a disk of type='%s' has <source %s='...'/>",
                                    item->device->block.value ? "block" : "file", read);
    if (strcmp(value->name, read) == 0)
        item->device->file = text_at(value);
    else if (xml_attribute(xml_child(item->element, "source"), read))
        libvirt_ignore(builder, value, hint);
    else
        libvirt_refuse(builder, item, value, hint);
}

static void read_readonly(struct builder *builder, struct libvirt_item *item,
                          const struct libvirt_value *value)
{
    (void)builder;
    item->device->readonly = (struct config_flag){ value->at, true };
}

static void read_chardev(struct builder *builder, struct libvirt_item *item,
                         const struct libvirt_value *value)
{
    static const char *const types[] = { "pty", "null", "spicevmc", "file", "unix" };
    item->chardev = value->text;
    item->device->chardev = text_at(value);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (value_is(value, types[i]))
            return;
    libvirt_refuse(builder, item, value, "valid: " LIBVIRT_CHARDEVS);
}

static bool chardev_is(const struct libvirt_item *item, const char *type)
{
    return item->chardev && strcmp(item->chardev, type) == 0;
}

static void read_chardev_path(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    if (chardev_is(item, "file") || chardev_is(item, "unix"))
        item->path = value->text;
    else if (item->chardev && !item->broken &&
             !chardev_is(item, "pty")) // the terminal that a running guest got
        libvirt_ignore(builder, value, "only the types file and unix have a path");
}

static void read_socket_mode(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    if (!value_is(value, "connect"))
        libvirt_refuse(builder, item, value,
                       "QEMU connects to a socket that another program has created: "
                       "mode='connect'");
}

// --- the table ---

#define CHARDEV(item)                                                                              \
    { item, "type", read_chardev }, { item "/source", "path", read_chardev_path },                 \
    {                                                                                              \
        item "/source", "mode", read_socket_mode                                                   \
    }

// A word without a reader chooses the kind of item (bus), is a name that only libvirt uses (alias),
// or is a fact of a guest that runs.
// clang-format off
const struct libvirt_word libvirt_words[] = {
    { "controller", "type", NULL },
    { "controller", "index", read_index },
    { "controller", "model", read_model },
    { "controller", "ports", read_ports },
    { "controller/master", "startport", read_start_port },
    { "controller/alias", "name", NULL },
    { "controller/address", NULL, NULL }, // on the guest's PCI bus, where QEMU finds a place
    { "ccid", "type", NULL },
    { "ccid", "index", NULL },
    { "*/alias", "name", NULL },
    { "*/address", "type", read_address_type },
    { "*/address", "bus", read_address_bus },
    { "*/address", "port", read_address_port },
    { "hostdev", "type", NULL },
    { "hostdev", "mode", read_hostdev_mode },
    { "hostdev", "managed", NULL }, // libvirt does the same with USB devices either way
    { "hostdev/source", "startupPolicy", read_startup_policy },
    { "hostdev/source", "autoAddress", read_auto_address },
    { "hostdev/source", "guestReset", libvirt_read_guest_reset },
    { "hostdev/source", "missing", NULL },
    { "hostdev/source/vendor", "id", read_vendor },
    { "hostdev/source/product", "id", read_product },
    { "hostdev/source/address", "bus", read_host_bus },
    { "hostdev/source/address", "device", read_host_address },
    { "hostdev/boot", "order", libvirt_read_boot_order },
    { "input", "bus", NULL },
    { "input", "type", read_input_type },
    { "hub", "type", read_hub_type },
    { "disk", "type", read_disk_type },
    { "disk", "device", read_disk_device },
    { "disk/driver", "name", read_disk_driver },
    { "disk/driver", "type", read_disk_format },
    { "disk/source", "file", read_disk_source },
    { "disk/source", "dev", read_disk_source },
    { "disk/source", "index", NULL },
    { "disk/target", "bus", NULL },
    { "disk/target", "dev", NULL }, // a guest gives USB disks their names itself
    { "disk/target", "removable", libvirt_read_removable },
    { "disk/readonly", NULL, read_readonly },
    { "disk/serial", NULL, libvirt_read_serial },
    { "disk/backingStore", NULL, NULL }, // what the image itself says
    { "disk/boot", "order", libvirt_read_boot_order },
    { "redirdev", "bus", NULL },
    { "redirdev/boot", "order", libvirt_read_boot_order },
    CHARDEV("redirdev"),
    CHARDEV("serial"),
    { "serial/target", "type", NULL },
    { "serial/target", "port", NULL }, // counts serial ports
    { "serial/target/model", "name", NULL },
    { "sound", "model", NULL },
    { NULL, NULL, NULL },
};
// clang-format on
