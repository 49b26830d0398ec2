// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"

// libxl's default for xHCI and PVUSB controllers (libxl_usb.c).
enum { LIBXL_PORTS = 8 };

static unsigned ports_of(const struct config_controller *wanted,
                         const struct controller_model *model)
{
    if (wanted->ports.value)
        return wanted->ports.value;
    if (model->ports == model->ports_max)
        return model->ports;
    if (wanted->origin == ORIGIN_USBCTRL)
        return model->version == 3 ? LIBXL_PORTS : model->ports;
    if (wanted->at_creation)
        return model->ports;
    return PORTS_DEFAULT < model->ports_max ? PORTS_DEFAULT : model->ports_max;
}

// What QEMU can hotplug; it is asked when a plan needs that first.
static const struct plugging *plugging_of(struct planning *planning)
{
    for (const struct backend *at = planning->options->backends; at && at->ops; at++)
        planning->status = status_worse(planning->status, backend_supply(at, planning->topology));
    return &planning->topology->plugging;
}

// Whether this QEMU can hotplug that model; if QEMU was not asked, whether any can.
static bool supports_hotplug(struct planning *planning, const struct controller_model *model)
{
    const struct plugging *plugging = model->driver ? plugging_of(planning) : NULL;
    if (!plugging || !plugging->known)
        return model->hotplug;
    return plugging->models >> (model - controller_models) & 1;
}

// PVUSB controllers need no PCI slot.
static bool has_slot(struct planning *planning, const struct controller_model *model)
{
    const struct plugging *plugging = model->driver ? plugging_of(planning) : NULL;
    return !plugging || !plugging->known || planning->slots_used < plugging->slots;
}

static const struct backend *backend_for(const struct planning *planning,
                                         const struct config_controller *wanted)
{
    for (const struct backend *at = planning->options->backends; at && at->ops; at++)
        if (at->ops->suits(wanted, planning->topology->domain))
            return at;
    return NULL;
}

// As libxl: one more than the highest index in use.
static int next_index(const struct topology *topology)
{
    int next = 0;
    const struct controller *last = topology->last;
    if (last && last->index >= 0)
        return last->index + 1;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (at->index >= next)
            next = at->index + 1;
    return next;
}

static struct controller *plan_controller(struct planning *planning,
                                          const struct config_controller *wanted,
                                          const struct controller_model *model, const char *name,
                                          unsigned ports, bool for_libxl)
{
    struct topology *topology = planning->topology;
    struct controller *controller = arena_new_of(planning->arena, struct controller);
    controller->backend = backend_for(planning, wanted);
    controller->model = model;
    controller->driver = model->driver;
    controller->name = name;
    controller->id = controller->path = controller->bus = "";
    controller->ports = controller->ports_usb2 = controller->ports_usb3 = ports;
    controller->index = -1;
    bool recorded = model->libxl_version || !model->driver;
    if (for_libxl && topology->domain->id >= 0 && recorded && !wanted->at_creation)
        controller->index =
            wanted->origin == ORIGIN_USBCTRL ? (int)wanted->index : next_index(topology);
    if (model->driver) {
        planning->slots_used++;
    } else {
        const char *advice;
        (void)planning_pvusb(planning, wanted, &controller->pvusb, &controller->backend_domain,
                             &advice);
        controller->driver = controller->pvusb == PVUSB_KERNEL ? "usbback" : "qusb";
    }
    topology_add_controller(topology, controller);
    return controller;
}

// A companion has no bus of its own, so it is not in the topology, only on its master's ports.
static bool companion_is_there(const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (at->companion_ports)
            return true;
    return false;
}

// An item of usbctrl= has a fixed index, its position in the list; here a record occupies it.
static bool index_is_recorded(const struct planning *planning,
                              const struct config_controller *wanted)
{
    if (wanted->origin != ORIGIN_USBCTRL)
        return false;
    const struct controller *there =
        topology_controller_index(planning->topology, (int)wanted->index);
    return there && there->stale;
}

// Returns true after reporting why this PVUSB controller cannot be added.
static bool refuse_missing_pvusb(struct planning *planning, const struct config_controller *wanted)
{
    enum pvusb_backend kind;
    unsigned domain;
    const char *advice, *why = planning_pvusb(planning, wanted, &kind, &domain, &advice);
    if (why) {
        refuse_pvusb(planning, wanted, why, advice);
        return true;
    }
    if (kind == PVUSB_QEMU && wanted->pvusb == PVUSB_ANY)
        complain(planning->diags, SEVERITY_NOTE, CODE_NOTE, planning->config->source, wanted->why,
                 "controller %s is served by QEMU (qusb), since usbback is not loaded",
                 wanted->name);
    return false;
}

// The next name hciN or pvN that is free in both the domain and the config.
static const char *free_name(struct planning *planning, const struct controller_model *model)
{
    unsigned *next = model->driver ? &planning->next_hci : &planning->next_pv;
    for (;;) {
        const char *name =
            arena_printf(planning->arena, "%s%u", model->driver ? "hci" : "pv", (*next)++);
        if (!topology_controller_named(planning->topology, text_of(name)) &&
            !config_controller_named(planning->config, text_of(name)))
            return name;
    }
}

// Whether it is named by the number of one that is not there.
static bool is_number(const struct config_controller *wanted)
{
    uint64_t number = 0;
    return wanted->origin == ORIGIN_USBCONTROLLER && !span_is_none(wanted->name_at) &&
           text_number(text_of(wanted->name), 10, 0, UINT16_MAX, &number) == NUMBER_OK;
}

