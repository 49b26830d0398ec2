// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "declaring.h"
#include "parser/translate.h"
#include "plan/declare.h"
#include "plan/presence.h"
#include "watch/uuid_file.h"

static const char unattached[] = "/machine/unattached/";

static bool is_of_machine(const char *path)
{
    return text_starts(text_of(path), unattached);
}

// Whether nothing in it would be read differently, or do something to a terminal.
static bool is_plain(struct arena *arena, const char *string)
{
    return !string || strcmp(text_show(arena, text_of(string), SIZE_MAX), string) == 0;
}

// ---- controllers ----

// Whether a config can name a controller so (xenusb_is_name() of the parser).
static bool is_name(const char *name)
{
    struct text text = text_of(name);
    for (size_t i = 0; i < text.size; i++) {
        char lower = text_lower(text.at[i]);
        bool letter = lower >= 'a' && lower <= 'z';
        bool other = (lower >= '0' && lower <= '9') || lower == '-' || lower == '_';
        if (!letter && (i == 0 || !other))
            return false;
    }
    return text.size > 0 && text.size <= 32;
}

static bool is_numbered(const char *name)
{
    uint64_t number;
    return text_number(text_of(name), 10, 0, INT32_MAX, &number) == NUMBER_OK;
}

// Why no config can ask for it; NULL if one can.
static const char *why_not_controller(struct arena *arena, const struct controller *from)
{
    if (from->stale)
        return "only xenstore has a record of it";
    if (!from->model || from->model->companion)
        return arena_printf(arena, "xenusb cannot add a %s", from->driver);
    if (!is_numbered(from->name) && !is_name(from->name))
        return "no config can have its name";
    if (is_of_machine(from->path))
        return "it belongs to the machine, of which usb=1 makes the first only";
    return NULL;
}

// One of xl's has no name. It is recognised by its number if that is its place in the config.
static void name_item(const struct declaring *declaring, struct declared_controller *to,
                      unsigned number)
{
    const struct controller *from = to->from;
    const char *name = from->name;
    bool numbered = is_numbered(name);
    if (numbered)
        name = arena_printf(declaring->arena, CONTROLLER_OF_XL "%s", name);
    to->item = declare_controller(declaring->arena, from, name);
    if (!numbered || from->index != (int)number)
        to->item->name_at = DECLARED;
    to->item->index = number;
}

static void report_ports(struct declaring *declaring, const struct controller *from)
{
    if (from->ports_usb2 != from->ports_usb3 && from->model->version == 3)
        declaring_leave_out(declaring,
                            arena_printf(declaring->arena, "the number of ports of %s", from->name),
                            arena_printf(declaring->arena, "it has %u for USB 2 and %u for USB 3",
                                         from->ports_usb2, from->ports_usb3));
}

static void declare_item(struct declaring *declaring, struct declared_controller *to,
                         unsigned *number)
{
    const char *why = why_not_controller(declaring->arena, to->from);
    if (why) {
        declaring_leave_out(declaring,
                            arena_printf(declaring->arena, "controller %s", to->from->name), why);
        return;
    }
    to->as = DECLARED_AS_ITEM;
    name_item(declaring, to, (*number)++);
    report_ports(declaring, to->from);
}

// Gives those of xl's their default names, which no other has.
static void settle_names(struct declaring *declaring, unsigned number)
{
    struct config config = { .controller_count = number };
    struct config_controller **last = &config.controllers;
    config.domain.type = declaring->world->session.domain->type;
    for (size_t i = 0; i < declaring->count; i++)
        if (declaring->controllers[i].item) {
            *last = declaring->controllers[i].item;
            last = &(*last)->next;
        }
    config_settle(declaring->arena, &config);
    for (size_t i = 0; i < declaring->count; i++)
        if (declaring->controllers[i].item)
            declaring->controllers[i].word = declaring->controllers[i].item->name;
}

void declare_controllers(struct declaring *declaring)
{
    bool machine = false;
    unsigned number = 0;
    for (size_t i = 0; i < declaring->count; i++) {
        struct declared_controller *to = &declaring->controllers[i];
        if (to->as == DECLARED_AS_ARGUMENT) {
            to->word = to->from->bus;
        } else if (!machine && !to->from->stale && is_of_machine(to->from->path)) {
            to->as = DECLARED_AS_MACHINE;
            to->word = "usb";
            machine = true;
        } else {
            declare_item(declaring, to, &number);
        }
    }
    settle_names(declaring, number);
}

// ---- devices ----

// A device that QEMU made with -usbdevice; its kind alone asks for it.
static bool is_classic(const struct declared_controller *on, const struct device *from)
{
    return on->as == DECLARED_AS_MACHINE && is_of_machine(from->path) && !*from->id &&
           (from->kind == DEVICE_TABLET || from->kind == DEVICE_MOUSE ||
            from->kind == DEVICE_KEYBOARD || from->kind == DEVICE_WACOM_TABLET ||
            from->kind == DEVICE_BRAILLE);
}

