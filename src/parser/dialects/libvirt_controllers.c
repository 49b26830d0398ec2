// SPDX-License-Identifier: MIT
// The <controller type='usb'> of a domain.
#include "libvirt.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "parser/dialect.h"

struct controllers {
    struct libvirt_item *items;
    size_t count;
    uint32_t models[LIBVIRT_INDEX_MAX + 1]; // at each index: bits as in model_bit()
};

enum { NO_MODEL = 1u << 31 };

static bool model_is(const struct libvirt_item *item, const char *prefix)
{
    return item->model && text_starts(text_of(item->model), prefix);
}

// One bit for each model, so that many controllers need no long time.
static uint32_t model_bit(const char *name)
{
    const struct controller_model *model = name ? controller_model_named(text_of(name)) : NULL;
    return model ? 1u << (model - controller_models) : NO_MODEL;
}

static struct controllers read_items(struct libvirt *libvirt)
{
    struct controllers all = { .count = 0 };
    for (const struct xml_element *at = libvirt->first; at; at = at->next)
        all.count += strcmp(at->name, "controller") == 0;
    all.items = arena_array_of(libvirt->builder.arena, struct libvirt_item, all.count);
    all.count = 0;
    for (const struct xml_element *at = libvirt->first; at; at = at->next) {
        if (strcmp(at->name, "controller") != 0 || !libvirt_is(at, "type", "usb"))
            continue;
        struct libvirt_item *item = &all.items[all.count++];
        *item = (struct libvirt_item){ .name = "controller", .element = at };
        item->at = libvirt_place(at);
        libvirt_read_words(&libvirt->builder, libvirt->words, item);
        if (item->has_index)
            all.models[item->index] |= model_bit(item->model);
    }
    return all;
}

// Whether a controller without an index has that of the one before it: if both are of the ICH9
// family, and no such model is at that index.
static bool joins(const struct controllers *all, size_t number)
{
    const struct libvirt_item *item = &all->items[number], *before = item - 1;
    return number && model_is(item, "ich9-") && model_is(before, "ich9-") &&
           !(all->models[before->index] & model_bit(item->model));
}

// Chooses the indexes that are not given as libvirt does: the lowest that is free.
static void choose_indexes(struct libvirt *libvirt, struct controllers *all)
{
    unsigned free = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct libvirt_item *item = &all->items[i];
        if (item->has_index || item->broken)
            continue;
        while (free <= LIBVIRT_INDEX_MAX && all->models[free])
            free++;
        if (joins(all, i)) {
            item->index = item[-1].index;
        } else if (free <= LIBVIRT_INDEX_MAX) {
            item->index = free;
        } else {
            item->broken = true;
            builder_error(&libvirt->builder, item->at, "no index is left for this controller");
            continue;
        }
        all->models[item->index] |= model_bit(item->model);
    }
}

static uint32_t all_companions(void)
{
    return model_bit("ich9-uhci1") | model_bit("ich9-uhci2") | model_bit("ich9-uhci3");
}

// Whether all controllers have the index of that one.
static bool is_alone(const struct controllers *all, const struct libvirt_item *item)
{
    size_t i = 0;
    while (i < all->count && all->items[i].index == item->index)
        i++;
    return i == all->count;
}

// Whether it is an ICH9 EHCI controller with its companions, which is what usbversion=2 creates;
// some of them will do if there are no other controllers, beside which usbversion means nothing.
// Only the first one counts: xl creates one such family.
static bool is_ich9_family(const struct libvirt *libvirt, const struct controllers *all,
                           const struct libvirt_item *item)
{
    uint32_t companions = all->models[item->index] & all_companions();
    return !libvirt->xen && !libvirt->has_ich9 && item->model &&
           strcmp(item->model, "ich9-ehci1") == 0 &&
           (companions == all_companions() || (companions && is_alone(all, item)));
}

// usbversion=2 creates all three.
static void warn_of_more_companions(struct libvirt *libvirt, const struct controllers *all,
                                    const struct libvirt_item *item)
{
    static const char *const names[] = { "ich9-uhci1", "ich9-uhci2", "ich9-uhci3" };
    struct buffer more = buffer_in(libvirt->builder.arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(all->models[item->index] & model_bit(names[i])))
            buffer_join(&more, ", ", "%s", names[i]);
    if (more.size)
        diag_hint(libvirt->builder.diags,
                  builder_warning(&libvirt->builder, item->at,
                                  "usbversion=2 adds what is not here: %s", buffer_string(&more)),
                  "they serve the other ports of this controller");
}

