// SPDX-License-Identifier: MIT
#include "cold.h"

#include "base/arena.h"
#include "base/capture.h"

// libxl's default for xHCI controllers (libxl_usb.c).
enum { LIBXL_PORTS = 8 };

static bool is_for_machine(const struct writing *writing)
{
    return domain_has_machine(writing->document->config->domain.type);
}

// Whether xl would add it while QEMU runs.
static bool is_hot(const struct arranged_controller *at)
{
    return at->type == CONTROLLER_EMULATED && at->model &&
           !(at->wanted && is_left_to_xl(at->wanted));
}

// ---- ids ----

// The lowest number that no controller in the arguments of QEMU has.
static unsigned after_given(const struct arrangement *arrangement, unsigned next)
{
    static const char prefix[] = "xenusb-";
    for (const struct arranged_controller *at = arrangement->controllers; at; at = at->next) {
        struct text name = text_of(at->name);
        uint64_t number = 0;
        if (at->wanted && at->wanted->origin == ORIGIN_QEMU && text_starts(name, prefix) &&
            text_number(text_part(name, sizeof prefix - 1, name.size), 10, 0, UINT16_MAX,
                        &number) == NUMBER_OK &&
            number >= next)
            next = (unsigned)number + 1;
    }
    return next;
}

// One that libxl cannot express keeps its name, by which the devices find it.
static void name_controller(const struct writing *writing, struct arranged_controller *at,
                            unsigned *next)
{
    if (!at->model->libxl_version) {
        at->qemu_id = at->name;
        return;
    }
    at->index = (*next)++;
    at->qemu_id = arena_printf(writing->arena, "xenusb-%u", at->index);
}

void cold_arrange(struct writing *writing, struct arrangement *arrangement)
{
    unsigned next = 0;
    if (writing->controllers != CONTROLLERS_COLD)
        return;
    if (!is_for_machine(writing)) {
        write_note(writing, SPAN_NONE,
                   "only the controllers of an hvm guest are arguments of QEMU: these stay as "
                   "they are");
        return;
    }
    // xl counts those that it adds.
    for (struct arranged_controller *at = arrangement->controllers; at; at = at->next)
        if (!is_hot(at) && !(at->wanted && is_left_to_xl(at->wanted)))
            at->index = next++;
    next = after_given(arrangement, next);
    for (struct arranged_controller *at = arrangement->controllers; at; at = at->next)
        if (is_hot(at))
            name_controller(writing, at, &next);
}

// ---- arguments of QEMU ----

static const char *argument_of(struct arena *arena, const struct arranged_controller *at)
{
    const unsigned ports = at->ports ? at->ports : LIBXL_PORTS;
    const char *text = arena_printf(arena, "%s,id=%s", at->model->driver, at->qemu_id);
    if (at->model->version == 3)
        return arena_printf(arena, "%s,p2=%u,p3=%u", text, ports, ports);
    return at->model->ports < at->model->ports_max && at->ports
               ? arena_printf(arena, "%s,num-ports=%u", text, ports)
               : text;
}

// Where the last item of a list ends, or its "["; 0 if it is not a list. Quotes hide brackets and
// comments.
static size_t end_of_items(struct text list)
{
    size_t end = 0;
    int quote = 0;
    if (!list.size || list.at[0] != '[' || list.at[list.size - 1] != ']')
        return 0;
    for (size_t i = 0; i < list.size - 1; i++) {
        const char byte = list.at[i];
        if (!quote && byte == '#')
            i = text_find(list, '\n', i);
        else if (quote || !strchr(" \t\f\v\r\n", byte))
            end = i + 1;
        if (quote && byte == '\\')
            end = ++i + 1;
        else if (quote ? byte == quote : byte == '\'' || byte == '"')
            quote = quote ? 0 : byte;
    }
    return end;
}

// The list with these items, which are a list, too, after its own.
static const char *list_with(struct arena *arena, struct text list, struct text items)
{
    const size_t end = end_of_items(list);
    const struct text more = text_part(items, 1, items.size - 1);
    if (!end)
        return NULL;
    const bool separated = list.at[end - 1] == '[' || list.at[end - 1] == ',';
    return arena_printf(arena, "%.*s%s%.*s%.*s", (int)end, list.at, separated ? "" : ", ",
                        (int)more.size, more.at, (int)(list.size - end), list.at + end);
}

static const struct statement *statement_of(const struct statement *from, enum key key)
{
    while (from && !(from->kind == STATEMENT_USB && from->key == key))
        from = from->next;
    return from;
}

