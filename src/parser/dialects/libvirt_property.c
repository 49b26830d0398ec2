// SPDX-License-Identifier: MIT
// The words of libvirt's XML that are properties of QEMU's devices; write_libvirt.c writes the
// same.
#include "libvirt.h"

#include "base/arena.h"
#include "base/name_map.h"

static void add(struct builder *builder, const struct libvirt_item *item,
                const struct libvirt_value *value, const char *name, const char *text)
{
    struct config_property **end = &item->device->properties;
    while (*end)
        end = &(*end)->next;
    *end = arena_new_of(builder->arena, struct config_property);
    **end =
        (struct config_property){ .name = text_of(name), .value = { value->at, text_of(text) } };
}

// Whether libvirt's Xen driver is to have the device, which sets no properties; with a warning.
static bool is_for_xen(struct builder *builder, const struct libvirt_item *item,
                       const struct libvirt_value *value)
{
    if (item->xen)
        libvirt_ignore(builder, value, "libvirt's Xen driver does not use it");
    return item->xen;
}

void libvirt_read_guest_reset(struct builder *builder, struct libvirt_item *item,
                              const struct libvirt_value *value)
{
    bool off = strcmp(value->text, "off") == 0, on = strcmp(value->text, "on") == 0;
    if (!off && !on && strcmp(value->text, "uninitialized") != 0) {
        libvirt_refuse(builder, item, value, "valid: off, uninitialized, on");
        return;
    }
    if (is_for_xen(builder, item, value))
        return;
    add(builder, item, value, "guest-reset", off ? "off" : "on");
    if (!off)
        add(builder, item, value, "guest-resets-all", on ? "on" : "off");
}

void libvirt_read_removable(struct builder *builder, struct libvirt_item *item,
                            const struct libvirt_value *value)
{
    bool on = strcmp(value->text, "on") == 0;
    if (!on && strcmp(value->text, "off") != 0)
        libvirt_refuse(builder, item, value, "valid: on, off");
    else if (on && !is_for_xen(builder, item, value))
        add(builder, item, value, "removable", "on");
}

void libvirt_read_serial(struct builder *builder, struct libvirt_item *item,
                         const struct libvirt_value *value)
{
    struct text serial = text_trim(text_of(value->text));
    if (serial.size && !is_for_xen(builder, item, value))
        add(builder, item, value, "serial", arena_copy(builder->arena, serial.at, serial.size));
}

static bool read_order(const char *text, uint64_t *order)
{
    return text_number(text_of(text), 10, 1, INT32_MAX, order) == NUMBER_OK;
}

void libvirt_read_boot_order(struct builder *builder, struct libvirt_item *item,
                             const struct libvirt_value *value)
{
    uint64_t order = 0;
    if (!read_order(value->text, &order))
        libvirt_refuse(builder, item, value, "the boot order is a number from 1");
    else if (!is_for_xen(builder, item, value))
        add(builder, item, value, "bootindex", arena_printf(builder->arena, "%u", (unsigned)order));
}

// The order of a device that libvirt lets the guest boot from; of any other it ignores it.
static struct xml_attribute *boot_order(const struct xml_element *element, uint64_t *order)
{
    static const char *const bootable[] = { "disk", "interface", "hostdev", "redirdev", NULL };
    const char *const *name = bootable;
    while (*name && strcmp(element->name, *name) != 0)
        name++;
    const struct xml_element *boot = *name ? xml_child(element, "boot") : NULL;
    struct xml_attribute *at = boot ? boot->attributes : NULL;
    while (at && strcmp(at->name, "order") != 0)
        at = at->next;
    return at && read_order(at->value, order) ? at : NULL;
}

void libvirt_check_boot_order(struct libvirt *libvirt)
{
    struct builder *builder = &libvirt->builder;
    struct name_map *orders = name_map_new(builder->arena);
    for (const struct xml_element *at = libvirt->first; at; at = at->next) {
        uint64_t order = 0;
        struct xml_attribute *given = boot_order(at, &order);
        if (!given)
            continue;
        struct text name = text_of(arena_printf(builder->arena, "%u", (unsigned)order));
        const struct xml_attribute *first = name_map_get(orders, name);
        if (first)
            diag_also(builder->diags,
                      builder_error(builder, (struct span){ given->from, given->to },
                                    "boot order %u is given twice", (unsigned)order),
                      builder->source, (struct span){ first->from, first->to }, "the other one");
        else
            name_map_add(orders, name, given);
    }
}
