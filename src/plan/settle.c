// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "place.h"
#include "planning.h"

static const char *kind_name(const struct device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    return model ? model->name : device->driver;
}

static const char *device_shown(const struct planning *planning, const struct device *device)
{
    if (device->kind != DEVICE_HOSTDEV)
        return kind_name(device);
    if (device->host)
        return host_device_show(planning->arena, device->host);
    return selector_show(planning->arena, &device->selector);
}

static struct device *planned_device(struct planning *planning, const struct target *target)
{
    struct device *device = arena_new_of(planning->arena, struct device);
    device->kind = target->wish->kind;
    device->driver = planning_driver(planning, target->wish);
    device->id = device->path = "";
    device->host = target->host;
    device->speed = target->host ? target->host->speed : SPEED_UNKNOWN;
    device->wish = target->wish;
    if (target->host) {
        struct selector *selector = &device->selector;
        selector->marks =
            SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT;
        selector->bus = target->host->bus;
        selector->address = target->host->address;
        selector->vendor = target->host->vendor;
        selector->product = target->host->product;
        memcpy(selector->busid, target->host->busid, sizeof selector->busid);
    } else if (target->wanted && target->wanted->backend_domain)
        device->selector = target->wish->selector;
    if (GIVEN(target->wish->file))
        device->file =
            arena_copy(planning->arena, target->wish->file.text.at, target->wish->file.text.size);
    return device;
}

static void put(struct target *target, struct controller *controller, struct device *device,
                struct port port)
{
    device->port = port;
    target->device = device;
    controller_add_device(controller, device);
}

// What would take this device instead, for a port that does not.
static const char *speed_advice(const struct planning *planning,
                                const struct controller *controller)
{
    if (controller->pvusb)
        return arena_printf(planning->arena, "'%s' is %s, which takes up to %s speed%s",
                            controller->name, controller->model ? controller->model->name : "PVUSB",
                            controller->model && controller->model->version == 1 ? "full" : "high",
                            controller->model && controller->model->version == 1
                                ? ": use usbversion=2"
                                : ", and what fits it");
    if (controller->model && controller->model->version == 2 && controller->model->driver &&
        !controller->companion_ports)
        return arena_printf(planning->arena,
                            "'%s' is an EHCI controller without companions: use usbversion=3",
                            controller->name);
    return arena_printf(planning->arena, "'%s' is %s: use usbversion=3", controller->name,
                        controller->model ? controller->model->name : controller->driver);
}

// Whether a PVUSB controller, or every other one of the guest, is served by QEMU.
static bool is_only_qemu(const struct controller *controller)
{
    if (controller->pvusb == PVUSB_KERNEL)
        return false;
    for (const struct controller *at = controller->topology->controllers; at; at = at->next)
        if (at != controller && at->pvusb == PVUSB_QEMU)
            return true;
    return false;
}

static struct diag *complain_isochronous(struct planning *planning, struct span span,
                                         const char *shown)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, span,
                          "%s has isochronous endpoints, which PVUSB does not carry", shown);
    return diag_hint(planning->diags, diag, "%s",
                     supply_is_pv_guest(planning)
                         ? "it needs an HVM guest, and an emulated controller there"
                         : "it works on an emulated controller: type=emul");
}