struct replacement cold_arguments(const struct writing *writing,
                                  const struct arrangement *arrangement)
{
    struct arena *arena = writing->arena;
    struct items items = { NULL, 0, 0 };
    for (const struct arranged_controller *at = arrangement->controllers; at; at = at->next) {
        if (!at->qemu_id)
            continue;
        items_add(arena, &items, "-device");
        items_add(arena, &items, argument_of(arena, at));
    }
    if (!items.count)
        return (struct replacement){ false, NULL };
    struct replacement change = change_to(writing, &items);
    const struct statement *there =
        statement_of(writing->document->statements, KEY_DEVICE_MODEL_ARGS_HVM);
    if (!there)
        return change;
    const struct statement *second = statement_of(there->next, KEY_DEVICE_MODEL_ARGS_HVM);
    const struct text list =
        text_part(writing->document->source->text, there->value_at.from, there->value_at.to);
    change.value = second ? NULL : list_with(arena, list, text_of(change.value));
    if (!change.value)
        diag_hint(writing->diags,
                  write_error(writing, second ? second->at : there->value_at,
                              "the controllers cannot be added to these arguments"),
                  "make it one statement with one list");
    return change;
}

// ---- devices ----

bool cold_has_device(const struct writing *writing, const struct arranged_device *device)
{
    return writing->controllers == CONTROLLERS_COLD && is_for_machine(writing) &&
           device->wanted->kind == DEVICE_HOSTDEV && device->wanted->origin != ORIGIN_QEMU &&
           (!device->controller || device->controller->type == CONTROLLER_EMULATED);
}

static const char *item_of(struct arena *arena, const struct arranged_device *device)
{
    static const struct span given = { 0, 1 }; // the position of what no source has
    struct config_device wanted = *device->wanted;
    const struct arranged_controller *on = device->controller;
    if (on) {
        wanted.controller = NULL;
        wanted.controller_name =
            (struct config_text){ .text = text_of(on->qemu_id ? on->qemu_id : on->name),
                                  .at = given };
    }
    if (device->port.depth)
        wanted.port = device->port;
    return config_device_item(arena, &wanted);
}

static bool has_devices(const struct writing *writing, const struct arrangement *arrangement,
                        const struct arranged_controller *controller)
{
    for (size_t i = 0; i < arrangement->count; i++)
        if (arrangement->devices[i].controller == controller &&
            cold_has_device(writing, &arrangement->devices[i]))
            return true;
    return false;
}

// The statements for the controllers that the devices name: those with which the guest is created.
static void write_controllers(const struct writing *writing, const struct arrangement *arrangement,
                              FILE *stream, const char *line_end)
{
    struct arena *arena = writing->arena;
    struct items items = { NULL, 0, 0 };
    for (const struct arranged_controller *at = arrangement->controllers; at; at = at->next) {
        const struct config_controller *wanted = at->wanted;
        if (!has_devices(writing, arrangement, at))
            continue;
        if (at->qemu_id || wanted->origin == ORIGIN_QEMU) {
            items_add(arena, &items, "-device");
            items_add(arena, &items,
                      at->qemu_id ? argument_of(arena, at)
                                  : arena_copy(arena, wanted->argument.at, wanted->argument.size));
        } else if (wanted->origin == ORIGIN_USBVERSION) {
            fprintf(stream, "usbversion = %u%s", at->version, line_end);
        } else {
            fprintf(stream, "usb = 1%s", line_end);
        }
    }
    if (items.count)
        fprintf(stream, "%s = %s%s", key_name(KEY_DEVICE_MODEL_ARGS_HVM),
                change_to(writing, &items).value, line_end);
}

void cold_write_devices(struct writing *writing, const struct arrangement *arrangement)
{
    const struct config_domain *domain = &writing->document->config->domain;
    struct items items = { NULL, 0, 0 };
    struct capture capture;
    for (size_t i = 0; i < arrangement->count; i++)
        if (cold_has_device(writing, &arrangement->devices[i]))
            items_add(writing->arena, &items, item_of(writing->arena, &arrangement->devices[i]));
    if (!items.count)
        return;
    capture_begin(&capture, writing->arena);
    const char *line_end = rewrite_line_end(writing->document->source);
    fprintf(capture.stream,
            "# The USB devices of this guest, which xl cannot attach when it creates it.%s",
            line_end);
    write_string(capture.stream, "name", domain->name.text, line_end);
    // Also if the type is not set, with which an emulated controller means that.
    fprintf(capture.stream, "type = \"hvm\"%s", line_end);
    write_controllers(writing, arrangement, capture.stream, line_end);
    fprintf(capture.stream, "usbdevice = %s%s", change_to(writing, &items).value, line_end);
    writing->devices = capture_end(&capture);
}

// ---- hot ----

void cold_note_hot(const struct writing *writing, const struct arrangement *arrangement)
{
    const struct arranged_controller *at = arrangement->controllers;
    while (at && !is_hot(at))
        at = at->next;
    if (at && writing->controllers == CONTROLLERS_ANY && is_for_machine(writing) &&
        !writing->diags->errors)
        diag_hint(writing->diags,
                  write_note(writing, at->why,
                             "xl adds this controller while QEMU runs, so the guest cannot be "
                             "restored after it was saved"),
                  "with --controllers cold it can, once its devices are parked");
}
