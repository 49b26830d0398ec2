// SPDX-License-Identifier: MIT
// The messages of refusals: why a controller cannot be added, and why a device gets no port.
#include "base/arena.h"
#include "host/endpoints.h"
#include "planning.h"
#include "xen/advice.h"

// --- controllers ---

static struct span model_place(const struct config_controller *wanted)
{
    if (!span_is_none(wanted->model_at))
        return wanted->model_at;
    return GIVEN(wanted->version) ? wanted->version.at : wanted->why;
}

void refuse_plugging(struct planning *planning, const struct config_controller *wanted,
                     const struct controller_model *model)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REFUSED, CODE_UNSUPPORTED, model_place(wanted),
                          "QEMU cannot hotplug %s", model->name);
    diag_hint(planning->diags, diag,
              wanted->at_creation ? "it will exist after the guest is restarted; until then use "
                                    "usbcontroller=['type=emul,usbversion=3']"
                                  : "use usbversion=1, 2 or 3 without a model, or start the guest "
                                    "with it");
}

void refuse_slot(struct planning *planning, struct span span)
{
    const char *why = planning->topology->plugging.why_not;
    struct diag *diag = planning_complain(planning, STATUS_REFUSED, CODE_NO_PORT, span,
                                          "this QEMU has no free slot for a controller");
    diag_hint(planning->diags, diag, "%s", why ? why : "use an existing controller");
}

void refuse_conflict(struct planning *planning, const struct request *request)
{
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, CODE_CONFLICT, request->wanted->why,
        "%s already has a different controller %s: %s", planning->topology->domain->name,
        request->wanted->name, request->conflict);
    diag_hint(planning->diags, diag, "remove it first, or give this one another name");
}

void refuse_recorded(struct planning *planning, const struct config_controller *wanted)
{
    struct diag *diag = planning_complain(
        planning, STATUS_REFUSED, CODE_CONFLICT, wanted->why,
        "libxl has a record of controller %u, but QEMU has no such controller", wanted->index);
    advise(planning->diags, diag, ADVICE_REMOVE_RECORD, planning->topology->domain,
           arena_printf(planning->arena, "%u", wanted->index));
}

void refuse_unservable(struct planning *planning, const struct config_controller *wanted,
                       const struct controller_model *model)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REFUSED, CODE_NO_BACKEND, wanted->why,
                          "controller %s is %s, but no backend in %s supports that", wanted->name,
                          model->driver ? "emulated" : "PVUSB", planning->topology->domain->name);
    diag_hint(planning->diags, diag, "%s",
              model->driver ? "a PV or PVH guest has no emulated machine" : "use type=emul");
}

void refuse_pvusb(struct planning *planning, const struct config_controller *wanted,
                  const char *why, const char *advice)
{
    struct diag *diag = planning_complain(planning, STATUS_REFUSED, CODE_NO_BACKEND,
                                          GIVEN(wanted->backend) ? wanted->backend.at : wanted->why,
                                          "controller %s cannot be added: %s", wanted->name, why);
    if (advice)
        diag_hint(planning->diags, diag, "%s", advice);
}

void refuse_supply(struct planning *planning, struct span span, const char *why)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REFUSED, CODE_NO_PORT, span,
                          "%s has no free port for this device, and no controller can be added",
                          planning->topology->domain->name);
    diag_hint(planning->diags, diag, "%s",
              why ? why : "QEMU cannot hotplug a controller for its speed");
}

// --- devices ---

// What to use instead of a port that does not support the device's speed.
static const char *speed_advice(const struct planning *planning,
                                const struct controller *controller)
{
    if (controller->pvusb)
        return arena_printf(planning->arena, "'%s' is %s, which supports up to %s speed%s",
                            controller->name, controller->model ? controller->model->name : "PVUSB",
                            controller->model && controller->model->version == 1 ? "full" : "high",
                            controller->model && controller->model->version == 1
                                ? ": use usbversion=2"
                                : " and faster devices whose endpoints fit");
    if (controller->model && controller->model->version == 2 && controller->model->driver &&
        !controller->companion_ports)
        return arena_printf(planning->arena,
                            "'%s' is an EHCI controller without companions: use usbversion=3",
                            controller->name);
    return arena_printf(planning->arena, "'%s' is %s: use usbversion=3", controller->name,
                        controller->model ? controller->model->name : controller->driver);
}

// Whether the controller's own port on the way to `port` takes a hub.
static bool takes_hub(const struct controller *controller, struct port port)
{
    const struct port root = { 1, { port.number[0] } };
    const struct device_model *hub = device_model_of(DEVICE_HUB);
    return controller_port_speeds(controller, root) & hub->speeds;
}

static struct diag *complain_isochronous(struct planning *planning, struct span span,
                                         const struct device *device)
{
    const char *shown = device_describe(planning->arena, device);
    const char *unread = host_endpoints(device->host).unread;
    if (unread)
        return planning_complain(
            planning, STATUS_FAILED, CODE_INCOMPLETE, span,
            "cannot tell whether %s has isochronous endpoints, which PVUSB does "
            "not support: %s",
            shown, unread);
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, CODE_UNSUPPORTED, span,
                          "%s has isochronous endpoints, which PVUSB does not support", shown);
    return diag_hint(planning->diags, diag, "%s",
                     planning_is_pv_guest(planning)
                         ? "it needs an emulated controller in an HVM guest"
                         : "it works on an emulated controller: type=emul");
}

