// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"

struct device *settle_device(struct planning *planning, const struct placement *placement)
{
    struct device *device = arena_new_of(planning->arena, struct device);
    device->kind = placement->wanted->kind;
    device->driver = planning_driver(planning, placement->wanted);
    device->id = device->path = "";
    device->host = placement->host;
    device->speed = placement->host ? placement->host->speed : SPEED_UNKNOWN;
    device->wanted = placement->wanted;
    if (placement->host) {
        struct selector *selector = &device->selector;
        selector->criteria =
            SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT;
        selector->bus = placement->host->bus;
        selector->address = placement->host->address;
        selector->vendor = placement->host->vendor;
        selector->product = placement->host->product;
        memcpy(selector->busid, placement->host->busid, sizeof selector->busid);
    } else if (placement->controller && placement->controller->backend_domain)
        device->selector = placement->wanted->selector;
    if (GIVEN(placement->wanted->file))
        device->file = arena_copy(planning->arena, placement->wanted->file.text.at,
                                  placement->wanted->file.text.size);
    return device;
}

static void put(struct placement *placement, struct controller *controller, struct device *device,
                struct port port)
{
    device->port = port;
    placement->device = device;
    controller_add_device(controller, device);
}

// Whether no backend would attach a device there.
static bool has_no_backend(const struct planning *planning, const struct controller *controller)
{
    return controller->no_backend && !planning_starts_pvusb_qemu(planning);
}

static void settle_at_wanted(struct planning *planning, struct placement *placement)
{
    if (has_no_backend(planning, placement->controller)) {
        refuse_unserved(planning, placement);
        return;
    }
    struct device *device = settle_device(planning, placement);
    struct port port = placement->wanted->port;
    enum place_verdict verdict = port.depth ? place_at(placement->controller, device, port)
                                            : place_on(placement->controller, device, &port);
    bool forced = verdict == PLACE_SHARED && port.depth && planning->options->force &&
                  !place_is_qemu_only(placement->controller);
    if (verdict == PLACE_FITS || forced)
        put(placement, placement->controller, device, port);
    else
        refuse_place(planning, placement, device, port, verdict);
}

// Whether a host device of unknown speed might not work there.
static bool may_be_too_slow(const struct planning *planning, const struct controller *controller,
                            const struct device *device)
{
    return planning->every_speed && device->kind == DEVICE_HOSTDEV && !device->host &&
           controller->model->driver && controller->model->speeds != SPEEDS_USB3;
}

// Whether a controller may be chosen for a device that names none. A device that libxl does not
// support must not be on a controller that libxl knows: xl would assign its port again. A device
// that libxl supports goes to a controller that libxl knows or the config declares; to another one,
// such as that of usb=1, only if `last_resort`, since xl could neither list nor detach it there.
// One that the guest may release at any time would take the device with it.
static bool may_choose(const struct planning *planning, const struct controller *controller,
                       const struct device *device, bool last_resort)
{
    if (!controller->model || !controller->backend || controller->stale || controller->leaving ||
        controller->adoption == ADOPTION_RELEASED || controller->adoption == ADOPTION_UNSURE ||
        has_no_backend(planning, controller) || may_be_too_slow(planning, controller, device))
        return false;
    // In an HVM guest PVUSB is used only if the config asks for it, since the guest may have no
    // frontend. A driver domain does not have this host's devices.
    if (controller->pvusb &&
        (controller->backend_domain || !(planning_is_pv_guest(planning) || controller->wanted)))
        return false;
    if (!planning_libxl_supports(planning, device))
        return controller->index < 0;
    bool declared = controller->wanted && !controller->wanted->at_creation;
    return last_resort || controller->index >= 0 || declared;
}

// Ranks a place: by speed, then whether libxl knows it, then whether the config names the
// controller.
static unsigned score(const struct planning *planning, const struct controller *controller,
                      const struct device *device, struct port port)
{
    bool libxl_knows = planning_libxl_supports(planning, device) && controller->index >= 0;
    return place_speed_at(controller, device, port) * 4u + (libxl_knows ? 2u : 0u) +
           (controller->wanted ? 1u : 0u);
}

// The highest possible score.
static unsigned best_score(const struct planning *planning, const struct device *device)
{
    speed_mask fastest = SPEEDS(SPEED_SUPER);
    while (fastest > 1 && !place_speeds(device, fastest))
        fastest >>= 1;
    return fastest * 4u + (planning_libxl_supports(planning, device) ? 2u : 0u) + 1u;
}

static bool is_full(const struct controller *controller)
{
    return controller->root_devices >= controller->ports;
}

// To be called whenever controllers were added. Those that are full are removed from the list once
// they are met: of ten thousand devices, each would otherwise look at all the full ones again.
static void list_open_controllers(struct planning *planning)
{
    size_t count = 0;
    for (const struct controller *at = planning->topology->controllers; at; at = at->next)
        count++;
    if (count > planning->open_size) {
        planning->open_size = 2 * count;
        planning->open = arena_array_of(planning->arena, struct controller *, 2 * count);
    }
    planning->open_count = 0;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        if (!is_full(at))
            planning->open[planning->open_count++] = at;
}

