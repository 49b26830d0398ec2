// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "planning.h"

// Whether a controller goes by its libxl index only, because nobody gave it a name.
static bool is_unnamed(const struct controller *controller)
{
    uint64_t number = 0;
    return text_number(text_of(controller->name), 10, 0, INT32_MAX, &number) == NUMBER_OK;
}

// How surely an existing controller is the wished one: 0 not at all, more is surer.
static unsigned likeness(const struct config_controller *wish, const struct controller *there,
                         const struct controller_model *model)
{
    bool same_name = strcmp(there->name, wish->name) == 0;
    // What was made in its stead while the guest ran.
    unsigned instead = same_name && there->model == model ? 1 : 0;
    if (GIVEN(wish->qemu_id))
        return text_is(wish->qemu_id.text, there->id) ? 4 : instead;
    switch (wish->origin) {
    case ORIGIN_USB:
        // "-usb" makes the machine's own controller, which has no id.
        return !*there->id && there->index < 0 ? 2 : instead;
    case ORIGIN_USBVERSION:
        // libxl calls it "usb" (libxl_dm.c).
        return strcmp(there->id, "usb") == 0 ? 4 : instead;
    case ORIGIN_QEMU: return !*there->id && there->model == model ? 2 : instead;
    case ORIGIN_USBCTRL:
        if (there->index == (int)wish->index)
            return 4;
        break;
    case ORIGIN_USBCONTROLLER:
    case ORIGIN_VUSB: break;
    }
    if (same_name)
        return 3;
    bool same_place =
        wish->origin != ORIGIN_USBCTRL && there->index == (int)wish->index && is_unnamed(there);
    return same_place && there->model == model ? 1 : 0;
}

// How a PVUSB controller's backend is not the one that is asked for.
static const char *other_backend(const struct planning *planning,
                                 const struct config_controller *wish,
                                 const struct controller *there)
{
    enum pvusb_backend kind;
    unsigned domain;
    const char *advice;
    if (wish->pvusb && there->pvusb != wish->pvusb)
        return arena_printf(planning->arena, "it is served by %s", there->driver);
    if (wish->kernel_only && there->pvusb == PVUSB_QEMU)
        return "it is served by QEMU";
    (void)supply_pvusb(planning, wish, &kind, &domain, &advice);
    if (GIVEN(wish->backend) && domain != there->backend_domain)
        return arena_printf(planning->arena, "its backend is in domain %u", there->backend_domain);
    return NULL;
}

static const char *difference(const struct planning *planning, const struct config_controller *wish,
                              const struct controller *there, const struct controller_model *model)
{
    struct arena *arena = planning->arena;
    if (wish->at_creation)
        return NULL;
    if (there->model != model)
        return arena_printf(arena, "it is %s, not %s",
                            there->model ? there->model->name : there->driver,
                            model ? model->name : "what is asked for");
    const char *other = there->pvusb ? other_backend(planning, wish, there) : NULL;
    if (other)
        return other;
    if (GIVEN(wish->ports) && wish->ports.value > there->ports)
        return arena_printf(arena, "it has %u ports, not %u", there->ports, wish->ports.value);
    return NULL;
}

struct controller *match_controller(struct planning *planning, const struct config_controller *wish,
                                    const char **conflict)
{
    const struct controller_model *model = supply_model(wish, planning->topology->domain);
    struct controller *best = NULL;
    unsigned best_likeness = 0;
    *conflict = NULL;
    for (struct controller *there = planning->topology->controllers; there; there = there->next) {
        unsigned like = there->present && !there->wish ? likeness(wish, there, model) : 0;
        if (like > best_likeness) {
            best = there;
            best_likeness = like;
        }
    }
    if (best)
        *conflict = difference(planning, wish, best, model);
    return *conflict ? NULL : best;
}

struct controller *match_by_default(struct planning *planning, const struct config_controller *wish)
{
    const struct controller_model *model = supply_model(wish, planning->topology->domain);
    struct controller *there = planning->topology->controllers;
    const char *prefix = model->driver ? "hci" : "pv";
    uint64_t number = 0;
    for (; there; there = there->next) {
        struct text name = text_of(there->name);
        if (there->present && !there->wish && text_starts(name, prefix) &&
            text_number(text_part(name, strlen(prefix), name.size), 10, 0, INT32_MAX, &number) ==
                NUMBER_OK &&
            !difference(planning, wish, there, model))
            break;
    }
    return there;
}

