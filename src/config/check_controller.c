// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "checking.h"

static bool controller_type(struct checking *checking, const struct config_controller *controller)
{
    enum domain_type guest = checking->config->domain.type;
    if (controller->type != CONTROLLER_EMULATED || domain_has_machine(guest))
        return true;
    struct diag *diag =
        check_error(checking, CODE_UNSUPPORTED,
                    span_or(controller->type_at, span_or(controller->model_at, controller->why)),
                    "a %s guest cannot have emulated controllers: it has no emulated machine",
                    domain_type_name(guest));
    if (span_is_none(checking->config->domain.type_at) && !checking->config->from_command_line)
        diag_hint(checking->diags, diag,
                  "without type=, xl creates a pv guest: did you mean type=\"hvm\"?");
    else
        diag_hint(checking->diags, diag, "use type=%s",
                  controller->origin == ORIGIN_USBCTRL ? "qusb" : "pv");
    return false;
}
CHECK_CONTROLLER(controller_type);

static bool controller_model(struct checking *checking, const struct config_controller *controller)
{
    const struct controller_model *model = controller->model;
    if (!model || controller->at_creation)
        return true;
    struct span at = span_or(controller->model_at, controller->why);
    bool pvusb = !model->driver;
    if (model->companion) {
        diag_hint(checking->diags,
                  check_error(checking, CODE_UNSUPPORTED, at,
                              "%s only serves the ports of an EHCI controller", model->name),
                  "use piix3-uhci");
        return false;
    }
    if ((controller->type == CONTROLLER_PV) == pvusb)
        return true;
    struct diag *diag = check_error(checking, CODE_CONFLICT, at, "%s is %s", model->name,
                                    pvusb ? "a PVUSB controller, not an emulated one"
                                          : "an emulated controller, not PVUSB");
    if (!span_is_none(controller->type_at))
        diag_also(checking->diags, diag, checking->config->source, controller->type_at,
                  "the type is set here");
    return false;
}
CHECK_CONTROLLER(controller_model);

static bool controller_version(struct checking *checking,
                               const struct config_controller *controller)
{
    const struct controller_model *model = controller->model;
    unsigned version = controller->version.value;
    struct span at = span_or(controller->version.at, controller->why);
    if (model && model->version != version) {
        struct diag *diag = check_error(checking, CODE_CONFLICT, at, "%s is USB %u, not %u",
                                        model->name, model->version, version);
        if (!span_is_none(controller->model_at))
            diag_also(checking->diags, diag, checking->config->source, controller->model_at,
                      "the model is set here");
        return false;
    }
    if (controller->type != CONTROLLER_PV || version <= 2)
        return true;
    diag_hint(
        checking->diags,
        check_error(checking, CODE_UNSUPPORTED, at, "PVUSB supports USB 1 and 2, not %u", version),
        "USB 3 devices work there at high speed if their endpoints allow it");
    return false;
}
CHECK_CONTROLLER(controller_version, &check_controller_model);

static bool check_given_ports(struct checking *checking, const struct config_controller *controller,
                              const struct controller_model *model)
{
    unsigned given = controller->ports.value;
    bool fixed = model->ports == model->ports_max;
    const char *what = model->driver ? model->name : "a PVUSB controller";
    struct diag *diag = NULL;
    if (fixed && (given > model->ports || controller->origin == ORIGIN_USBCTRL))
        diag = check_error(checking, CODE_UNSUPPORTED, controller->ports.at,
                           "%s has %u ports, not %u", what, model->ports, given);
    else if (given > model->ports_max)
        diag = check_error(checking, CODE_UNSUPPORTED, controller->ports.at,
                           "%s has at most %u ports, not %u", what, model->ports_max, given);
    if (diag && fixed)
        diag_hint(checking->diags, diag, "omit the number of ports, or use version 3");
    return !diag;
}

// A note about a low default helps only if the config could have set another number.
static bool has_lowered_ports(const struct config_controller *controller,
                              const struct controller_model *model)
{
    return !controller->at_creation && controller->origin != ORIGIN_USBCTRL &&
           model->ports != model->ports_max && model->ports_max < PORTS_DEFAULT;
}

static bool controller_ports(struct checking *checking, const struct config_controller *controller)
{
    const struct controller_model *model = config_model(controller);
    if (!model)
        return true;
    // On a command line the default name depends on the controllers that the domain has.
    const bool unnamed = checking->config->from_command_line && span_is_none(controller->name_at);
    if (!GIVEN(controller->ports) && has_lowered_ports(controller, model))
        complain(checking->diags, SEVERITY_NOTE, CODE_NOTE, checking->config->source,
                 controller->why, "%s gets %u ports, the maximum of %s",
                 unnamed ? "the controller"
                         : arena_printf(checking->arena, "controller '%s'", controller->name),
                 controller->ports.value, model->name);
    if (!GIVEN(controller->ports) || controller->ports.value == model->ports)
        return true;
    return check_given_ports(checking, controller, model);
}
CHECK_CONTROLLER(controller_ports, &check_controller_model, &check_controller_version);

static bool controller_backend(struct checking *checking,
                               const struct config_controller *controller)
{
    if (!GIVEN(controller->backend) || controller->type != CONTROLLER_EMULATED)
        return true;
    diag_hint(checking->diags,
              check_error(checking, CODE_CONFLICT, controller->backend.at,
                          "an emulated controller has no backend domain"),
              "backend= is for type=pv");
    return false;
}
CHECK_CONTROLLER(controller_backend);

static bool controller_name_twice(struct checking *checking,
                                  const struct config_controller *controller)
{
    const struct config_controller *first =
        config_controller_named(checking->config, text_of(controller->name));
    if (first == controller)
        return true;
    struct diag *diag =
        check_error(checking, CODE_CONFLICT, span_or(controller->name_at, controller->why),
                    "another controller has the name '%s'", controller->name);
    diag_also(checking->diags, diag, checking->config->source, span_or(first->name_at, first->why),
              "it is declared here");
    return false;
}
CHECK_CONTROLLER(controller_name_twice);
