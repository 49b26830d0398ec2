// SPDX-License-Identifier: MIT
// --to xl: usbctrl and usbdev for devices that are attached, usb and usbdevice for those that QEMU
// emulates. PVUSB is always type=qusb: without a type no QEMU serves it when the guest is created,
// and the guest waits for it. Added emulated controllers have version 3: libxl's version 2 is an
// EHCI without companions, which does not support keyboards.
#include "write.h"

#include "arrange.h"
#include "base/arena.h"
#include "base/capture.h"
#include "cold.h"
#include "preamble.h"
#include "xlu.h"
#include "xlu_check.h"

struct xl {
    struct writing *writing;
    const struct config *config;
    struct arrangement arrangement;
    struct replacement changes[KEY_COUNT];
};

// --- controllers ---

static void refuse_controller(const struct xl *xl, const struct config_controller *controller)
{
    const struct writing *writing = xl->writing;
    if (controller->model && controller->model->driver && !controller->model->libxl_version)
        diag_hint(
            writing->diags,
            write_error(writing,
                        span_is_none(controller->model_at) ? controller->why : controller->model_at,
                        "xl cannot create a %s", controller->model->name),
            "use piix3-uhci, ehci or nec-xhci, or "
            "device_model_args_hvm=['-device','%s,id=%s']",
            controller->model->driver, controller->name);
    if (GIVEN(controller->backend))
        diag_hint(writing->diags,
                  write_error(writing, controller->backend.at,
                              "xl cannot express the backend domain of a USB controller"),
                  "without it, the backend is dom0");
}

// Warns if the version is unknown because the guest's type is.
static void warn_about_version(const struct xl *xl, const struct arranged_controller *at)
{
    if (!at->version)
        diag_hint(
            xl->writing->diags,
            write_warning(
                xl->writing, at->why,
                "xl makes this a version 2 controller, which does not support keyboards in an "
                "hvm guest"),
            "set usbversion=, or the type of the guest: type=\"hvm\"");
}

static const char *controller_spec(const struct xl *xl, const struct arranged_controller *at)
{
    struct arena *arena = xl->writing->arena;
    const char *type = at->type == CONTROLLER_EMULATED ? "devicemodel"
                       : at->type == CONTROLLER_AUTO   ? "auto"
                       : at->kernel                    ? "pv"
                                                       : "qusb";
    const char *spec = spec_add(arena, "", "type", "%s", type);
    if (at->version)
        spec = spec_add(arena, spec, "version", "%u", at->version);
    return at->ports ? spec_add(arena, spec, "ports", "%u", at->ports) : spec;
}

// Whether xl creates the same controller from the original statement.
static bool is_as_written(const struct config_controller *controller)
{
    return controller->origin == ORIGIN_USBCTRL &&
           (controller->type != CONTROLLER_PV || !span_is_none(controller->type_at));
}

static void change_controllers(struct xl *xl)
{
    struct items items = { NULL, 0, 0 };
    bool same = true;
    for (const struct arranged_controller *at = xl->arrangement.controllers; at; at = at->next) {
        if (at->wanted && is_left_to_xl(at->wanted))
            continue;
        same = same && !at->qemu_id;
        if (at->qemu_id)
            continue;
        if (at->wanted)
            refuse_controller(xl, at->wanted);
        same = same && at->wanted && is_as_written(at->wanted);
        warn_about_version(xl, at);
        items_add(xl->writing->arena, &items, controller_spec(xl, at));
    }
    xl->changes[KEY_USBCTRL] = change_to(xl->writing, &items);
    xl->changes[KEY_USBCTRL].touch = !same;
}

// --- devices ---

// Whether usbdevice supports it.
static bool is_classic_kind(enum device_kind kind)
{
    return kind == DEVICE_TABLET || kind == DEVICE_MOUSE || kind == DEVICE_KEYBOARD ||
           kind == DEVICE_WACOM_TABLET || kind == DEVICE_BRAILLE;
}

// The controller that libxl creates for usbversion, or NULL.
static const struct config_controller *version_controller(const struct xl *xl)
{
    const struct config_controller *at = xl->config->controllers;
    while (at && !(at->origin == ORIGIN_USBVERSION && at->at_creation))
        at = at->next;
    return at;
}

