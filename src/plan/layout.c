// SPDX-License-Identifier: MIT
#include "layout.h"

#include "base/arena.h"
#include "planning.h"

#include <limits.h>

void layout_init(struct arena *arena, struct layout *layout, const struct config *config)
{
    *layout = (struct layout){ .count = config->device_count };
    layout->domain = (struct domain){
        .id = LAYOUT_NO_XEN, .name = "the guest", .type = config->domain.type, .uuid = ""
    };
    layout->devices = arena_array_of(arena, struct layout_device, layout->count);
    layout->of_controller = arena_array_of(arena, struct controller *, config->controller_count);
    struct layout_device *device = layout->devices;
    for (const struct config_device *at = config->devices; at; at = at->next)
        (device++)->wanted = at;
}

static bool serves_all(const struct config_controller *wanted, const struct domain *domain)
{
    (void)wanted;
    (void)domain;
    return true;
}

static const struct backend_ops anything = { .name = "layout", .suits = serves_all };
static const struct backend backends[] = { { .ops = &anything }, { .ops = NULL } };
static const struct plan_options options = { .backends = backends };

// Invents the domains that backend= names: placement depends only on whether a backend is in
// another domain, not on which.
static void name_domains(struct planning *planning)
{
    struct topology *topology = planning->topology;
    struct domain *domains =
        arena_array_of(planning->arena, struct domain, planning->config->controller_count);
    topology->domains = domains;
    for (const struct config_controller *at = planning->config->controllers; at; at = at->next) {
        struct text word = at->backend.text;
        uint64_t id = topology->domain_count + 1;
        if (!GIVEN(at->backend))
            continue;
        if (text_is(word, "Domain-0"))
            id = 0;
        else
            (void)text_number(word, 10, 0, UINT16_MAX, &id);
        domains[topology->domain_count++] =
            (struct domain){ .id = (int)id,
                             .name = arena_copy(planning->arena, word.at, word.size) };
    }
}

// --- what the guest is created with ---

// A companion has no bus of its own; it serves two ports of an EHCI controller.
static void add_companion(struct planning *planning, const struct controller *companion)
{
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        if (at->present && at->model->version == 2 &&
            at->companion_ports != (1u << at->ports) - 1) {
            at->companion_ports = at->companion_ports << companion->ports | 3;
            return;
        }
}

// Apply finds these in the guest, and adds the others behind them.
static void put_created_first(struct topology *topology)
{
    struct controller *lists[2] = { NULL };
    struct controller **ends[2] = { &lists[0], &lists[1] };
    for (struct controller *at = topology->controllers; at; at = at->next) {
        *ends[!at->present] = at;
        ends[!at->present] = &at->next;
    }
    *ends[0] = *ends[1] = NULL;
    topology->controllers = topology->last = NULL;
    for (int i = 0; i < 2; i++)
        for (struct controller *at = lists[i], *next; at; at = next) {
            next = at->next;
            topology_add_controller(topology, at);
        }
}

static void create_controllers(struct planning *planning)
{
    for (size_t i = 0; i < planning->config->controller_count; i++) {
        struct request *request = &planning->requests[i];
        const struct config_controller *wanted = request->wanted;
        if (!request->controller)
            continue;
        request->controller->present = wanted->at_creation;
        // Its type depends on xl, so only devices that name it are put there.
        if (wanted->origin == ORIGIN_USBVERSION && wanted->type == CONTROLLER_AUTO)
            request->controller->backend = NULL;
    }
    for (size_t i = 0; i < planning->config->controller_count; i++) {
        struct request *request = &planning->requests[i];
        if (!request->controller || !request->controller->model->companion)
            continue;
        add_companion(planning, request->controller);
        topology_drop_controller(planning->topology, request->controller);
        request->controller = NULL;
    }
    put_created_first(planning->topology);
}

