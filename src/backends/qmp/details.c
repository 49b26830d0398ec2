// SPDX-License-Identifier: MIT
// With what options QEMU has its devices: those that differ from its defaults, and what its
// character devices are.
#include "base/arena.h"
#include "ids.h"
#include "qemu/drivers.h"
#include "qemu/words.h"
#include "walk_usb.h"

// A property of a device that is being asked for.
struct detail {
    struct detail *next;
    struct device *device;
    const char *name;
    struct qmp_command *value;
    const struct qmp_command *defaults; // of its driver
};

// The defaults of a driver.
struct defaults {
    struct defaults *next;
    const char *driver;
    struct qmp_command *list;
};

struct details {
    struct walk *walk;
    struct detail *first, **last;
    struct defaults *defaults;
    struct qmp_command *chardevs; // NULL: not needed
};

// Whether something else of a device tells it, or QEMU sets it by itself once it has the image.
static bool is_left_out(const struct device *device, const char *name)
{
    static const char *const others[] = {
        "port",
        "hostbus",
        "hostaddr",
        "hostport",
        "hostdevice",
        "vendorid",
        "productid",
        "drive",
        "min_io_size",
        "opt_io_size",
        "logical_block_size",
        "physical_block_size",
        "discard_granularity",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return true;
    return device->kind == DEVICE_HOSTDEV && strcmp(name, "serial") == 0; // our label (given.c)
}

static const struct qmp_command *defaults_of(struct details *details, const char *driver)
{
    struct defaults *at = details->defaults;
    while (at && strcmp(at->driver, driver) != 0)
        at = at->next;
    if (at)
        return at->list;
    at = arena_new_of(details->walk->arena, struct defaults);
    *at = (struct defaults){ details->defaults, driver, walk_properties(details->walk, driver) };
    details->defaults = at;
    return at->list;
}

static void ask(struct details *details, struct device *device)
{
    const char *names[QEMU_PROPERTIES_MAX + 1];
    qemu_property_names(device->driver, names);
    for (size_t i = 0; names[i]; i++) {
        if (is_left_out(device, names[i]))
            continue;
        if (strcmp(names[i], "chardev") == 0 && !details->chardevs)
            details->chardevs = qmp_submit(details->walk->client, "query-chardev", TEXT_EMPTY);
        struct detail *detail = arena_new_of(details->walk->arena, struct detail);
        *detail = (struct detail){ .device = device,
                                   .name = names[i],
                                   .value = walk_get(details->walk, device->path, names[i]),
                                   .defaults = defaults_of(details, device->driver) };
        *details->last = detail;
        details->last = &detail->next;
    }
}

// ---- answers ----

// The default of a property; NULL if QEMU does not tell.
static const struct json *default_of(const struct detail *detail)
{
    const struct json *at = walk_first(detail->defaults);
    while (at && !text_is(walk_name(at), detail->name))
        at = at->next;
    return json_member(at, "default-value");
}

static bool is_default(const struct detail *detail, const struct json *value)
{
    const struct json *usual = default_of(detail);
    if (value->type == JSON_STRING)
        return usual ? text_same(json_text(usual), value->string) : value->string.size == 0;
    if (value->type == JSON_BOOL)
        return !usual || json_is_true(usual) == value->boolean;
    // QEMU adds bootindex to each device, and lists no default for it.
    return value->type != JSON_INTEGER || json_integer(usual, -1) == value->integer;
}

// The value as a config has it; NULL if no config can have it.
static const char *text_of_value(struct arena *arena, const struct json *value)
{
    if (value->type == JSON_BOOL)
        return value->boolean ? "on" : "off";
    if (value->type == JSON_INTEGER)
        return arena_printf(arena, "%lld", (long long)value->integer);
    return arena_copy(arena, value->string.at, value->string.size);
}

// Those of one device are in the order of their names.
static void add_property(const struct details *details, const struct detail *detail)
{
    struct arena *arena = details->walk->arena;
    struct config_property **last = &detail->device->properties;
    while (*last)
        last = &(*last)->next;
    *last = arena_new_of(arena, struct config_property);
    (*last)->name = text_of(detail->name);
    (*last)->value.text = text_of(text_of_value(arena, detail->value->value));
}

// What QEMU says of a character device: "pty:/dev/pts/3", "disconnected:unix:/run/x".
static struct text backend_of(const struct details *details, struct text label)
{
    const struct json *at = json_elements(details->chardevs->value);
    while (at && !text_same(json_member_text(at, "label"), label))
        at = at->next;
    struct text backend = json_member_text(at, "filename");
    static const char lost[] = "disconnected:";
    return text_starts(backend, lost) ? text_part(backend, sizeof lost - 1, backend.size) : backend;
}

// What add_chardev() of wire.c was given; of a file, QEMU does not tell which.
static const char *own_chardev(const struct details *details, struct text label)
{
    struct text backend = backend_of(details, label);
    if (text_starts(backend, "pty:"))
        return "pty";
    if (text_starts(backend, "unix:"))
        return walk_copy(details->walk, text_part(backend, 0, text_find(backend, ',', 0)));
    return qemu_chardev_is_plain(backend) ? walk_copy(details->walk, backend) : NULL;
}

// One that xenusb has not made with the device exists on its own.
static void set_chardev(const struct details *details, struct device *device, struct text label)
{
    struct arena *arena = details->walk->arena;
    if (!label.size)
        return;
    if (text_is(label, ids_backing(arena, device->id)))
        device->chardev = own_chardev(details, label);
    else
        device->chardev = arena_printf(arena, "id:%.*s", (int)label.size, label.at);
    if (!device->chardev)
        device->undescribed = "QEMU does not tell the file of its character device";
}

static void take_answer(const struct details *details, const struct detail *detail)
{
    const struct json *value = detail->value->value;
    if (!detail->defaults->value)
        detail->device->undescribed = "QEMU does not tell its defaults";
    if (!value || !detail->defaults->value)
        return; // this version of QEMU does not have it
    if (strcmp(detail->name, "chardev") == 0)
        set_chardev(details, detail->device, json_text(value));
    else if (strcmp(detail->name, "audiodev") == 0)
        detail->device->audiodev =
            json_text(value).size ? walk_copy(details->walk, json_text(value)) : NULL;
    else if (!is_default(detail, value))
        add_property(details, detail);
}

bool walk_usb_find_details(const struct walk_usb *usb, struct topology *own)
{
    struct details details = { .walk = usb->walk, .last = &details.first };
    for (struct controller *at = own->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            if (device->kind != DEVICE_OTHER)
                ask(&details, device);
    if (!details.first)
        return true;
    if (!walk_await(usb->walk))
        return false;
    for (const struct detail *at = details.first; at; at = at->next)
        take_answer(&details, at);
    return true;
}
