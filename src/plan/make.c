// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"
#include "spread.h"

static void complain_no_controller(struct planning *planning, struct placement *placement)
{
    const struct config_text *name = &placement->wanted->controller_name;
    placement->op = STEP_REFUSE;
    placement->words = "no such controller";
    struct diag *diag = planning_complain(
        planning, STATUS_REQUEST, CODE_NO_SUCH_CONTROLLER, name->at, "%s has no controller '%.*s'",
        planning->topology->domain->name, (int)name->text.size, name->text.at);
    diag_hint(planning->diags, diag, "%s",
              topology_controllers_hint(planning->arena, planning->topology, name->text));
}

static void find_controller(struct planning *planning, struct placement *placement)
{
    const struct config_device *wanted = placement->wanted;
    if (wanted->controller) {
        placement->controller = planning->requests[wanted->controller->index].controller;
        if (placement->controller)
            return;
        placement->op = STEP_REFUSE;
        placement->words = "its controller is not available";
        // The reason has usually been reported for the controller already.
        if (planning->status == STATUS_OK)
            planning_complain(planning, STATUS_REFUSED, CODE_REFUSED, wanted->why,
                              "devices cannot be attached to controller '%s'",
                              wanted->controller->name);
    } else if (GIVEN(wanted->controller_name)) {
        placement->controller =
            topology_find_controller(planning->topology, wanted->controller_name.text);
        if (!placement->controller || placement->controller->stale)
            complain_no_controller(planning, placement);
    }
}

static void make_placements(struct planning *planning)
{
    planning->placement_count = planning->config->device_count;
    planning->placements =
        arena_array_of(planning->arena, struct placement, planning->placement_count);
    struct placement *placement = planning->placements;
    for (const struct config_device *wanted = planning->config->devices; wanted;
         wanted = wanted->next) {
        placement->wanted = wanted;
        placement->op = STEP_ADD;
        find_controller(planning, placement++);
    }
}

static struct step *step_for(struct planning *planning, enum step_op op,
                             struct controller *controller, struct device *device, struct span why)
{
    struct step *step = plan_add_step(planning->plan, planning->arena, op, controller, device);
    step->source = planning->config->source;
    step->why = why;
    return step;
}

// Whether a config could name this device but does not: its kind is known, and its controller has a
// backend.
static bool is_unnamed_device(const struct device *device)
{
    return !device->wanted && device->state != DEVICE_PLANNED && device->kind != DEVICE_OTHER &&
           device->controller->backend;
}

// A hub is pruned only together with everything behind it: without it, that would be lost.
static bool is_prunable_device(const struct device *device)
{
    if (!is_unnamed_device(device))
        return false;
    for (const struct device *at = device->controller->devices; at; at = at->next)
        if (device->kind == DEVICE_HUB && port_behind(device->port, at->port) &&
            !is_unnamed_device(at))
            return false;
    return true;
}

// Likewise for a controller and its devices. Only xenusb's and libxl's own controllers are pruned.
static bool is_prunable_controller(const struct controller *controller)
{
    bool known = controller->pvusb || strncmp(controller->id, "xenusb", 6) == 0;
    if (!controller->present || controller->wanted || !known)
        return false;
    for (const struct device *at = controller->devices; at; at = at->next)
        if (!is_prunable_device(at))
            return false;
    return true;
}

// Removes the devices that a dead QEMU had, before a new one starts: QEMU aborts if a busid does
// not exist on this host.
static void remove_lost_devices(struct planning *planning)
{
    struct device *next;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        for (struct device *device = at->no_backend ? at->devices : NULL; device; device = next) {
            next = device->next;
            step_for(planning, STEP_REMOVE, at, device, SPAN_NONE);
            controller_drop_device(device);
        }
}

// Frees the ports of devices that are gone and that nothing replaces.
static void remove_discarded_devices(struct planning *planning)
{
    struct device *next;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = next) {
            next = device->next;
            if (!device->discard || device->state != DEVICE_GONE || !at->backend)
                continue;
            step_for(planning, STEP_REMOVE, at, device, SPAN_NONE);
            controller_drop_device(device);
        }
}

// What the guest has released since it was asked to is as good as removed: its name and its index
// are free.
static void drop_left_controllers(struct topology *topology)
{
    struct controller *next;
    for (struct controller *at = topology->controllers; at; at = next) {
        next = at->next;
        if (at->stale && at->leaving)
            topology_drop_controller(topology, at);
    }
}