// The place of a device in messages: "controller 'hci0'" or "port 1.2 of controller 'hci0'".
static const char *place_shown(const struct planning *planning, const struct controller *controller,
                               struct port port)
{
    char buf[PORT_TEXT_SIZE];
    if (!port.depth)
        return arena_printf(planning->arena, "controller '%s'", controller->name);
    return arena_printf(planning->arena, "port %s of controller '%s'", port_write(port, buf),
                        controller->name);
}

static void hint_taken(const struct planning *planning, struct diag *diag,
                       const struct controller *controller, struct port port)
{
    const struct device *there = port.depth ? controller_device_at(controller, port) : NULL;
    if (there)
        diag_hint(planning->diags, diag, "%s is attached there",
                  device_describe(planning->arena, there));
    else
        diag_hint(planning->diags, diag, "detach a device, or use another controller");
}

static struct diag *complain_shared(struct planning *planning, struct span span, const char *at,
                                    const struct controller *controller)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REFUSED, CODE_CONFLICT, span,
                          "%s: another PVUSB controller has a device at that port number", at);
    return diag_hint(planning->diags, diag, "%s",
                     place_is_qemu_only(controller)
                         ? "QEMU aborts if two controllers use the same port number: use another "
                           "port"
                         : "QEMU would abort, usbback would not: use another port, or --force");
}

static struct diag *complain_properties(struct planning *planning,
                                        const struct config_device *wanted, const char *at)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REQUEST, CODE_UNSUPPORTED, wanted->properties->value.at,
                          "%s is PVUSB, which does not support properties of QEMU's devices", at);
    return diag_hint(planning->diags, diag, "use an emulated controller: type=emul");
}

static struct diag *complain_verdict(struct planning *planning, const struct placement *placement,
                                     const struct device *device, struct port port,
                                     enum place_verdict verdict)
{
    const struct config_device *wanted = placement->wanted;
    const struct controller *controller = placement->controller;
    struct diags *diags = planning->diags;
    struct span span = span_is_none(wanted->port_at) ? wanted->why : wanted->port_at;
    const char *at = place_shown(planning, controller, port);
    const char *shown = device_describe(planning->arena, device);
    struct diag *diag = NULL;
    switch (verdict) {
    case PLACE_NO_PORT:
        diag =
            planning_complain(planning, STATUS_REQUEST, CODE_NO_PORT, span, "there is no %s", at);
        return diag_hint(diags, diag, "it has %u ports%s", controller->ports,
                         port.depth > 1 ? ", a hub has 8" : "");
    case PLACE_NO_HUB:
        diag = planning_complain(planning, STATUS_REQUEST, CODE_NO_PORT, span,
                                 "there is no hub for %s", at);
        return diag_hint(diags, diag, "%s",
                         takes_hub(controller, port) ? "add a hub: type=hub, with its own port"
                                                     : speed_advice(planning, controller));
    case PLACE_TAKEN:
        diag = planning_complain(planning, STATUS_REFUSED, CODE_NO_PORT, span, "%s is %s", at,
                                 port.depth ? "already used" : "full");
        hint_taken(planning, diag, controller, port);
        return diag;
    case PLACE_SPEED:
        diag = planning_complain(planning, STATUS_REQUEST, CODE_NO_PORT, span,
                                 "%s does not support the speed of %s", at, shown);
        return diag_hint(diags, diag, "%s", speed_advice(planning, controller));
    case PLACE_ISOCHRONOUS: return complain_isochronous(planning, span, device);
    case PLACE_PROPERTIES: return complain_properties(planning, wanted, at);
    case PLACE_SHARED: return complain_shared(planning, span, at, controller);
    case PLACE_FITS: break;
    }
    return NULL;
}

void refuse_place(struct planning *planning, struct placement *placement,
                  const struct device *device, struct port port, enum place_verdict verdict)
{
    const struct diag *diag = complain_verdict(planning, placement, device, port, verdict);
    placement->op = STEP_REFUSE;
    placement->words = diag ? diag->message : NULL;
    placement->verdict = verdict;
}

void refuse_unserved(struct planning *planning, struct placement *placement)
{
    struct diag *diag =
        planning_complain(planning, STATUS_REFUSED, CODE_NO_BACKEND, placement->wanted->why,
                          "no backend serves controller '%s': %s", placement->controller->name,
                          placement->controller->no_backend);
    if (planning->topology->pvusb.advice)
        diag_hint(planning->diags, diag, "%s", planning->topology->pvusb.advice);
    placement->op = STEP_REFUSE;
    placement->words = diag->message;
}

void refuse_isochronous(struct planning *planning, struct placement *placement,
                        const struct device *device)
{
    placement->op = STEP_REFUSE;
    placement->words = host_endpoints(device->host).unread ? "its endpoints could not be read"
                                                           : "it has isochronous endpoints";
    placement->verdict = PLACE_ISOCHRONOUS;
    complain_isochronous(planning, placement->wanted->why, device);
}

void refuse_everywhere(struct planning *planning, struct placement *placement,
                       const struct device *device)
{
    placement->op = STEP_REFUSE;
    placement->words = "no suitable port";
    placement->verdict = PLACE_TAKEN;
    planning_complain(planning, STATUS_REFUSED, CODE_NO_PORT, placement->wanted->why,
                      "no port of %s is suitable for %s", planning->topology->domain->name,
                      device_describe(planning->arena, device));
}
