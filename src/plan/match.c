// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"
#include "xen/advice.h"

// Whether a controller has no name of its own, only libxl's index.
static bool is_unnamed(const struct controller *controller)
{
    uint64_t number = 0;
    return text_number(text_of(controller->name), 10, 0, INT32_MAX, &number) == NUMBER_OK;
}

// Whether that is how one without a name is written where its number does not tell which it is.
static bool is_xl_name(const char *name, const struct controller *there)
{
    uint64_t number = 0;
    return is_unnamed(there) && strncmp(name, CONTROLLER_OF_XL, strlen(CONTROLLER_OF_XL)) == 0 &&
           text_number(text_of(name + strlen(CONTROLLER_OF_XL)), 10, 0, INT32_MAX, &number) ==
               NUMBER_OK &&
           (int)number == there->index;
}

// How likely an existing controller is the wanted one: 0 is not at all, higher is more likely.
static unsigned similarity(const struct config_controller *wanted, const struct controller *there,
                           const struct controller_model *model)
{
    bool same_name = strcmp(there->name, wanted->name) == 0;
    // One that xenusb has added to the running guest instead.
    unsigned instead = same_name && there->model == model ? 1 : 0;
    if (GIVEN(wanted->qemu_id))
        return text_is(wanted->qemu_id.text, there->id) ? 4 : instead;
    switch (wanted->origin) {
    case ORIGIN_USB:
        // "-usb" makes the machine's own controller, which has no id.
        return !*there->id ? 2 : instead;
    case ORIGIN_USBVERSION:
        // libxl calls it "usb" (libxl_dm.c).
        return strcmp(there->id, "usb") == 0 ? 4 : instead;
    case ORIGIN_QEMU: return !*there->id && there->model == model ? 2 : instead;
    case ORIGIN_USBCTRL:
        if (there->index == (int)wanted->index)
            return 4;
        break;
    case ORIGIN_USBCONTROLLER:
    case ORIGIN_VUSB: break;
    }
    if (same_name || is_xl_name(wanted->name, there))
        return 3;
    bool same_place =
        wanted->origin != ORIGIN_USBCTRL && is_unnamed(there) && there->index == (int)wanted->index;
    return same_place && there->model == model ? 1 : 0;
}

// How a PVUSB controller's backend differs from the wanted one; NULL if it does not.
static const char *other_backend(const struct planning *planning,
                                 const struct config_controller *wanted,
                                 const struct controller *there)
{
    enum pvusb_backend kind;
    unsigned domain;
    const char *advice;
    if (wanted->pvusb && there->pvusb != wanted->pvusb)
        return arena_printf(planning->arena, "it is served by %s", there->driver);
    if (wanted->kernel_only && there->pvusb == PVUSB_QEMU)
        return "it is served by QEMU";
    (void)planning_pvusb(planning, wanted, &kind, &domain, &advice);
    if (GIVEN(wanted->backend) && domain != there->backend_domain)
        return arena_printf(planning->arena, "its backend is in domain %u", there->backend_domain);
    return NULL;
}

static const char *difference(const struct planning *planning,
                              const struct config_controller *wanted,
                              const struct controller *there, const struct controller_model *model)
{
    struct arena *arena = planning->arena;
    if (wanted->at_creation)
        return NULL;
    if (there->model != model)
        return arena_printf(arena, "it is %s, not %s",
                            there->model ? there->model->name : there->driver,
                            model ? model->name : "the wanted model");
    const char *other = there->pvusb ? other_backend(planning, wanted, there) : NULL;
    if (other)
        return other;
    if (GIVEN(wanted->ports) && wanted->ports.value > there->ports)
        return arena_printf(arena, "it has %u ports, not %u", there->ports, wanted->ports.value);
    return NULL;
}

// The controller of the domain that is the most likely one for a request.
static void match_request(struct planning *planning, struct request *request)
{
    const struct controller_model *model =
        planning_model(request->wanted, planning->topology->domain);
    struct controller *best = NULL;
    unsigned best_similarity = 0;
    for (struct controller *there = planning->topology->controllers; there; there = there->next) {
        unsigned like =
            there->present && !there->wanted ? similarity(request->wanted, there, model) : 0;
        if (like > best_similarity) {
            best = there;
            best_similarity = like;
        }
    }
    if (best)
        request->conflict = difference(planning, request->wanted, best, model);
    if (!request->conflict)
        request->controller = best;
}

// Whether its name is only the default, so that any other default name is as good.
static bool is_named_by_default(const struct config_controller *wanted)
{
    return wanted->origin == ORIGIN_USBCONTROLLER && span_is_none(wanted->name_at);
}

