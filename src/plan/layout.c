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

// The domains that backend= names: which one a controller is served by does not change where
// things are, but whether it is another one does.
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

// A companion has no bus of its own: it serves two ports of the EHCI controller.
static void add_companion(struct planning *planning, const struct controller *companion)
{
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        if (at->present && at->model->version == 2 &&
            at->companion_ports != (1u << at->ports) - 1) {
            at->companion_ports = at->companion_ports << companion->ports | 3;
            return;
        }
}

static void drop_controller(struct topology *topology, const struct controller *controller)
{
    struct controller **at = &topology->controllers;
    while (*at != controller)
        at = &(*at)->next;
    *at = controller->next;
}

static void create_controllers(struct planning *planning)
{
    for (size_t i = 0; i < planning->config->controller_count; i++) {
        struct claim *claim = &planning->claims[i];
        const struct config_controller *wanted = claim->wanted;
        if (!claim->controller)
            continue;
        claim->controller->present = wanted->at_creation;
        // What only xl will know: nothing goes there unless it is named.
        if (wanted->origin == ORIGIN_USBVERSION && wanted->type == CONTROLLER_AUTO)
            claim->controller->backend = NULL;
    }
    for (size_t i = 0; i < planning->config->controller_count; i++) {
        struct claim *claim = &planning->claims[i];
        if (!claim->controller || !claim->controller->model->companion)
            continue;
        add_companion(planning, claim->controller);
        drop_controller(planning->topology, claim->controller);
        claim->controller = NULL;
    }
}

static unsigned free_ports(const struct controller *controller, struct port *first)
{
    unsigned count = 0;
    for (unsigned i = controller->ports < UINT8_MAX ? controller->ports : UINT8_MAX; i; i--) {
        struct port port = { 1, { (uint8_t)i } };
        if (controller_device_at(controller, port))
            continue;
        *first = port;
        count++;
    }
    return count;
}

// The hub that QEMU added by itself; NULL if there is none yet.
static struct device *own_hub(const struct controller *controller)
{
    struct device *at = controller->devices;
    while (at && (at->kind != DEVICE_HUB || at->wanted))
        at = at->next;
    return at;
}

static struct device *add_own_hub(struct planning *planning, struct controller *controller,
                                  struct port port)
{
    struct device *hub = arena_new_of(planning->arena, struct device);
    hub->kind = DEVICE_HUB;
    hub->driver = device_model_of(DEVICE_HUB)->driver;
    hub->id = hub->path = "";
    hub->port = port;
    controller_add_device(controller, hub);
    return hub;
}

// QEMU takes the first free port, and puts a hub of its own at the last one (usb_claim_port in
// hw/usb/bus.c).
static struct port port_by_qemu(struct planning *planning, struct controller *controller,
                                const struct device *device)
{
    struct port port = PORT_ANY;
    unsigned count = free_ports(controller, &port);
    if (count > 1 || (count == 1 && device->kind == DEVICE_HUB))
        return port;
    const struct device *hub =
        count == 1 ? add_own_hub(planning, controller, port) : own_hub(controller);
    for (uint8_t i = 1; hub && i <= HUB_PORTS; i++) {
        port = (struct port){ 2, { hub->port.number[0], i } };
        if (!controller_device_at(controller, port))
            return port;
    }
    return PORT_ANY;
}

// The bus that QEMU takes: the first one that it has.
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
    device->controller = controller;
    device->port = placement->wanted->port;
    if (!device->port.depth && with_hubs)
        device->port = port_by_qemu(planning, controller, device);
    else if (!device->port.depth)
        (void)free_ports(controller, &device->port);
    placement->device = device;
    if (device->port.depth) {
        controller_add_device(controller, device);
    } else if (!with_hubs) {
        placement->device = NULL;
        placement->controller = NULL;
        placement->op = STEP_ADD;
    }
}

// Those with a port first: QEMU leaves these alone when it chooses for the others.
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
            .controller = controller ? planning->claims[controller->index].controller : NULL,
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
    for (size_t i = 0; i < planning->config->controller_count; i++)
        layout->of_controller[i] = planning->claims[i].controller;
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
    supply_claims(&planning);
    create_controllers(&planning);
    make_placements(&planning, layout);
    create_devices(&planning, !layout->without_hubs);
    settle_placements(&planning);
    read_placements(&planning, layout);
}
