// SPDX-License-Identifier: MIT
// --to xenusb: the canonical form, usbcontroller and keyed usbdevice. Statements for controllers
// and devices that are created with the guest (usb=1, usbversion=, QEMU arguments) stay as they
// are.
#include "write.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "host/path.h"

// --- one item ---

static const char *type_word(const struct config_controller *controller)
{
    if (controller->type == CONTROLLER_EMULATED)
        return "emul";
    if (controller->type == CONTROLLER_AUTO)
        return "auto";
    static const char *const words[] = { "pv", "vusb", "qusb" };
    return words[controller->pvusb];
}

// Whether the number of ports must be written: if it was given, or is a default of libxl or xm,
// which differs from the default of usbcontroller.
static bool needs_ports(const struct config_controller *controller)
{
    bool own_default =
        controller->origin == ORIGIN_USBCONTROLLER || controller->origin == ORIGIN_USBVERSION;
    return controller->ports.value && (GIVEN(controller->ports) || !own_default);
}

const char *config_controller_item(struct arena *arena, const struct config_controller *controller)
{
    const char *spec = spec_add(arena, "", "type", "%s", type_word(controller));
    spec = spec_add(arena, spec, "name", "%s", controller->name);
    if (controller->model)
        spec = spec_add(arena, spec, "model", "%s", controller->model->name);
    if (controller->version.value)
        spec = spec_add(arena, spec, "usbversion", "%u", controller->version.value);
    if (needs_ports(controller))
        spec = spec_add(arena, spec, "numports", "%u", controller->ports.value);
    if (GIVEN(controller->backend))
        spec = spec_add(arena, spec, "backend", "%.*s", (int)controller->backend.text.size,
                        controller->backend.text.at);
    return spec;
}

static bool has(struct text value, char wanted)
{
    return text_find(value, wanted, 0) < value.size;
}

// Adds key=value, with the value in double quotes if it contains a comma, a blank or a quote; two
// quotes in it are one (spec.l).
static const char *spec_add_text(struct arena *arena, const char *spec, const char *key,
                                 struct text value)
{
    struct buffer quoted = buffer_in(arena);
    if (!has(value, ',') && !has(value, ' ') && !has(value, '"'))
        return spec_add(arena, spec, key, "%.*s", (int)value.size, value.at);
    for (size_t i = 0; i < value.size; i++) {
        buffer_add_string(&quoted, value.at[i] == '"' ? "\"" : "");
        buffer_add(&quoted, text_part(value, i, i + 1));
    }
    return spec_add(arena, spec, key, "\"%s\"", buffer_string(&quoted));
}

static const char *selector_spec(struct arena *arena, const char *spec,
                                 const struct selector *selector)
{
    unsigned criteria = selector->criteria;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS, id = SELECT_VENDOR | SELECT_PRODUCT;
    if ((criteria & address) == address)
        spec = spec_add(arena, spec, "hostaddr", "%u.%u", selector->bus, selector->address);
    else if (criteria & SELECT_BUS)
        spec = spec_add(arena, spec, "hostbus", "%u", selector->bus);
    else if (criteria & SELECT_ADDRESS)
        spec = spec_add(arena, spec, "hostaddr", "%u", selector->address);
    if (criteria & SELECT_BUSID)
        spec = spec_add(arena, spec, "busid", "%s", selector->busid);
    if ((criteria & id) == id)
        spec = spec_add(arena, spec, "id", "%04x:%04x", selector->vendor, selector->product);
    else if (criteria & SELECT_VENDOR)
        spec = spec_add(arena, spec, "vendor", "%04x", selector->vendor);
    else if (criteria & SELECT_PRODUCT)
        spec = spec_add(arena, spec, "product", "%04x", selector->product);
    if (criteria & SELECT_SERIAL)
        spec = spec_add_text(arena, spec, "serial", selector->serial);
    if (criteria & SELECT_PATH)
        spec = spec_add_text(arena, spec, "path", selector->path);
    return criteria & SELECT_BEHIND ? spec_add(arena, spec, "behind", "%s", selector->behind)
                                    : spec;
}

static const char *add_properties(struct arena *arena, const char *spec,
                                  const struct config_property *at)
{
    for (; at; at = at->next) {
        bool word = text_is(at->name, "guest-reset") || text_is(at->name, "bootindex");
        const char *key =
            arena_printf(arena, "%s%.*s", word ? "" : "qemu.", (int)at->name.size, at->name.at);
        spec = spec_add_text(arena, spec, key, at->value.text);
    }
    return spec;
}

const char *config_device_item(struct arena *arena, const struct config_device *device)
{
    const struct {
        const char *key;
        const struct config_text *text;
    } rows[] = { { "file", &device->file },
                 { "format", &device->format },
                 { "chardev", &device->chardev },
                 { "audiodev", &device->audiodev } };
    char buf[PORT_TEXT_SIZE];
    const char *spec = spec_add(arena, "", "type", "%s", device_model_of(device->kind)->name);
    spec = selector_spec(arena, spec, &device->selector);
    if (GIVEN(device->count))
        spec = spec_add(arena, spec, "count", "%u", device->count.value);
    if (GIVEN(device->all))
        spec = spec_add(arena, spec, "all", "%s", device->all.value ? "yes" : "no");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (GIVEN(*rows[i].text))
            spec = spec_add_text(arena, spec, rows[i].key, rows[i].text->text);
    if (GIVEN(device->readonly))
        spec = spec_add(arena, spec, "readonly", "%s", device->readonly.value ? "yes" : "no");
    spec = add_properties(arena, spec, device->properties);
    if (device->controller)
        spec = spec_add(arena, spec, "bus", "%s", device->controller->name);
    else if (GIVEN(device->controller_name))
        spec = spec_add_text(arena, spec, "bus", device->controller_name.text);
    if (device->port.depth)
        spec = spec_add(arena, spec, "port", "%s", port_write(device->port, buf));
    if (GIVEN(device->required))
        spec = spec_add(arena, spec, "required", "%s", device->required.value ? "yes" : "no");
    return spec;
}