static void add_removals(struct planning *planning)
{
    for (size_t i = 0; i < planning->placement_count; i++) {
        struct placement *placement = &planning->placements[i];
        struct device *before = placement->from ? placement->from : placement->stale;
        if (!before || placement->op != STEP_ADD)
            continue;
        struct step *step =
            step_for(planning, STEP_REMOVE, before->controller, before, placement->wanted->why);
        placement->removal = placement->from ? step : NULL;
    }
    if (!planning->options->prune)
        return;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            if (is_prunable_device(device))
                step_for(planning, STEP_REMOVE, at, device, SPAN_NONE);
    for (struct controller *at = planning->topology->controllers; at; at = at->next) {
        if (!is_prunable_controller(at))
            continue;
        planning->status =
            status_worse(planning->status, backend_supply(at->backend, planning->topology));
        step_for(planning, STEP_REMOVE, at, NULL, SPAN_NONE)->spare = at->as_needed;
    }
}

static struct span why_controller(const struct planning *planning,
                                  const struct controller *controller)
{
    if (controller->wanted)
        return controller->wanted->why;
    for (size_t i = 0; i < planning->placement_count; i++) {
        const struct device *device = planning->placements[i].device;
        if (device && device->controller == controller)
            return planning->placements[i].wanted->why;
    }
    return SPAN_NONE;
}

static void add_controllers(struct planning *planning)
{
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        if (at->wanted || (!at->present && !at->stale))
            step_for(planning, at->present ? STEP_KEEP : STEP_ADD, at, NULL,
                     why_controller(planning, at));
}

// Starts a PVUSB QEMU if it will have controllers, new or already present.
static void add_pvusb_qemu(struct planning *planning)
{
    struct topology *topology = planning->topology;
    struct controller *at = topology->controllers;
    while (at && (!controller_uses_pvusb_qemu(at) || plan_removal_of(planning->plan, at)))
        at = at->next;
    if (!at || !planning_starts_pvusb_qemu(planning))
        return;
    struct step *step =
        plan_add_pvusb_qemu(planning->plan, planning->arena, STEP_ADD, topology->pvusb_qemu);
    step->source = planning->config->source;
    step->why = why_controller(planning, at);
}

// A refused device is displayed as well, as a device without a controller.
static struct device *refused_device(struct planning *planning, const struct placement *placement)
{
    struct device *device = arena_new_of(planning->arena, struct device);
    device->kind = placement->wanted->kind;
    device->driver = planning_driver(planning, placement->wanted);
    device->selector = placement->wanted->selector;
    device->host = placement->host;
    device->wanted = placement->wanted;
    return device;
}

static void add_devices(struct planning *planning)
{
    for (size_t i = 0; i < planning->placement_count; i++) {
        const struct placement *placement = &planning->placements[i];
        struct device *device =
            placement->device ? placement->device : refused_device(planning, placement);
        struct step *step =
            step_for(planning, placement->op, device->controller, device, placement->wanted->why);
        step->words = placement->words;
        if (placement->removal)
            plan_pair(planning->plan, placement->removal, step);
    }
}

enum status plan_make(struct diags *diags, const struct config *config, struct topology *topology,
                      const struct host *host, const struct plan_options *options,
                      struct plan *plan)
{
    struct planning planning = { .arena = diags->arena,
                                 .diags = diags,
                                 .config = plan_spread(diags->arena, config, topology, host),
                                 .topology = topology,
                                 .host = host,
                                 .options = options,
                                 .plan = plan,
                                 .status = STATUS_OK };
    plan_init(plan, topology);
    drop_left_controllers(topology);
    match_controllers(&planning);
    supply_requests(&planning);
    make_placements(&planning);
    resolve_placements(&planning);
    match_placements(&planning);
    if (planning_starts_pvusb_qemu(&planning))
        remove_lost_devices(&planning);
    remove_discarded_devices(&planning);
    settle_placements(&planning);
    add_removals(&planning);
    add_controllers(&planning);
    add_pvusb_qemu(&planning);
    add_devices(&planning);
    if (options->move || options->prune)
        plan_spare_controllers(plan, diags->arena);
    plan_stop_pvusb_qemu(plan, diags->arena);
    return planning.status;
}