static bool is_default_name(const char *name, const struct controller_model *model)
{
    const char *prefix = model->driver ? "hci" : "pv";
    uint64_t number = 0;
    struct text text = text_of(name);
    return text_starts(text, prefix) && text_number(text_part(text, strlen(prefix), text.size), 10,
                                                    0, INT32_MAX, &number) == NUMBER_OK;
}

// If the default name belongs to a different controller: any suitable one with a default name.
static void match_by_default(struct planning *planning, struct request *request)
{
    const struct controller_model *model =
        planning_model(request->wanted, planning->topology->domain);
    struct controller *there = planning->topology->controllers;
    while (there && (!there->present || there->wanted || !is_default_name(there->name, model) ||
                     difference(planning, request->wanted, there, model)))
        there = there->next;
    request->controller = there;
    request->conflict = NULL;
    request->renamed = true;
}

void match_controllers(struct planning *planning)
{
    planning->requests =
        arena_array_of(planning->arena, struct request, planning->config->controller_count);
    for (const struct config_controller *wanted = planning->config->controllers; wanted;
         wanted = wanted->next) {
        struct request *request = &planning->requests[wanted->index];
        request->wanted = wanted;
        match_request(planning, request);
        if (request->conflict && is_named_by_default(wanted))
            match_by_default(planning, request);
        if (request->controller)
            request->controller->wanted = wanted;
    }
}

static bool is_where_wanted(const struct placement *placement, const struct device *device)
{
    if (placement->wanted->at_creation)
        return true;
    if (placement->controller && device->controller != placement->controller)
        return false;
    return placement->wanted->port.depth == 0 || port_same(placement->wanted->port, device->port);
}

// Whether a device of the guest is that host device, or QEMU waits for it, or it was in the same
// host port before it was unplugged.
static bool is_same_host_device(const struct device *device, const struct host_device *host)
{
    const struct host_device *there = device_on_host(device);
    if (device->state == DEVICE_WAITING)
        return selector_matches(&device->selector, host);
    if (there)
        return there == host;
    return device->selector.criteria & SELECT_BUSID &&
           strcmp(device->selector.busid, host->busid) == 0;
}

// Whether xenusb or libxl has added it, so that its id is not from QEMU arguments.
static bool is_of_running_guest(const struct device *device)
{
    return text_starts(text_of(device->id), "xenusb");
}

static bool is_same_thing(const struct planning *planning, const struct placement *placement,
                          const struct device *device)
{
    const struct config_device *wanted = placement->wanted;
    if (device->kind != wanted->kind || device->wanted)
        return false;
    if (placement->controller && placement->controller->backend_domain)
        return device->controller == placement->controller &&
               strcmp(device->selector.busid, wanted->selector.busid) == 0;
    if (wanted->kind == DEVICE_HOSTDEV)
        return placement->host && !device->controller->backend_domain &&
               is_same_host_device(device, placement->host);
    if (wanted->kind == DEVICE_OTHER &&
        strcmp(planning_driver(planning, wanted), device->driver) != 0)
        return false;
    if (GIVEN(wanted->qemu_id) && !is_of_running_guest(device))
        return text_is(wanted->qemu_id.text, device->id);
    if (wanted->kind == DEVICE_DISK && GIVEN(wanted->file))
        return device->file && text_is(wanted->file.text, device->file);
    return true;
}

static struct device *find_there(struct planning *planning, const struct placement *placement)
{
    const struct config_text *id = &placement->wanted->qemu_id;
    struct device *moved = planning->options->moved;
    if (moved)
        return moved->controller->topology == planning->topology ? moved : NULL;
    struct device *elsewhere = NULL, *instead = NULL;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (!is_same_thing(planning, placement, device))
                continue;
            if (GIVEN(*id) && !text_is(id->text, device->id))
                instead = device;
            else if (is_where_wanted(placement, device))
                return device;
            else
                elsewhere = device;
        }
    if (instead)
        return instead;
    return placement->wanted->kind == DEVICE_HOSTDEV ? elsewhere : NULL;
}

// Whether it can be moved. Without a busid, a move that was interrupted could not be completed.
static bool is_movable(const struct device *there)
{
    return there->controller->backend && (there->kind != DEVICE_HOSTDEV || *device_busid(there));
}