// Why no config can ask for that device; NULL if one can.
static const char *why_not_device(struct arena *arena, const struct device *from)
{
    const struct device_model *model = device_model_of(from->kind);
    if (!model || strcmp(model->driver, from->driver) != 0)
        return arena_printf(arena, "xenusb cannot add a %s", from->driver);
    if (model->needs_file && !from->file)
        return "QEMU does not tell its image";
    if (!is_plain(arena, from->file) || !is_plain(arena, from->chardev) ||
        !is_plain(arena, from->audiodev))
        return "there are control characters in the name of its file";
    return from->undescribed;
}

// What the guest had, or waits for; false if that is not known.
static bool select_unattached(const struct declaring *declaring, const struct device *from,
                              struct selector *selector)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS, id = SELECT_VENDOR | SELECT_PRODUCT;
    *selector = from->selector;
    if (from->now)
        uuid_file_select(declaring->world->session.host, from->now, selector);
    // An address lasts only until the device is unplugged.
    if (selector->criteria & ~address)
        selector->criteria &= ~address;
    if (from->label && !(selector->criteria & id) &&
        host_label_read(text_of(from->label), &selector->vendor, &selector->product))
        selector->criteria |= id;
    return selector->criteria;
}

static bool select_host_device(const struct declaring *declaring, const struct device *from,
                               struct selector *selector)
{
    *selector = (struct selector){ .criteria = 0 };
    if (from->controller->backend_domain && from->selector.criteria & SELECT_BUSID) {
        selector->criteria =
            SELECT_BUSID; // of another domain's host devices, nothing else is known
        memcpy(selector->busid, from->selector.busid, sizeof selector->busid);
        return true;
    }
    if (!from->host)
        return select_unattached(declaring, from, selector);
    uuid_file_select(declaring->world->session.host, from->host, selector);
    return true;
}

// A comment above the item of a device that the guest does not have at the moment.
static void add_state(const struct declaring *declaring, const struct device *from,
                      struct buffer *lines)
{
    struct arena *arena = declaring->arena;
    const char *what = arena_printf(arena, "%s is %s%s%s", device_position(arena, from),
                                    device_state_name(from->state), from->reason ? ": " : "",
                                    from->reason ? from->reason : "");
    buffer_printf(lines, "    # %s\n", text_show(arena, text_of(what), 200));
    complain(declaring->diags, SEVERITY_WARNING, CODE_NOT_ATTACHED, NULL, SPAN_NONE, "%s", what);
}

static void add_item(struct declaring *declaring, const struct declared_controller *on,
                     const struct device *from, struct buffer *lines)
{
    struct arena *arena = declaring->arena;
    struct config_device *item = declare_device(arena, from, on->word);
    const char *what =
        arena_printf(arena, "%s at %s", device_label(arena, from), device_position(arena, from));
    bool is_host = from->kind == DEVICE_HOSTDEV;
    bool had = from->state == DEVICE_ATTACHED || from->state == DEVICE_PRESENT;
    const char *why = why_not_device(arena, from);
    if (!why && is_host && !select_host_device(declaring, from, &item->selector))
        why = "it is not known which device that is";
    if (why) {
        declaring_leave_out(declaring, what, why);
        return;
    }
    if (!had) {
        add_state(declaring, from, lines);
        item->required = (struct config_flag){ DECLARED, false };
    }
    if (from->state == DEVICE_UNKNOWN)
        declaring->incomplete = true;
    if (!from->port.depth)
        declaring_leave_out(declaring, arena_printf(arena, "the port of %s", what),
                            "QEMU does not tell it");
    buffer_printf(lines, "    %s,", config_quoted(arena, config_device_item(arena, item)));
    if (from->host) {
        host_read_strings(from->host, HOST_NAME);
        buffer_printf(lines, "%s%s", *from->host->name ? " # " : "",
                      text_show(arena, text_of(from->host->name), 80));
    }
    buffer_add_string(lines, "\n");
}

static void declare_device_of(struct declaring *declaring, const struct declared_controller *on,
                              const struct declared_device *at, struct buffer *lines)
{
    struct arena *arena = declaring->arena;
    const struct device *from = at->from;
    if (at->as == DECLARED_AS_ARGUMENT)
        return;
    if (on->as == DECLARED_NOT)
        declaring_leave_out(
            declaring, device_label(arena, from),
            arena_printf(arena, "it is on controller %s, which is not here", on->from->name));
    else if (is_classic(on, from))
        buffer_printf(lines, "    '%s',\n", device_kind_name(from));
    else
        add_item(declaring, on, from, lines);
}

void declare_devices(struct declaring *declaring, struct buffer *lines)
{
    for (size_t i = 0; i < declaring->count; i++) {
        const struct declared_controller *on = &declaring->controllers[i];
        for (size_t j = 0; j < on->count; j++)
            declare_device_of(declaring, on, &on->devices[j], lines);
    }
}
