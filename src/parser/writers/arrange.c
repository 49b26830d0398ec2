// SPDX-License-Identifier: MIT
#include "arrange.h"

#include "write.h"

#include "base/arena.h"
#include "plan/layout.h"
#include "plan/spread.h"
#include "xen/advice.h"

// The state of arrange().
struct arranging {
    struct writing *writing;
    struct arrangement *arrangement;
    struct layout layout;
    struct arranged_controller **of_wanted; // by the index of the wanted controller
    struct arranged_controller **of_made;   // those that were added, by their number in the layout
    struct arranged_controller **last;
    unsigned next_index;
};

// --- host devices ---

static void report_lookup(struct writing *writing, const struct arranged_device *device,
                          unsigned count)
{
    const struct selector *selector = &device->wanted->selector;
    struct span at = span_is_none(device->wanted->selector_at) ? device->wanted->why
                                                               : device->wanted->selector_at;
    const char *shown = selector_show(writing->arena, selector);
    if (count > 1)
        diag_hint(
            writing->diags,
            diag_is(write_error(writing, at, "%u devices on this host match %s", count, shown),
                    CODE_AMBIGUOUS),
            "add busid=, hostaddr= or serial=; %s",
            advice(writing->arena, ADVICE_DEVICES, NULL, NULL));
    else if (count)
        diag_hint(writing->diags, write_error(writing, at, "%s is a hub", shown),
                  "select the devices behind it");
    else
        diag_hint(writing->diags,
                  diag_is(write_error(writing, at, "%s is not plugged into this host", shown),
                          CODE_NOT_PLUGGED_IN),
                  "plug it in, or translate without --resolve");
}

// A group that the host was not asked about.
static void report_group(struct writing *writing, struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    struct span at = GIVEN(wanted->count) ? wanted->count.at : wanted->all.at;
    device->left_out = true;
    diag_hint(writing->diags,
              write_error(writing, at, "this dialect names each device, not several at once"),
              "use --resolve on the host that has them");
}

static void report_missing(struct writing *writing, struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    const char *shown = selector_show(writing->arena, &wanted->selector);
    device->left_out = true;
    if (!wanted->required.value)
        write_warning(writing, wanted->why, "skipping %u of %s: not plugged in", wanted->missing,
                      shown);
    else
        diag_hint(writing->diags,
                  diag_is(write_error(writing, wanted->why, "%u of %s: not plugged into this host",
                                      wanted->missing, shown),
                          CODE_NOT_PLUGGED_IN),
                  "required=no leaves out what is missing");
}

static void look_up(struct writing *writing, struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    if (wanted->missing) {
        report_missing(writing, device);
        return;
    }
    if (config_device_is_group(wanted) && !wanted->group) {
        report_group(writing, device);
        return;
    }
    if (!writing->host || wanted->kind != DEVICE_HOSTDEV || !wanted->selector.criteria)
        return;
    unsigned count = host_select(writing->host, &wanted->selector, &device->found);
    if (count == 1 && !device->found->hub)
        return;
    if (!count)
        device->found = NULL;
    if (!count && !wanted->required.value) {
        device->left_out = true;
        write_warning(writing, wanted->why, "skipping %s: it is not plugged in",
                      selector_show(writing->arena, &wanted->selector));
    } else if (!count && wanted->selector.criteria == address) {
        write_warning(writing, wanted->why, "this host has no device %s at the moment",
                      selector_show(writing->arena, &wanted->selector));
    } else {
        report_lookup(writing, device, count);
        device->found = NULL;
    }
}

// --- controllers ---

static const struct controller_model *model_of(const struct config_controller *wanted)
{
    if (wanted->model)
        return wanted->model;
    if (wanted->type == CONTROLLER_PV)
        return controller_model_pvusb(wanted->version.value);
    return wanted->type == CONTROLLER_EMULATED ? controller_model_for(wanted->version.value) : NULL;
}

static struct arranged_controller *append(struct arranging *arranging)
{
    struct arranged_controller *at =
        arena_new_of(arranging->writing->arena, struct arranged_controller);
    *arranging->last = at;
    arranging->last = &at->next;
    return at;
}