static void refuse_device(const struct xl *xl, const struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    struct diag *diag = write_error(xl->writing, device->why, "xl cannot express this %s",
                                    model ? model->name : "device");
    if (model && is_classic_kind(device->kind) && !version_controller(xl))
        diag_hint(xl->writing->diags, diag, "use usb=1 and usbdevice=['%s'], without a controller",
                  model->name);
    else
        diag_hint(xl->writing->diags, diag, "use device_model_args_hvm=['-device','%s,...']",
                  model ? model->driver : "usb-...");
}

// Reports the properties of QEMU's devices that an item has.
static void refuse_properties(const struct xl *xl, const struct config_device *device)
{
    for (const struct config_property *at = device->properties; at; at = at->next)
        diag_hint(xl->writing->diags,
                  write_error(xl->writing, at->value.at, "xl cannot express QEMU's property %s=%s",
                              text_show(xl->writing->arena, at->name, 40),
                              text_show(xl->writing->arena, at->value.text, 40)),
                  "use device_model_args_hvm=['-device','%s,...']",
                  device_model_of(device->kind)->driver);
}

// Sets usbdevice. Returns whether a device that would have been attached is now created with the
// guest.
static bool change_classic(struct xl *xl)
{
    struct items items = { NULL, 0, 0 };
    bool same = true, moved = false;
    for (const struct config_device *at = xl->config->devices; at; at = at->next) {
        bool listed = at->origin == ORIGIN_USB || at->origin == ORIGIN_USBCONTROLLER;
        bool classic = at->origin == ORIGIN_USB && at->at_creation;
        if (at->origin == ORIGIN_QEMU && !at->at_creation)
            diag_hint(xl->writing->diags,
                      write_error(xl->writing, at->why, "QEMU does not start with this argument"),
                      "use usbdevice=['...'] instead");
        if (!listed)
            continue;
        same = same && classic;
        refuse_properties(xl, at);
        if (at->kind == DEVICE_HOSTDEV || at->properties)
            continue;
        bool plain = is_classic_kind(at->kind) && !at->controller && !at->port.depth &&
                     !GIVEN(at->chardev) && !version_controller(xl);
        if (!classic && !plain) {
            refuse_device(xl, at);
            continue;
        }
        if (!classic)
            diag_hint(xl->writing->diags,
                      write_warning(xl->writing, at->why,
                                    "xl cannot attach a %s: the guest will be created with it",
                                    device_model_of(at->kind)->name),
                      "it will be on the controller of usb=1");
        moved = moved || !classic;
        items_add(xl->writing->arena, &items, device_model_of(at->kind)->name);
    }
    xl->changes[KEY_USBDEVICE] = change_to(xl->writing, &items);
    xl->changes[KEY_USBDEVICE].touch = !same;
    return moved;
}

static const char *device_spec(const struct xl *xl, const struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    struct arena *arena = xl->writing->arena;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    struct span at = span_is_none(wanted->selector_at) ? wanted->why : wanted->selector_at;
    if (!device->found && wanted->selector.criteria != address) { // more would be lost
        diag_hint(xl->writing->diags,
                  write_error(xl->writing, at,
                              "xl selects devices only by bus and address, not by %s",
                              selector_show(arena, &wanted->selector)),
                  xl->writing->host ? "plug it in, or write hostbus=BUS,hostaddr=ADDRESS"
                                    : "use --resolve on the host that has it, or write "
                                      "hostbus=BUS,hostaddr=ADDRESS");
        return "";
    }
    if (device->port.depth > 1)
        diag_hint(
            xl->writing->diags,
            write_error(xl->writing, wanted->port_at, "xl does not support ports behind a hub"),
            "use a port of the controller itself");
    if (GIVEN(wanted->required) && !wanted->required.value && !device->found)
        diag_hint(xl->writing->diags,
                  write_warning(xl->writing, wanted->required.at, "xl does not support 'required'"),
                  "xl does not start the guest if the device is not plugged in");
    unsigned bus = device->found ? device->found->bus : wanted->selector.bus;
    unsigned number = device->found ? device->found->address : wanted->selector.address;
    const char *spec = spec_add(arena, "type=hostdev", "hostbus", "%u", bus);
    spec = spec_add(arena, spec, "hostaddr", "%u", number);
    if (device->controller && device->controller->wanted && device->controller->wanted->at_creation)
        diag_hint(xl->writing->diags,
                  write_error(xl->writing, wanted->why,
                              "xl cannot attach a device to controller '%s'",
                              device->controller->name),
                  "xl only uses the controllers of usbctrl");
    if (device->controller)
        spec = spec_add(arena, spec, "controller", "%u", device->controller->index);
    return device->port.depth ? spec_add(arena, spec, "port", "%u", device->port.number[0]) : spec;
}

