// SPDX-License-Identifier: MIT
#include "wire.h"

#include "base/arena.h"
#include "base/json.h"
#include "ids.h"
#include "qemu/drivers.h"
#include "qemu/words.h"

static struct json_writer *begin(struct arena *arena)
{
    struct json_writer *writer = json_writer_new(arena, false);
    json_open_object(writer);
    return writer;
}

static struct wire_command end(const char *name, struct json_writer *writer)
{
    json_close(writer);
    return (struct wire_command){ name, json_writer_end(writer) };
}

static void put_object(struct json_writer *writer, const char *key)
{
    json_key(writer, key);
    json_open_object(writer);
}

struct wire_command wire_get(struct arena *arena, const char *path, const char *property)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "path", path);
    json_add_string(writer, "property", property);
    return end("qom-get", writer);
}

struct wire_command wire_list(struct arena *arena, const char *path)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "path", path);
    return end("qom-list", writer);
}

struct wire_command wire_list_get(struct arena *arena, const char *const *paths, size_t count)
{
    struct json_writer *writer = begin(arena);
    json_key(writer, "paths");
    json_open_array(writer);
    for (size_t i = 0; i < count; i++)
        json_put_string(writer, paths[i]);
    json_close(writer);
    return end("qom-list-get", writer);
}

struct wire_command wire_properties(struct arena *arena, const char *driver)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "typename", driver);
    return end("device-list-properties", writer);
}

struct wire_command wire_types(struct arena *arena, const char *implemented)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "implements", implemented);
    json_add_bool(writer, "abstract", false);
    return end("qom-list-types", writer);
}

struct wire_command wire_add_controller(struct arena *arena, const struct controller *controller,
                                        const char *pci_bus)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "driver", controller->driver);
    json_add_string(writer, "id", controller->id);
    if (*pci_bus)
        json_add_string(writer, "bus", pci_bus);
    if (controller->model && controller->model->version == 3) {
        json_add_integer(writer, "p2", controller->ports_usb2);
        json_add_integer(writer, "p3", controller->ports_usb3);
    }
    return end("device_add", writer);
}

struct wire_command wire_remove(struct arena *arena, const char *id, const char *path)
{
    struct json_writer *writer = begin(arena);
    json_add_string(writer, "id", *id ? id : path);
    return end("device_del", writer);
}

// With auto-read-only off, a disk is read-only only if the config says so.
static struct wire_command add_image(struct arena *arena, const char *node, struct text file,
                                     struct text format, bool read_only, bool on_device)
{
    struct json_writer *writer = begin(arena);
    json_add_text(writer, "driver", format.size ? format : text_of("raw"));
    json_add_string(writer, "node-name", node);
    json_add_bool(writer, "read-only", read_only);
    json_add_bool(writer, "auto-read-only", false);
    put_object(writer, "file");
    json_add_string(writer, "driver", on_device ? "host_device" : "file");
    json_add_text(writer, "filename", file);
    json_close(writer);
    return end("blockdev-add", writer);
}

// In QMP, sockets listen by default; on QEMU's command line, whose syntax the config uses, they
// connect.
static void put_chardev_data(struct json_writer *writer, const struct qemu_chardev *row,
                             struct text value)
{
    put_object(writer, "data");
    if (strcmp(row->type, "socket") == 0) {
        put_object(writer, "addr");
        json_add_string(writer, "type", "unix");
        put_object(writer, "data");
        json_add_text(writer, "path", value);
        json_close(writer);
        json_close(writer);
        json_add_bool(writer, "server", false);
    } else if (row->data) {
        json_add_text(writer, row->data, value);
    }
    json_close(writer);
}

static struct text chardev_words(const struct device *device)
{
    if (device->wanted && device->wanted->chardev.text.size)
        return device->wanted->chardev.text;
    return text_of(qemu_default_chardev(device->kind));
}

