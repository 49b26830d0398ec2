// SPDX-License-Identifier: MIT
#include "config.h"

#include "base/arena.h"
#include "base/name_map.h"

struct config_controller *config_controller_named(const struct config *config, struct text name)
{
    if (config->names)
        return name_map_get(config->names, name);
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (text_is(name, at->name))
            return at;
    return NULL;
}

// By its index; NULL if there is none, and before config_settle().
static struct config_controller *controller_at(const struct config *config, unsigned index)
{
    return config->index && index < config->controller_count ? config->index[index] : NULL;
}

// The type of an `auto` controller. Without the guest's type only its own statement can decide.
static enum controller_type default_type(const struct config *config,
                                         const struct config_controller *controller)
{
    if (controller->model)
        return controller->model->driver ? CONTROLLER_EMULATED : CONTROLLER_PV;
    if (controller->pvusb != PVUSB_ANY || GIVEN(controller->backend))
        return CONTROLLER_PV;
    if (!domain_has_machine(config->domain.type))
        return CONTROLLER_PV;
    return config->domain.type == DOMAIN_HVM ? CONTROLLER_EMULATED : CONTROLLER_AUTO;
}

// libxl's default is always 2. Ours is 3 for emulated controllers, because an EHCI controller
// without companions does not support keyboards, mice and tokens; PVUSB supports 1 and 2.
static unsigned default_version(const struct config_controller *controller)
{
    if (controller->model)
        return controller->model->version;
    if (controller->origin == ORIGIN_USBCTRL || controller->type == CONTROLLER_PV)
        return 2;
    return controller->type == CONTROLLER_EMULATED ? 3 : 0;
}

static bool has_own_name(const struct config_controller *controller)
{
    return !span_is_none(controller->name_at) || controller->at_creation;
}

// The first free name with that prefix and a number from *next on.
static const char *default_name(struct arena *arena, const struct config *config,
                                const char *prefix, unsigned *next)
{
    for (;;) {
        const char *name = arena_printf(arena, "%s%u", prefix, (*next)++);
        if (!name_map_get(config->names, text_of(name)))
            return name;
    }
}

static void settle_names(struct arena *arena, struct config *config)
{
    unsigned emulated = 0, paravirtual = 0;
    config->names = name_map_new(arena);
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (has_own_name(at))
            name_map_add(config->names, text_of(at->name), at);
    for (struct config_controller *at = config->controllers; at; at = at->next) {
        bool pv = at->type == CONTROLLER_PV;
        if (has_own_name(at))
            continue;
        at->name = default_name(arena, config, pv ? "pv" : "hci", pv ? &paravirtual : &emulated);
        name_map_add(config->names, text_of(at->name), at);
    }
}

static void settle_index(struct arena *arena, struct config *config)
{
    config->index = arena_array_of(arena, struct config_controller *, config->controller_count + 1);
    for (struct config_controller *at = config->controllers; at; at = at->next)
        config->index[at->index] = at;
}

// A controller by QEMU's id, or by the name of its bus, which has ".0" behind that; or NULL.
// libxl's ids are xenusb-0 and so on, ours xenusb_NAME.
static struct config_controller *controller_of_id(const struct config *config, struct text word)
{
    static const char libxl[] = "xenusb-", own[] = "xenusb_";
    uint64_t index = 0;
    if (word.size > 2 && text_is(text_part(word, word.size - 2, word.size), ".0"))
        word = text_part(word, 0, word.size - 2);
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (GIVEN(at->qemu_id) && text_same(at->qemu_id.text, word))
            return at;
    if (text_starts(word, own))
        return config_controller_named(config, text_part(word, strlen(own), word.size));
    struct text digits = text_part(word, strlen(libxl), word.size);
    if (!text_starts(word, libxl) || text_number(digits, 10, 0, UINT16_MAX, &index) != NUMBER_OK)
        return NULL;
    struct config_controller *found = controller_at(config, (unsigned)index);
    return found && found->origin == ORIGIN_USBCTRL ? found : NULL;
}

// Finds the controller that a device names, by name, QEMU's id or index. In usbdev an index refers
// to usbctrl.
static struct config_controller *find_controller(const struct config *config,
                                                 const struct config_device *device)
{
    uint64_t index = 0;
    struct text word = device->controller_name.text;
    if (text_number(word, 0, 0, UINT32_MAX, &index) != NUMBER_OK) {
        struct config_controller *named = config_controller_named(config, word);
        return named ? named : controller_of_id(config, word);
    }
    struct config_controller *found = controller_at(config, (unsigned)index);
    bool xl = device->origin == ORIGIN_USBCTRL;
    return found && xl && found->origin != ORIGIN_USBCTRL ? NULL : found;
}

const struct controller_model *config_model(const struct config_controller *controller)
{
    unsigned version = controller->version.value;
    if (controller->model)
        return controller->model;
    if (controller->type == CONTROLLER_PV)
        return controller_model_pvusb(version ? version : 2);
    return controller->type == CONTROLLER_EMULATED ? controller_model_for(version) : NULL;
}

static unsigned default_ports(const struct config_controller *controller)
{
    enum { LIBXL_PORTS = 8 }; // libxl's default where the number of ports is configurable
    const struct controller_model *model = config_model(controller);
    if (!model || controller->broken)
        return 0;
    if (controller->at_creation)
        return model->ports;
    if (controller->origin == ORIGIN_USBCTRL)
        return model->ports == model->ports_max ? model->ports : LIBXL_PORTS;
    return model->ports_max < PORTS_DEFAULT ? model->ports_max : PORTS_DEFAULT;
}

void config_settle(struct arena *arena, struct config *config)
{
    for (struct config_controller *at = config->controllers; at; at = at->next) {
        if (at->type == CONTROLLER_AUTO)
            at->type = default_type(config, at);
        if (!at->version.value)
            at->version.value = default_version(at);
        if (!at->ports.value)
            at->ports.value = default_ports(at);
    }
    settle_names(arena, config);
    settle_index(arena, config);
    for (struct config_device *at = config->devices; at; at = at->next)
        if (GIVEN(at->controller_name))
            at->controller = find_controller(config, at);
}

struct config *config_copy(struct arena *arena, const struct config *config)
{
    struct config *copy = arena_new_of(arena, struct config);
    *copy = *config;
    struct config_controller **of =
        arena_array_of(arena, struct config_controller *, config->controller_count + 1);
    struct config_controller **controller = &copy->controllers;
    for (const struct config_controller *at = config->controllers; at; at = at->next) {
        *controller = of[at->index] = arena_new_of(arena, struct config_controller);
        **controller = *at;
        controller = &(*controller)->next;
    }
    struct config_device **device = &copy->devices;
    for (const struct config_device *at = config->devices; at; at = at->next) {
        *device = arena_new_of(arena, struct config_device);
        **device = *at;
        if (at->controller)
            (*device)->controller = of[at->controller->index];
        device = &(*device)->next;
    }
    config_settle(arena, copy);
    return copy;
}
