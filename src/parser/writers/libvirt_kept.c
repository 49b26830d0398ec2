// SPDX-License-Identifier: MIT
#include "libvirt_kept.h"

#include "base/arena.h"
#include "base/number_rule.h"
#include "qemu/drivers.h"
#include "write.h"

void libvirt_refuse_word(const struct writing *writing, struct span at, const char *what,
                         const char *hint)
{
    diag_hint(writing->diags, write_error(writing, at, "libvirt has no element for %s", what), "%s",
              hint);
}

static void refuse(const struct writing *writing, const struct config_property *property,
                   const char *hint)
{
    const char *what = arena_printf(writing->arena, "QEMU's property %s=%s",
                                    text_show(writing->arena, property->name, 40),
                                    text_show(writing->arena, property->value.text, 40));
    libvirt_refuse_word(writing, property->value.at, what, hint);
}

static void ignore(const struct writing *writing, struct span at, const char *what,
                   struct text value, const char *hint)
{
    diag_hint(
        writing->diags,
        write_warning(writing, at, "ignoring %s=%s", what, text_show(writing->arena, value, 40)),
        "%s", hint);
}

static const struct config_property *find(const struct config_property *properties,
                                          const char *name)
{
    while (properties && !text_is(properties->name, name))
        properties = properties->next;
    return properties;
}