static bool is_where_wished(const struct target *target, const struct device *device)
{
    if (target->wish->at_creation)
        return true;
    if (target->wanted && device->controller != target->wanted)
        return false;
    return target->wish->port.depth == 0 || port_same(target->wish->port, device->port);
}

// Whether what is in the guest was made of the host device at that place, or of one that stood at
// the same socket before it was unplugged.
static bool is_same_host_device(const struct device *device, const struct host_device *host)
{
    if (device->host)
        return device->host == host;
    return device->selector.marks & SELECT_BUSID &&
           strcmp(device->selector.busid, host->busid) == 0;
}

// Whether xenusb made it: then no arguments of QEMU gave it an id.
static bool is_of_running_guest(const struct device *device)
{
    return text_starts(text_of(device->id), "xenusb");
}

static bool is_same_thing(const struct planning *planning, const struct target *target,
                          const struct device *device)
{
    const struct config_device *wish = target->wish;
    if (device->kind != wish->kind || device->wish)
        return false;
    if (target->wanted && target->wanted->backend_domain)
        return device->controller == target->wanted &&
               strcmp(device->selector.busid, wish->selector.busid) == 0;
    if (wish->kind == DEVICE_HOSTDEV)
        return target->host && is_same_host_device(device, target->host);
    if (wish->kind == DEVICE_OTHER && strcmp(planning_driver(planning, wish), device->driver) != 0)
        return false;
    if (GIVEN(wish->qemu_id) && !is_of_running_guest(device))
        return text_is(wish->qemu_id.text, device->id);
    if (wish->kind == DEVICE_DISK && GIVEN(wish->file))
        return device->file && text_is(wish->file.text, device->file);
    return true;
}

static struct device *find_there(struct planning *planning, const struct target *target)
{
    const struct config_text *id = &target->wish->qemu_id;
    struct device *elsewhere = NULL, *instead = NULL;
    for (struct controller *at = planning->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (!is_same_thing(planning, target, device))
                continue;
            if (GIVEN(*id) && !text_is(id->text, device->id))
                instead = device;
            else if (is_where_wished(target, device))
                return device;
            else
                elsewhere = device;
        }
    if (instead)
        return instead;
    return target->wish->kind == DEVICE_HOSTDEV ? elsewhere : NULL;
}

static void complain_elsewhere(struct planning *planning, struct target *target,
                               const struct device *there)
{
    char room[PORT_TEXT_SIZE];
    const struct config_device *wish = target->wish;
    struct span span = span_is_none(wish->port_at) ? wish->why : wish->port_at;
    target->op = STEP_REFUSE;
    target->words = arena_printf(planning->arena, "it is at %s port %s already",
                                 there->controller->name, port_write(there->port, room));
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, span, "%s is in %s already, at controller %s port %s",
        host_device_show(planning->arena, target->host), planning->topology->domain->name,
        there->controller->name, room);
    diag_hint(planning->diags, diag, "detach it first, or name that port");
}

static void complain_unknown_kind(struct planning *planning, struct target *target)
{
    target->op = STEP_REFUSE;
    target->words = "it comes with the guest only";
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, target->wish->why, "%s has no %s, which xenusb cannot make",
        planning->topology->domain->name, planning_driver(planning, target->wish));
    diag_hint(planning->diags, diag, "it comes with the next start of the guest");
}

static void match_target(struct planning *planning, struct target *target)
{
    struct device *there = find_there(planning, target);
    if (!there) {
        if (target->wish->kind == DEVICE_OTHER)
            complain_unknown_kind(planning, target);
        return;
    }
    if (there->state == DEVICE_GONE) {
        there->wish = target->wish;
        target->stale = there;
        controller_drop_device(there);
        return;
    }
    if (!is_where_wished(target, there)) {
        complain_elsewhere(planning, target, there);
        return;
    }
    there->wish = target->wish;
    target->device = there;
    target->op = STEP_KEEP;
}

void match_targets(struct planning *planning)
{
    // Those with a place come first, so that a wish without one does not take theirs.
    for (int placed = 1; placed >= 0; placed--)
        for (size_t i = 0; i < planning->target_count; i++) {
            struct target *target = &planning->targets[i];
            bool has_place = target->wanted || target->wish->port.depth;
            if (target->op == STEP_ADD && !target->device && has_place == (placed == 1))
                match_target(planning, target);
        }
}