static void complain_verdict(struct planning *planning, struct target *target,
                             const struct controller *controller, const struct device *device,
                             struct port port, enum place_verdict verdict)
{
    char room[PORT_TEXT_SIZE];
    const struct config_device *wish = target->wish;
    struct diags *diags = planning->diags;
    struct span span = span_is_none(wish->port_at) ? wish->why : wish->port_at;
    const char *at =
        *port_write(port, room)
            ? arena_printf(planning->arena, "port %s of controller '%s'", room, controller->name)
            : arena_printf(planning->arena, "controller '%s'", controller->name);
    const char *shown = device_shown(planning, device);
    struct diag *diag = NULL;
    target->op = STEP_REFUSE;
    switch (verdict) {
    case PLACE_NO_PORT:
        diag = planning_complain(planning, STATUS_REQUEST, span, "there is no %s", at);
        diag_hint(diags, diag, "it has %u ports%s", controller->ports,
                  port.depth > 1 ? ", a hub has 8" : "");
        break;
    case PLACE_NO_HUB:
        diag = planning_complain(planning, STATUS_REQUEST, span, "no hub leads to %s", at);
        diag_hint(diags, diag, "ask for one: type=hub, with a port of its own");
        break;
    case PLACE_TAKEN:
        diag = planning_complain(planning, STATUS_REFUSED, span, "%s is %s", at,
                                 port.depth ? "taken" : "full");
        const struct device *there = port.depth ? controller_device_at(controller, port) : NULL;
        if (there)
            diag_hint(diags, diag, "%s is there", device_shown(planning, there));
        else
            diag_hint(diags, diag, "detach something, or name another controller");
        break;
    case PLACE_SPEED:
        diag = planning_complain(planning, STATUS_REQUEST, span, "%s does not take %s", at, shown);
        diag_hint(diags, diag, "%s", speed_advice(planning, controller));
        break;
    case PLACE_ISOCHRONOUS: diag = complain_isochronous(planning, span, shown); break;
    case PLACE_SHARED:
        diag =
            planning_complain(planning, STATUS_REFUSED, span,
                              "%s: another PVUSB controller has a device at that port number", at);
        diag_hint(diags, diag, "%s",
                  is_only_qemu(controller) ? "QEMU's PVUSB ends itself when two have: use another "
                                             "port"
                                           : "QEMU's PVUSB would end itself: use another port; "
                                             "usbback has no such fault: --force");
        break;
    case PLACE_FITS: break;
    }
    target->words = diag ? diag->message : NULL;
}

// Whether nobody would take up what is attached there.
static bool is_without_server(const struct planning *planning, const struct controller *controller)
{
    return controller->unserved && !supply_starts_server(planning);
}

static void complain_unserved(struct planning *planning, struct target *target)
{
    struct diag *diag = planning_complain(planning, STATUS_REFUSED, target->wish->why,
                                          "controller '%s' is served by nobody: %s",
                                          target->wanted->name, target->wanted->unserved);
    if (planning->topology->pvusb.advice)
        diag_hint(planning->diags, diag, "%s", planning->topology->pvusb.advice);
    target->op = STEP_REFUSE;
    target->words = diag->message;
}

static void settle_at_wanted(struct planning *planning, struct target *target)
{
    if (is_without_server(planning, target->wanted)) {
        complain_unserved(planning, target);
        return;
    }
    struct device *device = planned_device(planning, target);
    struct port port = target->wish->port;
    enum place_verdict verdict = port.depth ? place_at(target->wanted, device, port)
                                            : place_on(target->wanted, device, &port);
    bool forced = verdict == PLACE_SHARED && port.depth && planning->options->force &&
                  !is_only_qemu(target->wanted);
    if (verdict == PLACE_FITS || forced)
        put(target, target->wanted, device, port);
    else
        complain_verdict(planning, target, target->wanted, device, port, verdict);
}

// Whether a controller may be chosen for a device that names none. What libxl cannot tell of
// stays off the controllers that libxl knows: xl would hand out the port a second time. What it can
// tell of goes to one that it knows, or that the user declared; to another (the one of usb=1, say)
// only if `at_need`, since xl could neither list nor detach it there.
static bool may_choose(const struct planning *planning, const struct controller *controller,
                       const struct device *device, bool at_need)
{
    if (!controller->model || !controller->backend || controller->stale ||
        is_without_server(planning, controller))
        return false;
    // In an HVM guest devices go to PVUSB only if somebody wants that; whether it has a frontend
    // nobody knows. A driver domain has no devices of this host.
    if (controller->pvusb &&
        (controller->backend_domain || !(supply_is_pv_guest(planning) || controller->wish)))
        return false;
    if (!supply_libxl_can_tell(planning, device))
        return controller->index < 0;
    bool declared = controller->wish && !controller->wish->at_creation;
    return at_need || controller->index >= 0 || declared;
}

// How good a place is, for choosing among several: speed first, then where libxl can tell of it,
// then the controllers that the config names.
static unsigned goodness(const struct planning *planning, const struct controller *controller,
                         const struct device *device, struct port port)
{
    bool told = supply_libxl_can_tell(planning, device) && controller->index >= 0;
    return place_speed_at(controller, device, port) * 4u + (told ? 2u : 0u) +
           (controller->wish ? 1u : 0u);
}

