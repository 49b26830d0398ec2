// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "checking.h"

#define SHOW(text) (int)((text).size > 40 ? 40 : (text).size), (text).at

static bool device_keys(struct checking *checking, const struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    bool host = device->kind == DEVICE_HOSTDEV, disk = device->kind == DEVICE_DISK;
    bool chardev = model && model->needs_chardev, audio = device->kind == DEVICE_AUDIO;
    const struct {
        const char *what;
        struct span at;
        bool fits;
    } rows[] = {
        { "a host device is selected", device->selector_at, host },
        { "'required' is only for host devices", device->required.at, host },
        { "'count' is only for host devices", device->count.at, host },
        { "'all' is only for host devices", host ? SPAN_NONE : device->all.at, host },
        { "'file' is only for disks", device->file.at, disk },
        { "'format' is only for disks", device->format.at, disk },
        { "'readonly' is only for disks", device->readonly.at, disk },
        { "'chardev' is only for serial, braille and redir devices", device->chardev.at, chardev },
        { "'audiodev' is only for audio devices", device->audiodev.at, audio },
    };
    bool passed = true;
    for (size_t i = 0; model && i < sizeof rows / sizeof *rows; i++) {
        if (span_is_none(rows[i].at) || rows[i].fits)
            continue;
        check_error(checking, CODE_CONFLICT, rows[i].at, "%s, but this is type=%s%s", rows[i].what,
                    model->name, host && span_is_none(device->kind_at) ? " (the default)" : "");
        passed = false;
    }
    return passed;
}
CHECK_DEVICE(device_keys);

static bool device_selector(struct checking *checking, const struct config_device *device)
{
    unsigned criteria = device->selector.criteria;
    if (device->kind != DEVICE_HOSTDEV || device->at_creation)
        return true;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    bool xl = device->origin == ORIGIN_USBCTRL;
    struct span at = span_or(device->selector_at, device->why);
    if (xl && (criteria & address) != address) {
        diag_hint(
            checking->diags,
            check_error(checking, CODE_INVALID, at, "usbdev needs both hostbus= and hostaddr="),
            "use the numbers that lsusb prints: hostbus=1,hostaddr=5");
        return false;
    }
    if (criteria == 0) {
        diag_hint(checking->diags,
                  check_error(checking, CODE_INVALID, at, "no host device is selected"),
                  "use hostaddr=BUS.ADDRESS, busid=1-1.2, id=vvvv:pppp or serial=");
        return false;
    }
    if ((criteria & address) == SELECT_ADDRESS) {
        diag_hint(checking->diags,
                  check_error(checking, CODE_INVALID, at, "an address needs its bus"),
                  "use hostaddr=BUS.ADDRESS");
        return false;
    }
    return true;
}
CHECK_DEVICE(device_selector, &check_device_keys);

static bool device_group(struct checking *checking, const struct config_device *device)
{
    const unsigned one = SELECT_ADDRESS | SELECT_BUSID | SELECT_PATH;
    const char *word = GIVEN(device->count) ? "count" : "all";
    struct span at = GIVEN(device->count) ? device->count.at : device->all.at;
    struct diag *diag = NULL;
    if (!config_device_is_group(device))
        return true;
    if (device->count.value && device->all.value) {
        diag = check_error(checking, CODE_CONFLICT, at, "'count' contradicts 'all'");
        diag_hint(checking->diags, diag, "give only one of them");
    } else if (device->selector.criteria & one) {
        diag = check_error(checking, CODE_CONFLICT, at, "several devices, but only one can match");
        diag_hint(checking->diags, diag,
                  "remove '%s', or select the devices by id=, serial= or behind=", word);
    } else if (device->port.depth) {
        diag =
            check_error(checking, CODE_CONFLICT, device->port_at, "one port for several devices");
        diag_hint(checking->diags, diag, "remove it, or list the devices, each with its port");
    }
    return !diag;
}
CHECK_DEVICE(device_group, &check_device_keys);

static bool device_needs(struct checking *checking, const struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    const char *missing = NULL;
    if (!model || device->at_creation)
        return true;
    if (model->needs_file && !GIVEN(device->file))
        missing = "file=, the path of an image";
    if (model->needs_chardev && !GIVEN(device->chardev))
        missing = "chardev=, a character device such as pty, file:PATH or id:NAME";
    if (!missing)
        return true;
    check_error(checking, CODE_INVALID, span_or(device->kind_at, device->why), "type=%s needs %s",
                model->name, missing);
    return false;
}
CHECK_DEVICE(device_needs, &check_device_keys);

// The first controllers of the file with their lines, for a hint; "" if there are none.
static const char *list_controllers(const struct checking *checking, bool usbctrl_only)
{
    enum { LISTED = 8 };
    struct buffer list = buffer_in(checking->arena);
    const struct config_controller *at = checking->config->controllers;
    for (size_t i = 0; at && i < LISTED; at = at->next) {
        if (usbctrl_only && at->origin != ORIGIN_USBCTRL)
            continue;
        buffer_join(&list, ", ", "%s (line %u)", at->name,
                    source_position(checking->config->source, at->why.from).line);
        i++;
    }
    if (at)
        buffer_add_string(&list, ", ...");
    return buffer_string(&list);
}

