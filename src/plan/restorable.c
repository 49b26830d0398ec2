// SPDX-License-Identifier: MIT
#include "restorable.h"

#include "base/arena.h"
#include "base/buffer.h"

enum { NAMED_MAX = 3 }; // of what prevents it

// The obstacles that were found, and what is not known.
struct finding_out {
    struct arena *arena;
    const struct topology *topology;
    const struct plan *plan; // what it removes does not count; NULL: there is none
    struct buffer obstacles;
    unsigned count;      // of the obstacles
    bool stuck;          // one of them cannot be removed, or not be added again
    const char *unknown; // NULL: everything is known
};

static bool is_emulated(const struct controller *controller)
{
    return controller->pvusb == PVUSB_ANY && !controller->stale && controller->present;
}

// Whether its QEMU has it: it is neither planned nor only in the record.
static bool is_in_qemu(const struct device *device)
{
    return device->path && *device->path;
}

// A device for these messages: "1-4 at hci0 port 1".
static const char *show_device(struct arena *arena, const struct device *device)
{
    const char *busid = device_busid(device);
    return arena_printf(arena, "%s at %s", *busid ? busid : device_kind_name(device),
                        device_position(arena, device));
}

const char *restorable_prevented_by_controller(struct arena *arena,
                                               const struct controller *controller)
{
    return is_emulated(controller) && controller->at_start == VERDICT_NO
               ? arena_printf(arena, "controller %s was added while its QEMU ran", controller->name)
               : NULL;
}

const char *restorable_prevented_by_device(struct arena *arena, const struct device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    if (!is_emulated(device->controller) || !is_in_qemu(device))
        return NULL;
    if (model && model->unsavable)
        return arena_printf(arena, "QEMU cannot save the state of %s", show_device(arena, device));
    return device->at_start == VERDICT_NO
               ? arena_printf(arena, "%s was attached while its QEMU ran",
                              show_device(arena, device))
               : NULL;
}

bool restorable_without_controller(const struct controller *controller)
{
    const struct pvusb_qemu *qemu = controller->topology->pvusb_qemu;
    if (!controller->present || controller->stale)
        return false;
    if (controller->pvusb == PVUSB_ANY)
        return controller->at_start == VERDICT_NO;
    // As look_at_pvusb() has it.
    return controller->pvusb == PVUSB_KERNEL || (qemu && qemu->runs);
}

bool restorable_without_device(const struct device *device)
{
    if (device->controller->pvusb != PVUSB_ANY)
        return device->controller->present && device->state != DEVICE_PLANNED;
    return is_emulated(device->controller) && is_in_qemu(device) && device->at_start == VERDICT_NO;
}

// Whether the plan removes that device, or that controller if it is NULL.
static bool is_removed(const struct finding_out *out, const struct controller *controller,
                       const struct device *device)
{
    const struct step *step = out->plan ? out->plan->first : NULL;
    while (step &&
           !(step->op == STEP_REMOVE && step->controller == controller && step->device == device))
        step = step->next;
    return step;
}

static void add_obstacle(struct finding_out *out, const char *why)
{
    if (out->count++ < NAMED_MAX)
        buffer_printf(&out->obstacles, "%s%s", out->count > 1 ? "; " : "", why);
}

static const char *why_no_start(const struct topology *topology)
{
    return topology->why_no_start ? topology->why_no_start
                                  : "it may have been removed and added again";
}

// Why it is not known whether this device, which prevents nothing as far as is known, does.
static const char *unknown_of_device(struct arena *arena, const struct topology *topology,
                                     const struct device *device)
{
    const char *shown = show_device(arena, device);
    if (device->at_start == VERDICT_UNKNOWN)
        return arena_printf(arena, "it is not known whether its QEMU was started with %s: %s",
                            shown, why_no_start(topology));
    if (device->kind == DEVICE_OTHER)
        return arena_printf(arena, "it is not known whether QEMU can save %s", shown);
    if (device->kind == DEVICE_HOSTDEV && !device->report.waits)
        return arena_printf(arena, "QEMU only starts again if %s has the same address then", shown);
    return NULL;
}