static bool settle_anywhere(struct planning *planning, struct target *target, bool at_need)
{
    struct device *device = planned_device(planning, target);
    struct controller *best = NULL;
    struct port best_port = PORT_ANY;
    unsigned best_goodness = 0;
    for (struct controller *at = planning->topology->controllers; at; at = at->next) {
        struct port port = target->wish->port;
        if (!may_choose(planning, at, device, at_need))
            continue;
        enum place_verdict verdict =
            port.depth ? place_at(at, device, port) : place_on(at, device, &port);
        unsigned here = verdict == PLACE_FITS ? goodness(planning, at, device, port) : 0;
        if (here > best_goodness) {
            best = at;
            best_port = port;
            best_goodness = here;
        }
    }
    if (best)
        put(target, best, device, best_port);
    return best;
}

// A device that was unplugged and came back goes to the port that it had.
static bool settle_where_it_was(struct planning *planning, struct target *target)
{
    struct controller *before = target->stale->controller;
    struct port port = target->stale->port;
    struct device *device = planned_device(planning, target);
    bool same = !before->stale && !is_without_server(planning, before) &&
                (!target->wanted || target->wanted == before) &&
                (!target->wish->port.depth || port_same(target->wish->port, port));
    if (!same || place_at(before, device, port) != PLACE_FITS)
        return false;
    put(target, before, device, port);
    return true;
}

static bool is_open(const struct target *target)
{
    return target->op == STEP_ADD && !target->device;
}

// How many of the targets from this one on want a controller of the same sort.
static size_t count_alike(const struct planning *planning, const struct target *target,
                          const struct device *device)
{
    size_t count = 0;
    const struct target *end = planning->targets + planning->target_count;
    for (const struct target *at = target; at < end; at++) {
        const struct device alike = { .kind = at->wish->kind };
        count += is_open(at) &&
                 supply_libxl_can_tell(planning, &alike) == supply_libxl_can_tell(planning, device);
    }
    return count;
}

static void settle_on_new(struct planning *planning, struct target *target)
{
    const struct device *device = planned_device(planning, target);
    if (supply_is_pv_guest(planning) && device->host && device->host->isochronous) {
        target->op = STEP_REFUSE;
        target->words = "it has isochronous endpoints";
        complain_isochronous(planning, target->wish->why, device_shown(planning, device));
        return;
    }
    // One that was made for an earlier device may do.
    if (settle_anywhere(planning, target, !supply_is_possible(planning, device)))
        return;
    size_t count = count_alike(planning, target, device);
    if (!supply_for(planning, device, count, target->wish->why)) {
        target->op = STEP_REFUSE;
        target->words = "no controller takes it";
        return;
    }
    if (settle_anywhere(planning, target, false))
        return;
    target->op = STEP_REFUSE;
    target->words = "no port takes it";
    planning_complain(planning, STATUS_REFUSED, target->wish->why, "no port of %s takes %s",
                      planning->topology->domain->name, device_shown(planning, device));
}

// The order in which ports are given away: those that are named, hubs first and the front ones
// before those behind them; then those on a named controller; then the rest.
static unsigned turn_of(const struct target *target)
{
    enum { TURN_HUBS = 0, TURN_PORTS = PORT_DEPTH_MAX + 1, TURN_CONTROLLERS, TURN_REST };
    unsigned depth = target->wish->port.depth;
    if (depth && target->wish->kind == DEVICE_HUB)
        return TURN_HUBS + depth;
    if (depth)
        return TURN_PORTS;
    return target->wanted ? TURN_CONTROLLERS : TURN_REST;
}

void settle_targets(struct planning *planning)
{
    enum { TURNS = PORT_DEPTH_MAX + 4 };
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < planning->target_count; i++) {
            struct target *target = &planning->targets[i];
            if (!is_open(target) || turn_of(target) != turn)
                continue;
            if (target->stale && settle_where_it_was(planning, target))
                continue;
            if (target->wanted)
                settle_at_wanted(planning, target);
            else
                settle_anywhere(planning, target, false);
        }
    for (size_t i = 0; i < planning->target_count; i++)
        if (is_open(&planning->targets[i]))
            settle_on_new(planning, &planning->targets[i]);
}
