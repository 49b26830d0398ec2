// SPDX-License-Identifier: MIT
#include "arrange.h"

#include "write.h"

#include "base/arena.h"

enum { DEVICE_KINDS = DEVICE_OTHER + 1 };
enum { MADE_PORTS = 8 }; // of a controller that is made, if it needs no more

static bool is_pv_guest(const struct writing *writing)
{
    enum domain_type type = writing->document->config->domain.type;
    return !domain_has_machine(type);
}

static struct arranged_controller *append(struct writing *writing, struct arrangement *arrangement)
{
    struct arranged_controller *made = arena_new_of(writing->arena, struct arranged_controller);
    if (arrangement->end)
        arrangement->end->next = made;
    else
        arrangement->controllers = made;
    arrangement->end = made;
    return made;
}

static const struct controller_model *model_of(const struct config_controller *wanted)
{
    if (wanted->model)
        return wanted->model;
    if (wanted->type == CONTROLLER_PV)
        return controller_model_pvusb(wanted->version.value);
    return wanted->type == CONTROLLER_EMULATED ? controller_model_for(wanted->version.value) : NULL;
}

static void add_wanted(struct writing *writing, struct arrangement *arrangement,
                       const struct config_controller *wanted)
{
    struct arranged_controller *controller = append(writing, arrangement);
    arrangement->of_wanted[wanted->index] = controller;
    controller->wanted = wanted;
    controller->model = model_of(wanted);
    controller->type = wanted->type;
    controller->kernel = wanted->pvusb == PVUSB_KERNEL;
    controller->index = is_left_to_xl(wanted) ? 0 : arrangement->next_index++;
    controller->version = wanted->version.value;
    controller->ports = wanted->ports.value;
    controller->ports_max = wanted->ports.value ? wanted->ports.value : MADE_PORTS;
    controller->name = wanted->name;
    controller->why = wanted->why;
}

// --- which host device ---

static void complain_lookup(struct writing *writing, const struct arranged_device *device,
                            unsigned count)
{
    const struct selector *selector = &device->wanted->selector;
    struct span at = span_is_none(device->wanted->selector_at) ? device->wanted->why
                                                               : device->wanted->selector_at;
    const char *shown = selector_show(writing->arena, selector);
    if (count > 1)
        diag_hint(writing->diags,
                  write_error(writing, at, "%u devices of this host are %s", count, shown),
                  "say which: busid=, hostaddr= or serial= (see xenusb devices)");
    else if (count)
        diag_hint(writing->diags, write_error(writing, at, "%s is a hub", shown),
                  "name the devices behind it");
    else
        diag_hint(writing->diags,
                  write_error(writing, at, "%s is not plugged in at this host", shown),
                  "plug it in, or translate without --resolve");
}

static void look_up(struct writing *writing, struct arranged_device *device)
{
    const struct config_device *wanted = device->wanted;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    if (!writing->host || wanted->kind != DEVICE_HOSTDEV || !wanted->selector.criteria)
        return;
    unsigned count = host_select(writing->host, &wanted->selector, &device->found);
    if (count == 1 && !device->found->hub)
        return;
    if (!count)
        device->found = NULL;
    if (!count && !wanted->required.value) {
        device->left_out = true;
        write_warning(writing, wanted->why, "%s is not plugged in: left out",
                      selector_show(writing->arena, &wanted->selector));
    } else if (!count && wanted->selector.criteria == address) {
        write_warning(writing, wanted->why, "there is no device %s at this host now",
                      selector_show(writing->arena, &wanted->selector));
    } else {
        complain_lookup(writing, device, count);
        device->found = NULL;
    }
}

// --- which controller ---

// At which speeds a device may run; it must fit all of them while it is not known which.
static bool speed_fits(const struct arranged_device *device, const struct controller_model *model)
{
    const struct device_model *kind = device_model_of(device->wanted->kind);
    if (device->wanted->kind != DEVICE_HOSTDEV)
        return !kind || !kind->speeds || kind->speeds & model->speeds;
    if (!device->found)
        return model->speeds == SPEEDS_USB3 || !model->driver;
    if (SPEEDS(device->found->speed) & model->speeds)
        return true;
    return (device->found->fits_high_speed && model->speeds & SPEEDS(SPEED_HIGH)) ||
           (device->found->fits_full_speed && model->speeds & SPEEDS(SPEED_FULL));
}

static bool suits(const struct arranged_controller *controller,
                  const struct arranged_device *device)
{
    if (controller->wanted && is_left_to_xl(controller->wanted))
        return false;
    if (!controller->model)
        return device->wanted->kind == DEVICE_HOSTDEV;
    bool pv = !controller->model->driver;
    if (pv &&
        (device->wanted->kind != DEVICE_HOSTDEV || (device->found && device->found->isochronous)))
        return false;
    return speed_fits(device, controller->model);
}

// The first free root port, or 0.
static unsigned free_port(const struct arrangement *arrangement,
                          const struct arranged_controller *controller)
{
    bool shared = controller->type == CONTROLLER_PV && !controller->kernel;
    uint32_t used = controller->used | (shared ? arrangement->pv_used : 0);
    for (unsigned port = 1; port <= controller->ports_max && port < 32; port++)
        if (!(used >> port & 1))
            return port;
    return 0;
}

static void take_port(struct arrangement *arrangement, struct arranged_controller *controller,
                      unsigned port)
{
    if (port > 31)
        return;
    controller->used |= UINT32_C(1) << port;
    if (controller->type == CONTROLLER_PV && !controller->kernel)
        arrangement->pv_used |= UINT32_C(1) << port;
    if (!controller->wanted && port > controller->ports)
        controller->ports = port;
}