// While the guest's type is unknown, so are the default names of its `auto` controllers.
static bool may_be_default_name(const struct checking *checking, struct text name)
{
    const struct config_controller *at = checking->config->controllers;
    while (at && at->type != CONTROLLER_AUTO)
        at = at->next;
    return at && (text_starts(name, "hci") || text_starts(name, "pv"));
}

static bool device_controller(struct checking *checking, const struct config_device *device)
{
    const struct config_text *name = &device->controller_name;
    if (!GIVEN(*name) || device->controller || checking->config->from_command_line ||
        may_be_default_name(checking, name->text))
        return true;
    uint64_t index = 0;
    bool number = text_number(name->text, 0, 0, UINT32_MAX, &index) == NUMBER_OK;
    bool xl = device->origin == ORIGIN_USBCTRL;
    const char *list = list_controllers(checking, xl);
    struct diag *diag = number ? check_error(checking, CODE_NO_SUCH_CONTROLLER, name->at,
                                             "there is no controller number %.*s%s",
                                             SHOW(name->text), xl ? " in usbctrl" : "")
                               : check_error(checking, CODE_NO_SUCH_CONTROLLER, name->at,
                                             "controller '%.*s' is not declared", SHOW(name->text));
    size_t dot = text_find(name->text, '.', 0);
    struct text head = text_part(name->text, 0, dot);
    if (!number && !device->port.depth && dot + 1 < name->text.size &&
        (!*list || config_controller_named(checking->config, head)))
        diag_hint(checking->diags, diag, "write bus=%.*s,port=%.*s", (int)dot, name->text.at,
                  SHOW(text_part(name->text, dot + 1, name->text.size)));
    else if (*list)
        diag_hint(checking->diags, diag, "declared: %s", list);
    else if (xl)
        diag_hint(checking->diags, diag,
                  "usbctrl declares none, and nothing else has a number there: add "
                  "usbctrl=['type=devicemodel,version=3']");
    else
        diag_hint(checking->diags, diag, "no controller is declared");
    return false;
}
CHECK_DEVICE(device_controller);

static bool device_on_pvusb(struct checking *checking, const struct config_device *device)
{
    const struct config_controller *controller = device->controller;
    if (device->kind == DEVICE_HOSTDEV && !device->at_creation)
        return true;
    struct span at = span_or(device->kind_at, device->why);
    if (!domain_has_machine(checking->config->domain.type)) {
        struct diag *diag =
            check_error(checking, CODE_UNSUPPORTED, at,
                        "a %s guest has no emulated machine: PVUSB supports host devices only",
                        domain_type_name(checking->config->domain.type));
        if (span_is_none(checking->config->domain.type_at) && !checking->config->from_command_line)
            diag_hint(checking->diags, diag,
                      "without type=, xl creates a pv guest: did you mean type=\"hvm\"?");
        return false;
    }
    if (!controller || controller->type != CONTROLLER_PV)
        return true;
    struct diag *diag =
        check_error(checking, CODE_UNSUPPORTED, at,
                    "controller '%s' is PVUSB, which supports host devices only", controller->name);
    diag_also(checking->diags, diag, checking->config->source,
              span_or(controller->type_at, controller->why), "it is declared here");
    return false;
}
CHECK_DEVICE(device_on_pvusb);

static bool device_speed(struct checking *checking, const struct config_device *device)
{
    const struct device_model *model = device_model_of(device->kind);
    const struct config_controller *controller = device->controller;
    const struct controller_model *there = controller ? config_model(controller) : NULL;
    bool known = model && model->speeds && there && !device->at_creation && device->port.depth <= 1;
    if (!known || controller->at_creation || model->speeds & there->speeds)
        return true;
    struct diag *diag =
        check_error(checking, CODE_UNSUPPORTED, span_or(device->controller_name.at, device->why),
                    "type=%s does not support the speed of controller '%s' (%s)", model->name,
                    controller->name, there->name);
    diag_hint(checking->diags, diag, "that controller has no companions: use usbversion=3");
    return false;
}
CHECK_DEVICE(device_speed, &check_device_on_pvusb);

static bool device_twice(struct checking *checking, const struct config_device *device)
{
    const struct config_device *first = check_first(checking, CHECK_FIRST_SELECTED, device);
    const unsigned one = SELECT_ADDRESS | SELECT_BUSID | SELECT_PATH;
    // A declaration of some of the devices leaves those to it that others ask for.
    if (!(first->all.value && device->all.value) &&
        (config_device_is_group(first) || config_device_is_group(device)))
        return true;
    // Of several devices with the same ids, QEMU takes another one for each argument.
    if (first == device ||
        (first->at_creation && device->at_creation && !(device->selector.criteria & one)))
        return true;
    struct diag *diag = check_error(
        checking, CODE_CONFLICT, span_or(device->selector_at, device->why),
        "host device %s is requested twice", selector_show(checking->arena, &device->selector));
    diag_also(checking->diags, diag, checking->config->source,
              span_or(first->selector_at, first->why), "it is also requested here");
    const bool alike = !(device->selector.criteria & one) && !config_device_is_group(device);
    if (alike && !first->at_creation && !device->at_creation)
        diag_hint(checking->diags, diag, "count=2 requests two devices of the same kind");
    return false;
}
CHECK_DEVICE(device_twice, &check_device_keys, &check_device_selector);