// Sets the id of the device's character device, and the command `back` that creates it if needed.
static bool add_chardev(struct arena *arena, const struct device *device, struct text *id,
                        struct wire_command *back, const char **why)
{
    struct text words = chardev_words(device), value;
    *id = qemu_existing_chardev(words);
    if (id->size)
        return true;
    const struct qemu_chardev *row = qemu_chardev(words, &value);
    if (!row) {
        *why = arena_printf(arena,
                            "xenusb does not support the character device '%s': use pty, null, "
                            "file:PATH, unix:PATH, spicevmc, braille, or id:NAME for an existing "
                            "one",
                            text_show(arena, words, 80));
        return false;
    }
    *id = text_of(ids_backing(arena, device->id));
    struct json_writer *writer = begin(arena);
    json_add_text(writer, "id", *id);
    put_object(writer, "backend");
    json_add_string(writer, "type", row->type);
    put_chardev_data(writer, row, value);
    json_close(writer);
    *back = end("chardev-add", writer);
    return true;
}

struct wire_command wire_delete_backing(struct arena *arena, enum device_kind kind, const char *id)
{
    const struct device_model *model = device_model_of(kind);
    struct json_writer *writer = begin(arena);
    const char *backing = ids_backing(arena, id);
    if (model && model->needs_file) {
        json_add_string(writer, "node-name", backing);
        return end("blockdev-del", writer);
    }
    if (model && model->needs_chardev) {
        json_add_string(writer, "id", backing);
        return end("chardev-remove", writer);
    }
    return (struct wire_command){ 0 };
}

// Uses bus and address if they are known: only then QEMU opens the device at once and reports an
// error if it cannot. With other criteria (undo of the removal of a waiting device) it scans for
// it.
static void put_host_device(struct json_writer *writer, const struct selector *selector)
{
    if (selector->criteria & SELECT_ADDRESS) {
        json_add_integer(writer, "hostbus", selector->bus);
        json_add_integer(writer, "hostaddr", selector->address);
        return;
    }
    if (selector->criteria & SELECT_BUS)
        json_add_integer(writer, "hostbus", selector->bus);
    if (selector->criteria & SELECT_BUSID) {
        const char *port = strchr(selector->busid, '-');
        json_add_string(writer, "hostport", port ? port + 1 : "");
    }
    if (selector->criteria & SELECT_VENDOR)
        json_add_integer(writer, "vendorid", selector->vendor);
    if (selector->criteria & SELECT_PRODUCT)
        json_add_integer(writer, "productid", selector->product);
}

// Refuses to recreate the backing of a device that was found in QEMU: guessing an image's format or
// whether it is writable could destroy data.
static bool put_backing(struct arena *arena, const struct device *device, bool on_device,
                        struct wire_add *wire, struct json_writer *writer, const char **why)
{
    const struct config_device *wanted = device->wanted;
    const struct device_model *model = device_model_of(device->kind);
    struct text chardev;
    if ((model->needs_file || model->needs_chardev) && *device->path) {
        *why = "its image or character device is no longer known";
        return false;
    }
    if (model->needs_file && !device->file) {
        *why = "it has no image";
        return false;
    }
    if (model->needs_file) {
        const char *node = ids_backing(arena, device->id);
        wire->back =
            add_image(arena, node, text_of(device->file), wanted ? wanted->format.text : TEXT_EMPTY,
                      wanted && wanted->readonly.value, on_device);
        json_add_string(writer, "drive", node);
    }
    if (model->needs_chardev) {
        if (!add_chardev(arena, device, &chardev, &wire->back, why))
            return false;
        json_add_text(writer, "chardev", chardev);
    }
    if (wire->back.name)
        wire->delete_backing = wire_delete_backing(arena, device->kind, device->id);
    return true;
}

// usb-host does not use its "serial": the guest sees that of the real device. It keeps for xenusb
// what was attached, after it is gone: "1-4 1050:0407 YubiKey" (given.c).
static void put_label(struct arena *arena, struct json_writer *writer,
                      const struct host_device *host)
{
    json_add_string(writer, "serial",
                    arena_printf(arena, "%s %s", host->busid, host_device_label(arena, host)));
}

