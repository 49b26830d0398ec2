// SPDX-License-Identifier: MIT
// Properties of QEMU's devices: guest-reset=, bootindex=, qemu.NAME=.
#include "base/arena.h"
#include "base/number_rule.h"
#include "base/suggest.h"
#include "checking.h"
#include "qemu/drivers.h"

#define SHOW(text) (int)((text).size > 40 ? 40 : (text).size), (text).at

// Why a property cannot be given: xenusb or QEMU sets it. NULL if it can.
static const char *set_by_others(const struct device_model *model, struct text name)
{
    static const struct {
        const char *name, *advice;
    } rows[] = {
        { "attached", "remove it: QEMU attaches the device" },
        { "port", "use port=" },
        { "drive", "use file=, format= and readonly=" },
        { "chardev", "use chardev=" },
        { "audiodev", "use audiodev=" },
        { "hostbus", "use hostaddr=BUS.ADDRESS" },
        { "hostaddr", "use hostaddr=BUS.ADDRESS" },
        { "hostport", "use busid=BUS-PORT" },
        { "hostdevice", "use hostaddr=BUS.ADDRESS" },
        { "vendorid", "use id=VENDOR:PRODUCT" },
        { "productid", "use id=VENDOR:PRODUCT" },
    };
    if (model->kind == DEVICE_HOSTDEV && text_is(name, "serial"))
        return "remove it: the guest sees the serial number of the device";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_is(name, rows[i].name))
            return rows[i].advice;
    return NULL;
}

static void report_unknown(struct checking *checking, const char *driver,
                           const struct config_property *given)
{
    const char *names[QEMU_PROPERTIES_MAX + 1];
    qemu_property_names(driver, names);
    diag_suggest(
        checking->diags,
        check_error(checking, CODE_UNSUPPORTED, given->value.at, "QEMU's %s has no property '%.*s'",
                    driver, SHOW(given->name)),
        given->name, names,
        arena_printf(checking->arena, "QEMU lists its properties with -device %s,help", driver));
}

// In QEMU's arguments a leading zero means octal, elsewhere in a config it does not.
static bool is_octal(const struct qemu_property *property, struct text value)
{
    return (property->type == QEMU_NUMBER || property->type == QEMU_SIGNED) &&
           number_has_zero(value);
}

static bool check_given(struct checking *checking, const struct device_model *model,
                        const struct config_property *given)
{
    const struct qemu_property *property = qemu_property_named(model->driver, given->name);
    const char *others = property ? set_by_others(model, given->name) : NULL;
    struct text value = given->value.text;
    if (!property) {
        report_unknown(checking, model->driver, given);
        return false;
    }
    if (others) {
        diag_hint(checking->diags,
                  check_error(checking, CODE_UNSUPPORTED, given->value.at,
                              "QEMU's property '%s' cannot be set", property->name),
                  "%s", others);
        return false;
    }
    if (is_octal(property, value) || !qemu_takes(property, value)) {
        struct diag *diag = check_error(checking, CODE_INVALID, given->value.at,
                                        "%s cannot be '%.*s'", property->name, SHOW(value));
        diag_hint(checking->diags, diag, "%s",
                  is_octal(property, value) ? "a leading zero may mean octal: write it without"
                                            : qemu_takes_what(checking->arena, property));
        return false;
    }
    return true;
}

static bool device_properties(struct checking *checking, const struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    const struct config_controller *controller = device->controller;
    bool passed = true;
    if (!model || device->at_creation || !device->properties)
        return true;
    for (const struct config_property *at = device->properties; at; at = at->next)
        passed = check_given(checking, model, at) && passed;
    if (domain_has_machine(checking->config->domain.type) &&
        !(controller && controller->type == CONTROLLER_PV))
        return passed;
    diag_hint(checking->diags,
              check_error(checking, CODE_UNSUPPORTED, device->properties->value.at,
                          "PVUSB does not support properties of QEMU's devices"),
              "%s",
              domain_has_machine(checking->config->domain.type)
                  ? "use an emulated controller: type=emul"
                  : "they need an hvm guest");
    return false;
}
CHECK_DEVICE(device_properties, &check_device_on_pvusb);