// --- the keys ---

// Whether a device is an item of usbdevice in this dialect.
static bool is_listed(const struct config_device *device)
{
    return device->origin != ORIGIN_USBVERSION && device->origin != ORIGIN_QEMU;
}

// Whether an item can stay as it is: in the canonical form, or created with the guest.
static bool is_canonical(const struct config_device *device)
{
    return device->origin == ORIGIN_USBCONTROLLER ||
           (device->origin == ORIGIN_USB && device->at_creation);
}

// A bus id has the number of a bus, which may be another one after the host has booted. On the host
// that has the socket, the name that does not change is known.
static void offer_path(const struct writing *writing, const struct config_device *device)
{
    const struct selector *selector = &device->selector;
    uint64_t bus = 0;
    struct text busid = text_of(selector->busid);
    if (!writing->host || !(selector->criteria & SELECT_BUSID) ||
        selector->criteria & SELECT_PATH ||
        (device->controller && GIVEN(device->controller->backend)) ||
        text_number(text_part(busid, 0, text_find(busid, '-', 0)), 10, 1, UINT8_MAX, &bus) !=
            NUMBER_OK)
        return;
    const char *path = host_socket_path(
        writing->arena, host_controller_path(writing->arena, (unsigned)bus), selector->busid);
    if (path)
        diag_hint(writing->diags,
                  write_note(writing,
                             span_is_none(device->selector_at) ? device->why : device->selector_at,
                             "the number of bus %u may change when this host boots", (unsigned)bus),
                  "path=%s names the same socket, and does not change", path);
}

static struct replacement change_devices(const struct writing *writing)
{
    struct items items = { NULL, 0, 0 };
    bool canonical = true;
    for (const struct config_device *at = writing->document->config->devices; at; at = at->next) {
        if (!is_listed(at))
            continue;
        canonical = canonical && is_canonical(at);
        offer_path(writing, at);
        items_add(writing->arena, &items,
                  at->origin == ORIGIN_USB && at->at_creation
                      ? device_model_of(at->kind)->name
                      : config_device_item(writing->arena, at));
    }
    struct replacement change = change_to(writing, &items);
    change.touch = !canonical;
    return change;
}

static struct replacement change_controllers(const struct writing *writing)
{
    struct items items = { NULL, 0, 0 };
    bool canonical = true;
    for (const struct config_controller *at = writing->document->config->controllers; at;
         at = at->next) {
        if (is_kept(at))
            continue;
        canonical =
            canonical && (at->origin == ORIGIN_USBCONTROLLER || at->origin == ORIGIN_USBVERSION);
        items_add(writing->arena, &items, config_controller_item(writing->arena, at));
    }
    struct replacement change = change_to(writing, &items);
    change.touch = !canonical;
    return change;
}

// In a file with usbcontroller, usbversion is just a default and does not create a controller,
// unless there is a redirection.
static void refuse_version(const struct writing *writing)
{
    const struct config *config = writing->document->config;
    const struct config_controller *controller = config->controllers;
    const struct config_device *device = config->devices;
    while (controller && !(controller->origin == ORIGIN_USBVERSION && controller->at_creation))
        controller = controller->next;
    while (device && device->origin != ORIGIN_USBVERSION)
        device = device->next;
    if (controller && !device)
        diag_hint(
            writing->diags,
            write_error(writing, controller->why,
                        "with usbcontroller in the same file, this no longer creates a controller"),
            "remove the other controllers, or replace this with "
            "usbcontroller=['type=emul,usbversion=3']");
}

void write_xenusb(struct writing *writing)
{
    static const struct replacement removed = { true, NULL };
    struct rewrite rewrite;
    struct replacement changes[KEY_COUNT] = {
        [KEY_USBCTRL] = removed, [KEY_USBDEV] = removed, [KEY_VUSB] = removed
    };
    changes[KEY_USBCONTROLLER] = change_controllers(writing);
    changes[KEY_USBDEVICE] = change_devices(writing);
    for (const struct config_controller *at = writing->document->config->controllers; at;
         at = at->next) {
        if (at->origin == ORIGIN_USB && at->at_creation)
            changes[KEY_USB].value = "1";
        if (at->origin == ORIGIN_USBVERSION && at->at_creation && !at->model->companion)
            changes[KEY_USBVERSION].value = arena_printf(writing->arena, "%u", at->version.value);
    }
    if (changes[KEY_USBCONTROLLER].touch && changes[KEY_USBCONTROLLER].value)
        refuse_version(writing);
    rewrite_init(&rewrite, writing->arena, writing->document->source, writing->comments);
    rewrite_keys(&rewrite, writing->document->statements, changes);
    write_rewritten(writing, &rewrite, changes);
}