static void add_wanted(struct arranging *arranging, const struct config_controller *wanted)
{
    struct arranged_controller *at = append(arranging);
    const struct controller *there = arranging->layout.of_controller[wanted->index];
    arranging->of_wanted[wanted->index] = at;
    at->wanted = wanted;
    at->model = model_of(wanted);
    at->type = wanted->type;
    at->kernel = wanted->pvusb == PVUSB_KERNEL;
    at->index = is_left_to_xl(wanted) ? 0 : arranging->next_index++;
    at->version = wanted->version.value;
    at->ports = wanted->ports.value;
    if (!at->ports && there && at->model && at->model->ports < at->model->ports_max)
        at->ports = there->ports;
    at->name = wanted->name;
    at->why = wanted->why;
}

// `why` is the place that asked for it: that of the first device on it.
static void add_made(struct arranging *arranging, const struct controller *made, struct span why)
{
    struct writing *writing = arranging->writing;
    struct arranged_controller *at = append(arranging);
    at->model = made->model;
    at->type = made->model->driver ? CONTROLLER_EMULATED : CONTROLLER_PV;
    at->index = arranging->next_index++;
    at->version = made->model->version;
    at->ports = made->ports;
    at->name = made->name;
    at->why = why;
    arranging->of_made[made->number] = at;
    if (made->model->driver && writing->document->config->domain.type == DOMAIN_UNKNOWN)
        write_warning(writing, at->why, "the type of the guest is not set: assuming hvm");
}

static void add_controllers(struct arranging *arranging)
{
    const struct config *config = arranging->writing->document->config;
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        add_wanted(arranging, at);
    const struct layout *layout = &arranging->layout;
    struct span *why =
        arena_array_of(arranging->writing->arena, struct span, layout->controller_count);
    for (size_t i = layout->count; i--;)
        if (layout->devices[i].controller)
            why[layout->devices[i].controller->number] = layout->devices[i].wanted->why;
    for (const struct controller *at = layout->topology.controllers; at; at = at->next)
        if (!at->wanted && at->devices)
            add_made(arranging, at, why[at->number]);
}

static struct arranged_controller *find(const struct arranging *arranging,
                                        const struct controller *controller)
{
    return controller->wanted ? arranging->of_wanted[controller->wanted->index]
                              : arranging->of_made[controller->number];
}

// --- devices ---

// Whether the place is left to the toolstack, which chooses it when the guest is created.
static bool is_placed_by_others(const struct config_device *wanted, enum arrange what)
{
    if (wanted->at_creation || wanted->controller)
        return false;
    bool attached_only = what == ARRANGE_XEN || what == ARRANGE_PVUSB;
    return GIVEN(wanted->controller_name) || (attached_only && wanted->kind != DEVICE_HOSTDEV);
}

// Why no PVUSB controller can have the device, whatever its version; NULL if that is not it.
static const char *pvusb_lacks(enum place_verdict verdict)
{
    if (verdict == PLACE_SPEED)
        return "PVUSB does not support its speed";
    if (verdict == PLACE_PROPERTIES)
        return "PVUSB does not support properties of QEMU's devices";
    return verdict == PLACE_ISOCHRONOUS ? "PVUSB does not support isochronous transfers" : NULL;
}

// What to do about a device that has no port.
static const char *port_advice(const struct arranging *arranging,
                               const struct config_device *wanted, enum place_verdict verdict)
{
    struct arena *arena = arranging->writing->arena;
    const struct layout *layout = &arranging->layout;
    const struct controller *at =
        wanted->controller ? layout->of_controller[wanted->controller->index] : NULL;
    if (at && at->ports < at->model->ports_max)
        return arena_printf(arena, "controller '%s' has %u ports: give it more, up to %u%s",
                            at->name, at->ports, at->model->ports_max,
                            verdict == PLACE_SHARED
                                ? " (no port number may be in use on two PVUSB controllers)"
                                : "");
    if (at && at->model->driver)
        return arena_printf(arena, "controller '%s' cannot have more than %u ports: use another",
                            at->name, at->ports);
    if (!at && domain_has_machine(layout->domain.type))
        return "name a controller that has a free port";
    const char *lacks = pvusb_lacks(verdict);
    return lacks ? lacks
                 : "the PVUSB controllers of a guest share 31 port numbers, and all are in use";
}

static void report_no_port(const struct arranging *arranging, const struct config_device *wanted,
                           enum place_verdict verdict)
{
    struct writing *writing = arranging->writing;
    diag_hint(
        writing->diags,
        diag_is(write_error(writing, wanted->why, "no port is free for this device"), CODE_NO_PORT),
        "%s", port_advice(arranging, wanted, verdict));
}