// Whether xl can be left to choose the ports: not if it might choose another controller, or a port
// that a later item names.
static bool can_leave_ports_to_xl(const struct xl *xl)
{
    bool named = false, any = false, chosen = false;
    for (size_t i = 0; i < xl->arrangement.count; i++) {
        const struct arranged_device *at = &xl->arrangement.devices[i];
        if (at->wanted->kind != DEVICE_HOSTDEV || at->wanted->at_creation)
            continue;
        named = named || at->wanted->port.depth;
        any = any || !at->wanted->port.depth;
        chosen = chosen || !at->wanted->controller;
    }
    return !(chosen || (named && any));
}

static bool is_without_type(const struct xl *xl)
{
    for (const struct arranged_controller *at = xl->arrangement.controllers; at; at = at->next)
        if (at->model || !at->wanted)
            return false;
    return xl->config->domain.type == DOMAIN_UNKNOWN;
}

// Whether the item has type=hostdev. Without it xl attaches the device, but the config that libxl
// keeps for the next start of the guest has neither bus nor address (libxl_device_usbdev_copy: the
// union is keyed by the type).
static bool is_typed(const struct config_device *device)
{
    return device->origin == ORIGIN_USBCTRL && !span_is_none(device->kind_at);
}

static void change_devices(struct xl *xl)
{
    struct items items = { NULL, 0, 0 };
    bool same = can_leave_ports_to_xl(xl) || is_without_type(xl);
    for (size_t i = 0; i < xl->arrangement.count; i++) {
        const struct arranged_device *at = &xl->arrangement.devices[i];
        if (at->wanted->kind != DEVICE_HOSTDEV || at->wanted->origin == ORIGIN_QEMU)
            continue;
        const bool later = cold_has_device(xl->writing, at);
        same = same && is_typed(at->wanted) && !at->left_out && !later;
        if (!at->left_out && !later)
            items_add(xl->writing->arena, &items, device_spec(xl, at));
    }
    xl->changes[KEY_USBDEV] = change_to(xl->writing, &items);
    xl->changes[KEY_USBDEV].touch = !same;
}

// --- plain numbers ---

static bool has_classic(const struct xl *xl)
{
    const struct config_controller *at = xl->config->controllers;
    while (at && !(at->origin == ORIGIN_USB && at->at_creation))
        at = at->next;
    return at;
}

static void change_numbers(struct xl *xl, bool moved)
{
    const struct config_controller *version = version_controller(xl);
    unsigned redirections = 0;
    for (const struct config_device *at = xl->config->devices; at; at = at->next)
        redirections += at->origin == ORIGIN_USBVERSION;
    bool usb = has_classic(xl) || moved;
    xl->changes[KEY_USB] = (struct replacement){ moved && !has_classic(xl),
                                                 !domain_has_machine(xl->config->domain.type) ? NULL
                                                 : usb                                        ? "1"
                                                       : "0" };
    bool unknown = xl->config->domain.type == DOMAIN_UNKNOWN;
    xl->changes[KEY_USBVERSION] = (struct replacement){
        !version && !unknown,
        version ? arena_printf(xl->writing->arena, "%u", version->version.value) : NULL
    };
    xl->changes[KEY_SPICEUSBREDIRECTION] =
        (struct replacement){ false, !domain_has_machine(xl->config->domain.type)
                                         ? NULL
                                         : arena_printf(xl->writing->arena, "%u", redirections) };
}

// --- statements that can stay ---