static void refuse_number(struct planning *planning, const struct config_controller *wanted)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, CODE_NO_SUCH_CONTROLLER, wanted->name_at,
                          "%s has no controller %s, and a new one cannot have a number "
                          "for a name",
                          planning->topology->domain->name, wanted->name);
    diag_hint(planning->diags, diag, "usbversion=3 is a version, name=hci1 a name");
}

// Returns true after reporting why this controller cannot be added.
static bool refuse_request(struct planning *planning, const struct request *request,
                           const struct controller_model *model)
{
    const struct config_controller *wanted = request->wanted;
    if (request->conflict)
        refuse_conflict(planning, request);
    else if (index_is_recorded(planning, wanted))
        refuse_recorded(planning, wanted);
    else if (is_number(wanted))
        refuse_number(planning, wanted);
    else if (!backend_for(planning, wanted))
        refuse_unservable(planning, wanted, model);
    else if (!model->driver && refuse_missing_pvusb(planning, wanted))
        return true;
    else if (!supports_hotplug(planning, model))
        refuse_plugging(planning, wanted, model);
    else if (!has_slot(planning, model))
        refuse_slot(planning, wanted->why);
    else
        return false;
    return true;
}

static void supply_request(struct planning *planning, struct request *request)
{
    const struct config_controller *wanted = request->wanted;
    const struct controller_model *model = planning_model(wanted, planning->topology->domain);
    if (request->controller || (model->companion && companion_is_there(planning->topology)) ||
        refuse_request(planning, request, model))
        return;
    const char *name = request->renamed ? free_name(planning, model) : wanted->name;
    request->controller =
        plan_controller(planning, wanted, model, name, ports_of(wanted, model), true);
    request->controller->wanted = wanted;
}

void supply_requests(struct planning *planning)
{
    for (size_t i = 0; i < planning->config->controller_count; i++)
        if (planning->requests[i].wanted)
            supply_request(planning, &planning->requests[i]);
}

// The model of a controller for this device. xHCI supports every speed and costs the host least; if
// QEMU cannot hotplug one, another that supports the device's speed.
static const struct controller_model *model_for(struct planning *planning,
                                                const struct device *device)
{
    static const unsigned versions[] = { 3, 1, 2 };
    if (planning_is_pv_guest(planning)) {
        const struct controller_model *model = controller_model_pvusb(2);
        return place_speeds(device, model->speeds) ? model : NULL;
    }
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        const struct controller_model *model = controller_model_for(versions[i]);
        if (supports_hotplug(planning, model) && place_speeds(device, model->speeds))
            return model;
    }
    return NULL;
}

// A controller for devices that name none.
static const struct config_controller any_controller = { .origin = ORIGIN_USBCONTROLLER,
                                                         .version = { .value = 3 } };

// Whether a PVUSB controller of the guest has a device at each number that a port can have.
static bool all_pvusb_ports_are_used(const struct topology *topology)
{
    uint32_t used = 0;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; at->pvusb && device; device = device->next)
            used |= UINT32_C(1) << device->port.number[0] % 32;
    return used >> 1 == UINT32_MAX >> 1;
}

// Why no controller can be added for devices that name none, or NULL.
static const char *why_no_controller(struct planning *planning)
{
    enum pvusb_backend kind;
    unsigned domain;
    const char *advice;
    if (!backend_for(planning, &any_controller))
        return "no backend supports controllers of this guest";
    if (planning_is_pv_guest(planning)) {
        const char *why = planning_pvusb(planning, &any_controller, &kind, &domain, &advice);
        if (!why && all_pvusb_ports_are_used(planning->topology))
            return "the PVUSB controllers of a guest share 31 port numbers, and all are in use";
        return why && advice ? arena_printf(planning->arena, "%s: %s", why, advice) : why;
    }
    const struct plugging *plugging = plugging_of(planning);
    if (!plugging->known || planning->slots_used < plugging->slots)
        return NULL;
    return plugging->why_not ? plugging->why_not
                             : "remove a controller, or start the guest with more";
}

bool supply_supports(struct planning *planning, const struct device *device)
{
    return model_for(planning, device);
}

bool supply_is_possible(struct planning *planning, const struct device *device)
{
    return !why_no_controller(planning) && supply_supports(planning, device);
}

// PVUSB controllers of a guest must not share port numbers, so a new one needs higher numbers.
static unsigned highest_pvusb_port(const struct topology *topology)
{
    unsigned highest = 0;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; at->pvusb && device; device = device->next)
            if (device->port.number[0] > highest)
                highest = device->port.number[0];
    return highest;
}

struct controller *supply_for(struct planning *planning, const struct device *device, size_t count,
                              struct span span)
{
    const struct controller_model *model = model_for(planning, device);
    if (!supply_is_possible(planning, device)) {
        refuse_supply(planning, span, why_no_controller(planning));
        return NULL;
    }
    unsigned ports = model->ports;
    if (!model->driver)
        count += highest_pvusb_port(planning->topology);
    if (model->ports < model->ports_max) {
        ports = count > LIBXL_PORTS ? (unsigned)count : LIBXL_PORTS;
        ports = count > model->ports_max ? model->ports_max : ports;
    }
    struct controller *controller =
        plan_controller(planning, &any_controller, model, free_name(planning, model), ports,
                        planning_libxl_supports(planning, device));
    controller->as_needed = true;
    return controller;
}