static void warn_unsuitable(const struct arranging *arranging, const struct arranged_device *device,
                            enum place_verdict verdict)
{
    const struct writing *writing = arranging->writing;
    const struct arranged_controller *at = device->controller;
    struct diag *diag =
        write_warning(writing, device->wanted->why, "%s does not work on this controller",
                      host_device_show(writing->arena, device->found));
    if (at->type == CONTROLLER_PV && (at->version != 1 || verdict == PLACE_ISOCHRONOUS))
        diag_hint(writing->diags, diag, "%s", pvusb_lacks(verdict));
    else
        diag_hint(writing->diags, diag, "controller '%s' is %s: use version %d", at->name,
                  at->model ? at->model->name : "another type", at->type == CONTROLLER_PV ? 2 : 3);
}

static void read_device(const struct arranging *arranging, enum arrange what,
                        const struct layout_device *placed, struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    if (GIVEN(wanted->controller_name) && !wanted->controller)
        diag_hint(arranging->writing->diags,
                  write_error(arranging->writing, wanted->controller_name.at,
                              "which controller '%.*s' is depends on the type of the guest",
                              (int)wanted->controller_name.text.size,
                              wanted->controller_name.text.at),
                  "set it: type=\"hvm\", \"pv\" or \"pvh\"");
    bool chosen_by_qemu = wanted->at_creation && !wanted->port.depth;
    device->controller =
        wanted->controller ? arranging->of_wanted[wanted->controller->index] : NULL;
    device->port = wanted->port;
    bool unsuitable = placed->verdict == PLACE_SPEED || placed->verdict == PLACE_ISOCHRONOUS;
    if (unsuitable && device->controller && device->found)
        warn_unsuitable(arranging, device, placed->verdict);
    else if (placed->verdict != PLACE_FITS && !wanted->port.depth)
        report_no_port(arranging, wanted, placed->verdict);
    if (!placed->controller || (chosen_by_qemu && what != ARRANGE_PORTS))
        return;
    device->controller = find(arranging, placed->controller);
    device->port = placed->port;
}

static void place(struct arranging *arranging, enum arrange what)
{
    const struct config *config = arranging->writing->document->config;
    struct arena *arena = arranging->writing->arena;
    struct layout *layout = &arranging->layout;
    layout_init(arena, layout, config);
    if (what == ARRANGE_XEN || what == ARRANGE_PVUSB)
        layout->domain.id = LAYOUT_XEN;
    if (what == ARRANGE_PVUSB)
        layout->domain.type = DOMAIN_PV;
    layout->without_hubs = what == ARRANGE_PORTS;
    for (size_t i = 0; i < layout->count; i++) {
        struct arranged_device *device = &arranging->arrangement->devices[i];
        device->wanted = layout->devices[i].wanted;
        look_up(arranging->writing, device);
        layout->devices[i].host = device->found;
        layout->devices[i].skip = device->left_out || is_placed_by_others(device->wanted, what);
    }
    layout_make(arena, layout, config);
}

// Has one declaration for each device where one asks for several.
static void spread(struct writing *writing)
{
    const struct config *config = writing->document->config;
    const struct config *each = plan_spread(writing->arena, config, NULL, writing->host);
    if (each == config)
        return;
    struct document *document = arena_new_of(writing->arena, struct document);
    *document = *writing->document;
    document->config = config_copy(writing->arena, each);
    writing->document = document;
}

void arrange(struct writing *writing, enum arrange what, struct arrangement *arrangement)
{
    struct arranging arranging = { .writing = writing,
                                   .arrangement = arrangement,
                                   .last = &arrangement->controllers };
    spread(writing);
    *arrangement = (struct arrangement){ .count = writing->document->config->device_count };
    arrangement->devices =
        arena_array_of(writing->arena, struct arranged_device, arrangement->count);
    arranging.of_wanted = arena_array_of(writing->arena, struct arranged_controller *,
                                         writing->document->config->controller_count);
    place(&arranging, what);
    arranging.of_made = arena_array_of(writing->arena, struct arranged_controller *,
                                       arranging.layout.controller_count);
    add_controllers(&arranging);
    for (size_t i = 0; i < arrangement->count; i++)
        read_device(&arranging, what, &arranging.layout.devices[i], &arrangement->devices[i]);
}