static struct text text_at(const struct xl *xl, struct span at)
{
    return text_part(xl->writing->document->source->text, at.from, at.to);
}

// Whether xl accepts a statement and reads it as we do.
static bool is_clean(const struct xl *xl, const struct statement *statement)
{
    return !xl->writing->diags->dropped &&
           !diags_within(xl->writing->diags, xl->writing->document->source, statement->at) &&
           xlu_reads(text_at(xl, statement->at));
}

// Whether a translation writes that key: not the QEMU arguments.
static bool is_written_by_us(enum key key)
{
    return key != KEY_DEVICE_MODEL_ARGS && key != KEY_DEVICE_MODEL_ARGS_HVM &&
           key != KEY_DEVICE_MODEL_ARGS_PV;
}

// Makes a list of QEMU arguments that are one string, which xl refuses.
static void enclose_arguments(struct xl *xl)
{
    struct arena *arena = xl->writing->arena;
    for (const struct statement *at = xl->writing->document->statements; at; at = at->next) {
        if (at->kind != STATEMENT_USB || is_written_by_us(at->key))
            continue;
        struct text value = text_at(xl, at->value_at);
        bool string = *value.at == '\'' || *value.at == '"';
        if (string && at->append)
            diag_hint(xl->writing->diags,
                      write_error(xl->writing, at->value_at, "xl cannot add a string to '%s'",
                                  key_name(at->key)),
                      "put [ ] around all of its strings");
        else if (!at->append)
            xl->changes[at->key] = (struct replacement){
                string, string ? arena_printf(arena, "[%.*s]", (int)value.size, value.at) : NULL
            };
    }
}

// Rewrites statements that xl refuses or reads differently, and leaves those alone that have the
// right value already.
static void check_statements(struct xl *xl)
{
    unsigned count[KEY_COUNT] = { 0 };
    bool equal[KEY_COUNT] = { false };
    for (const struct statement *at = xl->writing->document->statements; at; at = at->next) {
        if (at->kind != STATEMENT_USB)
            continue;
        struct replacement *change = &xl->changes[at->key];
        count[at->key]++;
        equal[at->key] =
            change->value && !at->append && text_is(text_at(xl, at->value_at), change->value);
        if (!change->touch && is_written_by_us(at->key) && !is_clean(xl, at))
            change->touch = true;
    }
    for (int key = 0; key < KEY_COUNT; key++)
        if (count[key] == 1 && equal[key])
            xl->changes[key].touch = false;
}

// --- the whole ---

static void print_and_check(const struct xl *xl, const struct rewrite *rewrite)
{
    struct capture capture;
    struct writing whole = *xl->writing;
    capture_begin(&capture, xl->writing->arena);
    whole.out = capture.stream;
    write_rewritten(&whole, rewrite, xl->changes);
    struct text text = capture_end(&capture);
    if (!whole.only && !whole.document->foreign)
        xlu_check(&whole, rewrite, text);
    fwrite(text.at, 1, text.size, xl->writing->out);
}

void write_xl(struct writing *writing)
{
    static const struct replacement removed = { true, NULL };
    struct xl xl = { .writing = writing, .config = writing->document->config };
    struct rewrite rewrite;
    xl.changes[KEY_VUSB] = xl.changes[KEY_USBCONTROLLER] = removed;
    arrange(writing, ARRANGE_XEN, &xl.arrangement);
    cold_arrange(writing, &xl.arrangement);
    change_controllers(&xl);
    change_devices(&xl);
    change_numbers(&xl, change_classic(&xl));
    enclose_arguments(&xl);
    const struct replacement cold = cold_arguments(writing, &xl.arrangement);
    if (cold.touch)
        xl.changes[KEY_DEVICE_MODEL_ARGS_HVM] = cold;
    check_statements(&xl);
    preamble_resolve(writing->arena, writing->diags, writing->document);
    rewrite_init(&rewrite, writing->arena, writing->document->source, writing->comments);
    rewrite_keys(&rewrite, writing->document->statements, xl.changes);
    print_and_check(&xl, &rewrite);
    cold_write_devices(writing, &xl.arrangement);
    cold_note_hot(writing, &xl.arrangement);
}