static void drop_open_controller(struct planning *planning, size_t i)
{
    planning->open_count--;
    for (; i < planning->open_count; i++)
        planning->open[i] = planning->open[i + 1];
}

// The best place so far for a device that names no controller.
struct choice {
    struct controller *controller; // NULL: none yet
    struct port port;
    unsigned score;
};

static void consider(const struct planning *planning, const struct device *device, struct port port,
                     struct controller *controller, struct choice *choice)
{
    enum place_verdict verdict =
        port.depth ? place_at(controller, device, port) : place_on(controller, device, &port);
    unsigned reached = verdict == PLACE_FITS ? score(planning, controller, device, port) : 0;
    if (reached > choice->score)
        *choice = (struct choice){ controller, port, reached };
}

static bool settle_anywhere(struct planning *planning, struct placement *placement,
                            bool last_resort)
{
    struct device *device = settle_device(planning, placement);
    struct port port = placement->wanted->port;
    struct choice choice = { .score = 0 };
    unsigned most = best_score(planning, device);
    if (port.depth)
        for (struct controller *at = planning->topology->controllers; at; at = at->next)
            if (may_choose(planning, at, device, last_resort))
                consider(planning, device, port, at, &choice);
    for (size_t i = 0; !port.depth && i < planning->open_count && choice.score < most;) {
        struct controller *at = planning->open[i];
        if (is_full(at)) {
            drop_open_controller(planning, i);
            continue;
        }
        if (may_choose(planning, at, device, last_resort))
            consider(planning, device, port, at, &choice);
        i++;
    }
    if (choice.controller)
        put(placement, choice.controller, device, choice.port);
    return choice.controller;
}

// A replugged device goes back to its former port.
static bool settle_where_it_was(struct planning *planning, struct placement *placement)
{
    struct controller *before = placement->stale->controller;
    struct port port = placement->stale->port;
    struct device *device = settle_device(planning, placement);
    bool same = !before->stale && !before->leaving && !has_no_backend(planning, before) &&
                (!placement->controller || placement->controller == before) &&
                (!placement->wanted->port.depth || port_same(placement->wanted->port, port));
    if (!same || place_at(before, device, port) != PLACE_FITS)
        return false;
    put(placement, before, device, port);
    return true;
}

static bool is_unplaced(const struct placement *placement)
{
    return placement->op == STEP_ADD && !placement->device;
}

// How many of the placements from this one on need the same kind of controller; no more than one
// controller has ports.
static size_t count_alike(const struct planning *planning, const struct placement *placement,
                          const struct device *device)
{
    size_t count = 0;
    const struct placement *end = planning->placements + planning->placement_count;
    for (const struct placement *at = placement; at < end && count < PORTS_MAX_PVUSB; at++) {
        const struct device alike = { .kind = at->wanted->kind };
        count += is_unplaced(at) && planning_libxl_supports(planning, &alike) ==
                                        planning_libxl_supports(planning, device);
    }
    return count;
}

static void settle_on_new(struct planning *planning, struct placement *placement)
{
    const struct device *device = settle_device(planning, placement);
    if (planning_is_pv_guest(planning) && place_may_be_isochronous(device)) {
        refuse_isochronous(planning, placement, device);
        return;
    }
    // A controller that was planned for an earlier device may be suitable.
    if (settle_anywhere(planning, placement, !supply_is_possible(planning, device)))
        return;
    size_t count = count_alike(planning, placement, device);
    if (!supply_for(planning, device, count, placement->wanted->why)) {
        placement->op = STEP_REFUSE;
        placement->words = "no suitable controller";
        placement->verdict = supply_supports(planning, device) ? PLACE_TAKEN : PLACE_SPEED;
        return;
    }
    list_open_controllers(planning);
    if (settle_anywhere(planning, placement, false))
        return;
    refuse_everywhere(planning, placement, device);
}

// The order in which ports are assigned: first to placements with a port, hubs before the devices
// behind them; then to those with a controller; then to the others.
static unsigned turn_of(const struct placement *placement)
{
    enum { TURN_HUBS = 0, TURN_PORTS = PORT_DEPTH_MAX + 1, TURN_CONTROLLERS, TURN_REST };
    unsigned depth = placement->wanted->port.depth;
    if (depth && placement->wanted->kind == DEVICE_HUB)
        return TURN_HUBS + depth;
    if (depth)
        return TURN_PORTS;
    return placement->controller ? TURN_CONTROLLERS : TURN_REST;
}

void settle_placements(struct planning *planning)
{
    enum { TURNS = PORT_DEPTH_MAX + 4 };
    list_open_controllers(planning);
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < planning->placement_count; i++) {
            struct placement *placement = &planning->placements[i];
            if (!is_unplaced(placement) || turn_of(placement) != turn)
                continue;
            if (placement->stale && settle_where_it_was(planning, placement))
                continue;
            if (placement->controller)
                settle_at_wanted(planning, placement);
            else
                settle_anywhere(planning, placement, false);
        }
    for (size_t i = 0; i < planning->placement_count; i++)
        if (is_unplaced(&planning->placements[i]))
            settle_on_new(planning, &planning->placements[i]);
}