static void ignore_ports(struct libvirt *libvirt, const struct libvirt_item *item)
{
    if (!span_is_none(item->ports_at))
        diag_hint(
            libvirt->builder.diags,
            builder_warning(&libvirt->builder, item->ports_at, "ignoring ports='%u'", item->ports),
            "the number of ports of this model is fixed");
}

static void skip_companion(struct libvirt *libvirt, const struct controllers *all,
                           const struct libvirt_item *item)
{
    struct builder *builder = &libvirt->builder;
    ignore_ports(libvirt, item);
    if (!(all->models[item->index] & model_bit("ich9-ehci1")))
        builder_error(builder, item->at, "no ich9-ehci1 has the index %u of this companion",
                      item->index);
    else if (!libvirt->has_ich9 || item->index != libvirt->ich9)
        diag_hint(builder->diags,
                  builder_warning(builder, item->at, "ignoring this companion controller"),
                  "usbversion=2 creates the whole ICH9 family; usbversion=3 needs no companions");
}

static void set_model(struct libvirt *libvirt, struct config_controller *controller,
                      const struct libvirt_item *item)
{
    const char *model = item->model ? item->model : libvirt->xen ? "qusb2" : "piix3-uhci";
    controller->model_at = item->model ? item->model_at : item->at;
    controller->model = controller_model_named(text_of(model));
    controller->type = CONTROLLER_EMULATED;
    if (!controller->model) {
        builder_error(&libvirt->builder, controller->model_at, "unknown controller model '%s'",
                      text_show(libvirt->builder.arena, text_of(model), 40));
        controller->broken = true;
        return;
    }
    controller->version =
        (struct config_number){ controller->model_at, controller->model->version };
    if (controller->model->driver)
        return;
    controller->type = CONTROLLER_PV;
    controller->pvusb = PVUSB_QEMU;
    controller->model = NULL;
}

static void add_controller(struct libvirt *libvirt, const struct controllers *all,
                           const struct libvirt_item *item)
{
    if (item->broken)
        return;
    if (item->model && strcmp(item->model, "none") == 0) {
        ignore_ports(libvirt, item);
        libvirt->none_at = item->at;
        return;
    }
    if (model_is(item, "ich9-uhci")) {
        skip_companion(libvirt, all, item);
        return;
    }
    if (is_ich9_family(libvirt, all, item)) {
        ignore_ports(libvirt, item);
        warn_of_more_companions(libvirt, all, item);
        libvirt->has_ich9 = true;
        libvirt->ich9 = item->index;
        libvirt->controllers[item->index] = classic_add_ich9(&libvirt->builder, item->at);
        return;
    }
    struct config_controller *controller =
        builder_controller(&libvirt->builder, ORIGIN_USBCONTROLLER, item->at);
    controller->name = arena_printf(libvirt->builder.arena, "usb%u", item->index);
    controller->name_at = controller->type_at = item->at;
    set_model(libvirt, controller, item);
    if (item->ports)
        controller->ports = (struct config_number){ item->ports_at, item->ports };
    libvirt->controllers[item->index] = controller;
}

void libvirt_read_controllers(struct libvirt *libvirt)
{
    struct controllers all = read_items(libvirt);
    choose_indexes(libvirt, &all);
    for (size_t i = 0; i < all.count; i++)
        add_controller(libvirt, &all, &all.items[i]);
    libvirt->adds_controller =
        !all.count && !libvirt->fragment && !libvirt->xen && libvirt->has_machine && libvirt->x86;
}

void libvirt_add_default(struct libvirt *libvirt, struct span why)
{
    if (!libvirt->adds_controller)
        return;
    libvirt->adds_controller = false;
    struct libvirt_item item = { .name = "controller", .at = why, .model = "piix3-uhci" };
    item.model_at = why;
    add_controller(libvirt, &(struct controllers){ .count = 0 }, &item);
    diag_hint(libvirt->builder.diags,
              builder_note(&libvirt->builder, why, "adding a controller for this device"),
              "so does libvirt: <controller type='usb' index='0' model='piix3-uhci'/>");
}