static void put_place(struct json_writer *writer, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    json_add_string(writer, "driver", device->driver);
    json_add_string(writer, "id", device->id);
    json_add_string(writer, "bus", device->controller->bus);
    if (device->port.depth)
        json_add_string(writer, "port", port_write(device->port, buf));
}

// Properties that the config gives, each with its type.
static void put_properties(struct json_writer *writer, const struct device *device)
{
    const struct config_property *at = device->wanted ? device->wanted->properties : NULL;
    for (; at; at = at->next) {
        const struct qemu_property *property = qemu_property_named(device->driver, at->name);
        struct text value = at->value.text;
        int64_t number = 0;
        if (!property)
            continue;
        if (property->type == QEMU_BOOL)
            json_add_bool(writer, property->name, qemu_is_on(value));
        else if (qemu_has_number(property, value, &number))
            json_add_integer(writer, property->name, number);
        else
            json_add_text(writer, property->name, value);
    }
}

bool wire_add_device(struct arena *arena, const struct device *device, bool on_device,
                     struct wire_add *wire, const char **why)
{
    *wire = (struct wire_add){ 0 };
    if (device->kind == DEVICE_OTHER) {
        *why = arena_printf(arena, "xenusb does not know how to add a %s", device->driver);
        return false;
    }
    struct json_writer *writer = begin(arena);
    put_place(writer, device);
    if (device->kind == DEVICE_HOSTDEV)
        put_host_device(writer, &device->selector);
    if (device->kind == DEVICE_HOSTDEV && device->host)
        put_label(arena, writer, device->host);
    if (device->kind == DEVICE_AUDIO && device->wanted && device->wanted->audiodev.text.size)
        json_add_text(writer, "audiodev", device->wanted->audiodev.text);
    put_properties(writer, device);
    if (!put_backing(arena, device, on_device, wire, writer, why))
        return false;
    wire->add = end("device_add", writer);
    return true;
}

// A set's number follows from the device's address, so that a set that was left behind is used
// and emptied by the next attempt. QEMU and other programs number theirs from 0.
static int64_t set_of(const struct selector *selector)
{
    enum { FIRST = 1000000, PER_BUS = 1000 };
    return FIRST + selector->bus * PER_BUS + selector->address;
}

static struct wire_command on_set(struct arena *arena, const char *name, int64_t set)
{
    struct json_writer *writer = begin(arena);
    json_add_integer(writer, "fdset-id", set);
    return end(name, writer);
}

// QEMU reads hostbus and hostaddr too, but does not use them to open the device. They show which
// one it is, and its scan for devices (usb_host_auto_check in hw/usb/host-libusb.c) closes those
// that it does not find.
struct wire_pass wire_pass_device(struct arena *arena, const struct device *device)
{
    const int64_t set = set_of(&device->selector);
    struct json_writer *writer = begin(arena);
    put_place(writer, device);
    put_host_device(writer, &device->selector);
    json_add_string(writer, "hostdevice", arena_printf(arena, "/dev/fdset/%d", (int)set));
    if (device->host)
        put_label(arena, writer, device->host);
    put_properties(writer, device);
    return (struct wire_pass){ .fill = on_set(arena, "add-fd", set),
                               .add = end("device_add", writer),
                               .empty = on_set(arena, "remove-fd", set) };
}

bool wire_is_not_opened(const char *words)
{
    return strstr(words, "failed to open host usb device") ||
           strstr(words, "failed to find host usb device");
}

enum wire_removal wire_removal_error(const char *error_class, const char *words)
{
    if (strcmp(error_class, "DeviceNotFound") == 0)
        return WIRE_ABSENT;
    if (strstr(words, "already in the process of unplug"))
        return WIRE_ASKED;
    return WIRE_REFUSED;
}

bool wire_is_in_use(const char *words)
{
    return strstr(words, "is in use") || strstr(words, "is busy");
}