static void look_at_device(struct finding_out *out, const struct device *device)
{
    const char *why = restorable_prevented_by_device(out->arena, device);
    if (why)
        out->stuck |= !restorable_without_device(device) || !device_can_return(device);
    if (why)
        add_obstacle(out, why);
    else if (!out->unknown && is_in_qemu(device))
        out->unknown = unknown_of_device(out->arena, out->topology, device);
}

static void look_at_emulated(struct finding_out *out, const struct controller *controller)
{
    const char *why = restorable_prevented_by_controller(out->arena, controller);
    if (why) {
        add_obstacle(out, why); // and so do the devices on it, which go with it
        out->stuck |= !controller->model;
        for (const struct device *at = controller->devices; at; at = at->next)
            out->stuck |= !device_can_return(at);
        return;
    }
    if (controller->at_start == VERDICT_UNKNOWN && !out->unknown)
        out->unknown = arena_printf(
            out->arena, "it is not known whether its QEMU was started with controller %s: %s",
            controller->name, why_no_start(out->topology));
    for (const struct device *at = controller->devices; at; at = at->next)
        if (!is_removed(out, controller, at))
            look_at_device(out, at);
}

static bool has_devices(const struct finding_out *out, const struct controller *controller)
{
    for (const struct device *at = controller->devices; at; at = at->next)
        if (at->state != DEVICE_PLANNED && !is_removed(out, controller, at))
            return true;
    return false;
}

// Only what was seen to come back is known to.
static void look_at_pvusb(struct finding_out *out, const struct controller *controller)
{
    const struct topology *topology = out->topology;
    const char *name = controller->name;
    if (out->unknown || !controller->present)
        return;
    if (domain_has_machine(topology->domain->type) && has_devices(out, controller))
        out->unknown =
            arena_printf(out->arena,
                         "it is not known whether its QEMU can save the devices of PVUSB "
                         "controller %s",
                         name);
    else if (controller->pvusb == PVUSB_KERNEL)
        out->unknown = arena_printf(out->arena,
                                    "it is not known whether PVUSB controller %s, of usbback, is "
                                    "connected again then",
                                    name);
    else if (topology->pvusb_qemu && topology->pvusb_qemu->runs)
        out->unknown = arena_printf(out->arena,
                                    "PVUSB controller %s may not be connected again then: xenusb "
                                    "has started its QEMU",
                                    name);
}

static bool has_any_device(const struct finding_out *out)
{
    for (const struct controller *at = out->topology->controllers; at; at = at->next)
        if (has_devices(out, at))
            return true;
    return false;
}

static struct restorable find_out(struct arena *arena, const struct topology *topology,
                                  const struct plan *plan)
{
    struct finding_out out = {
        .arena = arena, .topology = topology, .plan = plan, .obstacles = buffer_in(arena)
    };
    if (domain_has_machine(topology->domain->type) && !topology->qemu)
        out.unknown = "its QEMU could not be asked";
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (is_removed(&out, at, NULL))
            continue;
        if (is_emulated(at))
            look_at_emulated(&out, at);
        else if (at->pvusb != PVUSB_ANY)
            look_at_pvusb(&out, at);
    }
    if (out.count > NAMED_MAX)
        buffer_printf(&out.obstacles, "; and %u more", out.count - NAMED_MAX);
    if (out.count)
        return (struct restorable){ VERDICT_NO, buffer_string(&out.obstacles), !out.stuck };
    if (out.unknown)
        return (struct restorable){ VERDICT_UNKNOWN, out.unknown, false };
    if (!has_any_device(&out))
        return (struct restorable){ VERDICT_YES, "it has no USB device", false };
    return (struct restorable){ VERDICT_YES,
                                domain_has_machine(topology->domain->type)
                                    ? "its QEMU was started with all that it has"
                                    : "its devices must be attached again then",
                                false };
}

struct restorable restorable_of(struct arena *arena, const struct topology *topology)
{
    return find_out(arena, topology, NULL);
}

struct restorable restorable_after(struct arena *arena, const struct plan *plan)
{
    return find_out(arena, plan->topology, plan);
}