static void put(struct arrangement *arrangement, struct arranged_device *device,
                struct arranged_controller *controller, unsigned port)
{
    device->controller = controller;
    device->port = (struct port){ port ? 1 : 0, { (uint8_t)port } };
    if (port)
        take_port(arrangement, controller, port);
}

static struct arranged_controller *make(struct writing *writing, struct arrangement *arrangement,
                                        bool pv, struct span why)
{
    if (writing->document->config->domain.type == DOMAIN_UNKNOWN && !pv)
        write_warning(writing, why, "the file does not tell the type of the guest: taken for hvm");
    struct arranged_controller *made = append(writing, arrangement);
    made->model = pv ? controller_model_pvusb(2) : controller_model_for(3);
    made->type = pv ? CONTROLLER_PV : CONTROLLER_EMULATED;
    made->index = arrangement->next_index++;
    made->version = made->model->version;
    made->ports = MADE_PORTS;
    made->ports_max = made->model->ports_max;
    made->why = why;
    do {
        made->name = arena_printf(writing->arena, "%s%u", pv ? "pv" : "hci", arrangement->made++);
    } while (config_controller_named(writing->document->config, text_of(made->name)));
    return made;
}

static void complain_room(struct writing *writing, const struct arranged_device *device)
{
    diag_hint(writing->diags,
              write_error(writing, device->wanted->why, "no port is left for this device"),
              is_pv_guest(writing) ? "QEMU's PVUSB takes 31 devices for a guest"
                                   : "give its controller more ports, or this device another one");
}

// Devices on named controllers: first those at named ports, then the others.
static void arrange_named(struct writing *writing, enum arrange what,
                          struct arrangement *arrangement)
{
    for (size_t i = 0; i < arrangement->count; i++) {
        struct arranged_device *device = &arrangement->devices[i];
        if (!device->wanted->controller)
            continue;
        struct arranged_controller *at = arrangement->of_wanted[device->wanted->controller->index];
        device->controller = at;
        device->port = device->wanted->port;
        if (device->port.depth == 1)
            take_port(arrangement, at, device->port.number[0]);
        if (device->found && !at->wanted->at_creation && !suits(at, device))
            diag_hint(writing->diags,
                      write_warning(writing, device->wanted->why, "%s does not run there",
                                    host_device_show(writing->arena, device->found)),
                      "controller '%s' is %s: use version 3", at->name,
                      at->model ? at->model->name : "another type");
    }
    for (size_t i = 0; i < arrangement->count; i++) {
        struct arranged_device *device = &arrangement->devices[i];
        // QEMU chooses for what it is created with, and makes a hub where there is no port.
        bool chosen = device->wanted->at_creation;
        if (!device->controller || device->port.depth || device->left_out ||
            (chosen && what != ARRANGE_LIBVIRT))
            continue;
        unsigned port = free_port(arrangement, device->controller);
        if (!port && !chosen)
            complain_room(writing, device);
        put(arrangement, device, port || !chosen ? device->controller : NULL, port);
    }
}

// Whether a device finds its place here, on one that was made if need be.
static bool is_seeker(const struct arranged_device *device, enum arrange what)
{
    if (device->controller || device->left_out || GIVEN(device->wanted->controller_name))
        return false;
    return !device->wanted->at_creation &&
           (device->wanted->kind == DEVICE_HOSTDEV || what == ARRANGE_ALL);
}

// The first controller that suits a device and has a free port. *passed is the last of those that
// take no device like this one, now and ever: ports are only taken, and controllers only appended.
static struct arranged_controller *seek(const struct arrangement *arrangement,
                                        const struct arranged_device *device,
                                        struct arranged_controller **passed)
{
    struct arranged_controller *at = *passed ? (*passed)->next : arrangement->controllers;
    for (; at && !(suits(at, device) && free_port(arrangement, at)); at = at->next)
        *passed = at;
    return at;
}

static void arrange_others(struct writing *writing, enum arrange what,
                           struct arrangement *arrangement)
{
    struct arranged_controller *passed[DEVICE_KINDS] = { NULL };
    bool pv = is_pv_guest(writing) || what == ARRANGE_PVUSB;
    for (size_t i = 0; i < arrangement->count; i++) {
        struct arranged_device *device = &arrangement->devices[i];
        if (!is_seeker(device, what))
            continue;
        struct arranged_controller *by_speed = NULL;
        struct arranged_controller *at =
            seek(arrangement, device, device->found ? &by_speed : &passed[device->wanted->kind]);
        if (!at)
            at = make(writing, arrangement, pv, device->wanted->why);
        unsigned port = suits(at, device) ? free_port(arrangement, at) : 0;
        if (port)
            put(arrangement, device, at, port);
        else
            complain_room(writing, device);
        if (!port && !at->used)
            return;
    }
}

void arrange(struct writing *writing, enum arrange what, struct arrangement *arrangement)
{
    const struct config *config = writing->document->config;
    *arrangement = (struct arrangement){ .count = config->device_count };
    arrangement->of_wanted =
        arena_array_of(writing->arena, struct arranged_controller *, config->controller_count + 1);
    arrangement->devices =
        arena_array_of(writing->arena, struct arranged_device, config->device_count + 1);
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        add_wanted(writing, arrangement, at);
    size_t count = 0;
    for (const struct config_device *at = config->devices; at; at = at->next) {
        arrangement->devices[count].wanted = at;
        look_up(writing, &arrangement->devices[count++]);
    }
    arrange_named(writing, what, arrangement);
    arrange_others(writing, what, arrangement);
}