// The first free port, which QEMU chooses; PORT_ANY if there is none. (At the last one QEMU adds a
// hub and continues behind it, so that port is used too.)
static struct port first_free_port(const struct controller *controller)
{
    for (unsigned i = 1; i <= controller->ports && i <= UINT8_MAX; i++) {
        struct port port = { 1, { (uint8_t)i } };
        if (!controller_device_at(controller, port))
            return port;
    }
    return PORT_ANY;
}

// QEMU's default bus: the first one.
static struct controller *first_created(const struct topology *topology)
{
    struct controller *at = topology->controllers;
    while (at && !at->present)
        at = at->next;
    return at;
}

static void create_device(struct planning *planning, struct placement *placement, bool with_hubs)
{
    struct controller *controller =
        placement->controller ? placement->controller : first_created(planning->topology);
    placement->op = STEP_KEEP;
    if (!controller)
        return;
    struct device *device = settle_device(planning, placement);
    device->state = DEVICE_PRESENT;
    device->port = placement->wanted->port;
    if (!device->port.depth)
        device->port = first_free_port(controller);
    if (device->port.depth) {
        placement->device = device;
        controller_add_device(controller, device);
    } else if (!with_hubs) {
        placement->controller = NULL;
        placement->op = STEP_ADD;
    }
}

// Devices with a port first, so that the choice for the others avoids their ports.
static void create_devices(struct planning *planning, bool with_hubs)
{
    for (int placed = 1; placed >= 0; placed--)
        for (size_t i = 0; i < planning->placement_count; i++) {
            struct placement *placement = &planning->placements[i];
            bool has_port = placement->wanted->port.depth;
            if (placement->wanted->at_creation && has_port == (placed == 1))
                create_device(planning, placement, with_hubs);
        }
}

// --- the layout ---

static void make_placements(struct planning *planning, const struct layout *layout)
{
    planning->placement_count = layout->count;
    planning->placements = arena_array_of(planning->arena, struct placement, layout->count);
    for (size_t i = 0; i < layout->count; i++) {
        const struct layout_device *device = &layout->devices[i];
        const struct config_controller *controller = device->wanted->controller;
        planning->placements[i] = (struct placement){
            .wanted = device->wanted,
            .host = device->host,
            .controller = controller ? planning->requests[controller->index].controller : NULL,
            .op = device->skip ? STEP_SKIP : STEP_ADD,
        };
    }
}

static void read_placements(const struct planning *planning, struct layout *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct placement *placement = &planning->placements[i];
        struct layout_device *device = &layout->devices[i];
        device->controller = placement->device ? placement->device->controller : NULL;
        device->port = placement->device ? placement->device->port : PORT_ANY;
        device->verdict = placement->op == STEP_REFUSE ? placement->verdict : PLACE_FITS;
    }
    for (struct controller *at = layout->topology.controllers; at; at = at->next)
        at->number = layout->controller_count++;
    for (size_t i = 0; i < planning->config->controller_count; i++)
        layout->of_controller[i] = planning->requests[i].controller;
}

void layout_make(struct arena *arena, struct layout *layout, const struct config *config)
{
    struct diags unread;
    struct plan plan;
    struct planning planning = { .arena = arena,
                                 .diags = &unread,
                                 .config = config,
                                 .topology = &layout->topology,
                                 .options = &options,
                                 .plan = &plan,
                                 .every_speed = true,
                                 .status = STATUS_OK };
    diags_init(&unread, arena);
    layout->topology.domain = &layout->domain;
    layout->topology.plugging =
        (struct plugging){ .known = true, .slots = UINT_MAX, .models = ULONG_MAX };
    plan_init(&plan, &layout->topology);
    name_domains(&planning);
    match_controllers(&planning);
    supply_requests(&planning);
    create_controllers(&planning);
    make_placements(&planning, layout);
    create_devices(&planning, !layout->without_hubs);
    settle_placements(&planning);
    read_placements(&planning, layout);
}