static struct config_text value_of(const struct config_property *properties, const char *name)
{
    const struct config_property *found = find(properties, name);
    return found ? found->value : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

static struct config_flag flag_of(const struct config_property *properties, const char *name)
{
    struct config_text value = value_of(properties, name);
    return (struct config_flag){ value.at, qemu_is_on(value.text) };
}

// --- controllers ---

void libvirt_keep_controller(const struct writing *writing,
                             const struct config_controller *controller)
{
    struct text usb2 = value_of(controller->properties, "p2").text;
    for (const struct config_property *at = controller->properties; at; at = at->next)
        if (text_is(at->name, "p3") && !text_same(at->value.text, usb2))
            ignore(writing, at->value.at, "p3", at->value.text,
                   "libvirt has one number for the ports of USB 2 and of USB 3");
        else if (!text_is(at->name, "p2") && !text_is(at->name, "p3"))
            refuse(writing, at, "remove it, or set it in a <qemu:override>");
}

// --- what devices refer to ---

static bool is_listed(const char *const *names, struct text name)
{
    while (*names && !text_is(name, *names))
        names++;
    return *names;
}

static void report_others(const struct writing *writing, const struct config_backing *backing,
                          const char *const *known)
{
    for (const struct config_property *at = backing->properties; at; at = at->next)
        if (text_is(at->name, "media") && !text_is(at->value.text, "disk"))
            refuse(writing, at, "remove it: xenusb writes disks only");
        else if (!text_is(at->name, "media") && !is_listed(known, at->name))
            ignore(writing, at->value.at, text_show(writing->arena, at->name, 40), at->value.text,
                   at->names_node ? "libvirt uses what the image itself names, or a <backingStore>"
                                  : "if libvirt has a word for it, add it to the translation");
}

static struct text driver_of(const struct config_backing *backing)
{
    return backing->head.size ? backing->head : value_of(backing->properties, "driver").text;
}

// Whether it is the file or device itself, and not a format.
static bool is_file(const struct config_backing *backing)
{
    return text_is(driver_of(backing), "file") || text_is(driver_of(backing), "host_device");
}

// Reads the image that -drive defines.
static void read_drive(const struct config_property *properties, struct libvirt_kept *kept)
{
    kept->file = value_of(properties, "file");
    kept->format = value_of(properties, "format");
    kept->readonly = flag_of(properties, "readonly");
    if (!GIVEN(kept->readonly))
        kept->readonly = flag_of(properties, "read-only");
}

// The -blockdev that the format of a -blockdev has below it; NULL if it names none.
static const struct config_backing *node_below(const struct config_backing *backing)
{
    const struct config_property *file =
        is_file(backing) ? NULL : find(backing->properties, "file");
    return file ? file->node : NULL;
}

// Reads the image that -blockdev defines: a file, or a format with the file in it or below it.
static void read_blockdev(const struct config_backing *backing, struct libvirt_kept *kept)
{
    const struct config_property *properties = backing->properties;
    const struct config_backing *below = node_below(backing);
    const struct config_backing *file = is_file(backing)          ? backing
                                        : below && is_file(below) ? below
                                                                  : NULL;
    struct text driver = file ? driver_of(file) : value_of(properties, "file.driver").text;
    kept->file =
        file ? value_of(file->properties, "filename") : value_of(properties, "file.filename");
    kept->block = (struct config_flag){ kept->file.at, text_is(driver, "host_device") };
    kept->format = (struct config_text){ kept->file.at,
                                         file == backing ? text_of("raw") : driver_of(backing) };
    kept->readonly = flag_of(properties, "read-only");
}

static void keep_image(const struct writing *writing, const struct config_device *device,
                       struct libvirt_kept *kept)
{
    static const char *const known[] = {
        "id",       "node-name", "if",       "file",        "format", "driver", "file.filename",
        "filename", "read-only", "readonly", "file.driver", NULL
    };
    if (device->backing && strcmp(device->backing->option, "drive") == 0)
        read_drive(device->backing->properties, kept);
    else if (device->backing)
        read_blockdev(device->backing, kept);
    if (!device->backing || !text_starts(kept->file.text, "/")) {
        libvirt_refuse_word(
            writing, device->drive.at,
            arena_printf(writing->arena, "drive=%s without an image",
                         text_show(writing->arena, device->drive.text, 40)),
            "add -drive file=/PATH,... to the same list, or write type=disk,file=/PATH into "
            "usbdevice");
        return;
    }
    report_others(writing, device->backing, known);
    if (node_below(device->backing))
        report_others(writing, node_below(device->backing), known);
    if (!GIVEN(kept->format))
        diag_hint(writing->diags,
                  write_warning(writing, kept->file.at, "writing the format of this image as raw"),
                  "QEMU would guess it: add format=");
}

static void keep_chardev(const struct writing *writing, const struct config_device *device)
{
    static const char *const known[] = { "id", "backend", "name", "server", "path", NULL };
    static const char *const without_path[] = { "id", "backend", "name", NULL };
    const struct config_backing *backing = device->backing;
    if (backing && backing->chardev.size)
        report_others(writing, backing,
                      text_find(backing->chardev, ':', 0) < backing->chardev.size ? known
                                                                                  : without_path);
}

// --- devices ---

static bool keep_reset(const struct config_property *property, struct libvirt_kept *kept)
{
    bool all = text_is(property->name, "guest-resets-all");
    *(all ? &kept->reset_all : &kept->reset) =
        (struct config_flag){ property->value.at, qemu_is_on(property->value.text) };
    return true;
}

// QEMU takes -1 for none, and libvirt counts from 1.
static bool keep_boot_order(const struct config_property *property, struct libvirt_kept *kept)
{
    uint64_t order = 0;
    bool none = text_is(property->value.text, "-1");
    bool kept_as_is =
        number_parse(NUMBER_OF_QEMU, property->value.text, 1, INT32_MAX, &order) == NUMBER_OK;
    kept->boot_order = kept_as_is ? (uint32_t)order : 0;
    return none || kept_as_is;
}

static bool keep_removable(const struct config_property *property, struct libvirt_kept *kept)
{
    kept->removable = (struct config_flag){ property->value.at, qemu_is_on(property->value.text) };
    return true;
}

static bool keep_serial(const struct config_property *property, struct libvirt_kept *kept)
{
    kept->serial = property->value;
    return true;
}

#define OF(kind) (1u << (kind))
// The properties that libvirt has words for, and the kinds of device where it has them.
static const struct kept_property {
    const char *name;
    unsigned kinds;
    bool (*keep)(const struct config_property *property, struct libvirt_kept *kept);
    const char *hint; // if it is refused; NULL: the usual one
} kept_properties[] = {
    { "guest-reset", OF(DEVICE_HOSTDEV), keep_reset, NULL },
    { "guest-resets-all", OF(DEVICE_HOSTDEV), keep_reset, NULL },
    { "bootindex", OF(DEVICE_HOSTDEV) | OF(DEVICE_DISK) | OF(DEVICE_REDIR), keep_boot_order,
      "libvirt counts from 1" },
    { "removable", OF(DEVICE_DISK), keep_removable, NULL },
    { "serial", OF(DEVICE_DISK), keep_serial, NULL },
    { "filter", 0, NULL, "write a <redirfilter>, which is for all redirections of the guest" },
};

static void keep_property(const struct writing *writing, enum device_kind kind,
                          const struct config_property *property, struct libvirt_kept *kept)
{
    const struct kept_property *row = kept_properties,
                               *end = row + sizeof kept_properties / sizeof *row;
    while (row < end && !text_is(property->name, row->name))
        row++;
    if (!writing->for_qemu) {
        refuse(writing, property, "its Xen driver sets none; or use --hypervisor qemu");
        return;
    }
    if (row < end && (row->kinds & OF(kind)) && row->keep(property, kept))
        return;
    refuse(writing, property,
           row < end && row->hint ? row->hint : "remove it, or set it in a <qemu:override>");
}

// QEMU performs every reset with guest-resets-all=on, and without guest-reset none. guest-reset=on
// alone is the default of both.
static const char *guest_reset(const struct libvirt_kept *kept)
{
    if (kept->reset_all.value)
        return "on";
    if (GIVEN(kept->reset) && !kept->reset.value)
        return "off";
    return GIVEN(kept->reset_all) ? "uninitialized" : NULL;
}

bool libvirt_has(enum device_kind kind)
{
    return kind != DEVICE_WACOM_TABLET && kind != DEVICE_BRAILLE && kind != DEVICE_OTHER;
}

bool libvirt_keep_device(const struct writing *writing, const struct config_device *device,
                         struct libvirt_kept *kept)
{
    unsigned errors = writing->diags->errors;
    *kept = (struct libvirt_kept){ .file = device->file,
                                   .format = device->format,
                                   .readonly = device->readonly,
                                   .block = device->block };
    for (const struct config_property *at = device->properties; at; at = at->next)
        keep_property(writing, device->kind, at, kept);
    kept->guest_reset = guest_reset(kept);
    if (GIVEN(device->audiodev))
        ignore(writing, device->audiodev.at, "audiodev", device->audiodev.text,
               "add an <audio> element");
    if (GIVEN(device->drive))
        keep_image(writing, device, kept);
    keep_chardev(writing, device);
    return writing->diags->errors == errors;
}