// The command that moves it to where the config wants it; NULL if that is no single place.
static const char *advice_to_move(const struct planning *planning,
                                  const struct placement *placement, const struct device *there)
{
    struct arena *arena = planning->arena;
    const struct device target = { .controller = placement->controller,
                                   .port = placement->wanted->port };
    if (!placement->controller || !placement->wanted->port.depth || !is_movable(there))
        return NULL;
    return advice_of_two(arena, ADVICE_MOVE, planning->topology->domain, device_word(arena, there),
                         device_word(arena, &target));
}

static void complain_elsewhere(struct planning *planning, struct placement *placement,
                               const struct device *there)
{
    const struct config_device *wanted = placement->wanted;
    struct span span = span_is_none(wanted->port_at) ? wanted->why : wanted->port_at;
    placement->op = STEP_REFUSE;
    const char *position = device_position(planning->arena, there);
    placement->words = arena_printf(planning->arena, "it is already at %s", position);
    struct diag *diag = planning_complain(planning, STATUS_REFUSED, CODE_CONFLICT, span,
                                          "%s is already attached to %s at %s",
                                          host_device_show(planning->arena, placement->host),
                                          planning->topology->domain->name, position);
    const char *move = advice_to_move(planning, placement, there);
    if (move)
        diag_hint(planning->diags, diag, "%s", move);
    else
        diag_hint(planning->diags, diag, "detach it first, or use that port%s",
                  is_movable(there) ? "; the verb move takes it to another one" : "");
}

static void complain_unknown_kind(struct planning *planning, struct placement *placement)
{
    placement->op = STEP_REFUSE;
    placement->words = "only created together with the guest";
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, CODE_UNSUPPORTED, placement->wanted->why,
        "%s has no %s, and xenusb cannot add one", planning->topology->domain->name,
        planning_driver(planning, placement->wanted));
    diag_hint(planning->diags, diag, "it will exist after the guest is restarted");
}

// The guest may have it or not: neither "nothing to do" nor a second one would be right.
static void complain_unknown_state(struct planning *planning, struct placement *placement,
                                   const struct device *there)
{
    placement->op = STEP_REFUSE;
    placement->words = "its state is unknown";
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, CODE_INCOMPLETE, placement->wanted->why,
        "whether %s has %s at %s is unknown: %s", planning->topology->domain->name,
        host_device_show(planning->arena, placement->host), device_position(planning->arena, there),
        there->reason ? there->reason : "no reason given");
    diag_hint(planning->diags, diag, "detach it first");
}

// Whether what the guest has of it must be removed first. QEMU's own arguments are left as they are
// if it is only the config that the guest was created from.
static bool is_stale(const struct placement *placement, const struct device *there)
{
    return there->state == DEVICE_GONE ||
           (there->state == DEVICE_MISFIT && !placement->wanted->at_creation);
}

// The guest has it at another place.
static void match_elsewhere(struct planning *planning, struct placement *placement,
                            struct device *there)
{
    if (!planning->options->move || !is_movable(there)) {
        complain_elsewhere(planning, placement, there);
        return;
    }
    if (placement->host)
        resolve_move(planning, placement);
    if (placement->op != STEP_ADD)
        return;
    there->wanted = placement->wanted;
    placement->from = there;
    controller_drop_device(there);
}

static void match_target(struct planning *planning, struct placement *placement)
{
    struct device *there = find_there(planning, placement);
    if (!there && planning->options->moved)
        placement->from = planning->options->moved;
    if (!there) {
        if (placement->wanted->kind == DEVICE_OTHER)
            complain_unknown_kind(planning, placement);
        return;
    }
    if (is_stale(placement, there)) {
        there->wanted = placement->wanted;
        placement->stale = there;
        controller_drop_device(there);
        return;
    }
    if (there->state == DEVICE_UNKNOWN && placement->host) {
        complain_unknown_state(planning, placement, there);
        return;
    }
    if (!is_where_wanted(placement, there)) {
        match_elsewhere(planning, placement, there);
        return;
    }
    there->wanted = placement->wanted;
    placement->device = there;
    placement->op = STEP_KEEP;
}

// How exactly the config says where a device is to be.
static int precision(const struct placement *placement)
{
    return (placement->wanted->port.depth ? 2 : 0) + (placement->controller ? 1 : 0);
}

void match_placements(struct planning *planning)
{
    // The most exact ones come first, so that no other matches what only they can have.
    for (int exact = 3; exact >= 0; exact--)
        for (size_t i = 0; i < planning->placement_count; i++) {
            struct placement *placement = &planning->placements[i];
            if (placement->op == STEP_ADD && !placement->device && precision(placement) == exact)
                match_target(planning, placement);
        }
}
