// SPDX-License-Identifier: MIT
// A compiled config as text, for comparison.
#ifndef XENUSB_TESTS_DUMP_H
#define XENUSB_TESTS_DUMP_H

#include "base/arena.h"
#include "config/config.h"

#include <stdio.h>

static const char *const origin_names[] = { "usbctrl", "usbcontroller", "vusb",
                                            "usb",     "usbversion",    "qemu" };

static inline void dump_text(FILE *stream, struct arena *arena, const char *key,
                             const struct config_text *text)
{
    if (GIVEN(*text))
        fprintf(stream, " %s=%s", key, text_show(arena, text->text, 200));
}

static inline unsigned dump_line(const struct config *config, struct span at)
{
    return source_position(config->source, at.from).line;
}

static inline void dump_controller(FILE *stream, struct arena *arena, const struct config *config,
                                   const struct config_controller *at)
{
    static const char *const types[] = { "auto", "pv", "emulated" };
    static const char *const backends[] = { "", " usbback", " qusb" };
    fprintf(stream, "controller %u %s: %s%s%s version %u%s, ports %u%s, model %s", at->index,
            at->name, types[at->type], backends[at->pvusb], at->kernel_only ? " only" : "",
            at->version.value, GIVEN(at->version) ? " given" : "", at->ports.value,
            GIVEN(at->ports) ? " given" : "", at->model ? at->model->name : "any");
    dump_text(stream, arena, "backend", &at->backend);
    dump_text(stream, arena, "id", &at->qemu_id);
    fprintf(stream, "%s (%s, line %u)%s\n", at->at_creation ? ", made at creation" : "",
            origin_names[at->origin], dump_line(config, at->why), at->broken ? " BROKEN" : "");
}

static inline void dump_device(FILE *stream, struct arena *arena, const struct config *config,
                               const struct config_device *at)
{
    char buf[PORT_TEXT_SIZE];
    const struct device_model *model = device_model_of(at->kind);
    fprintf(stream, "device %s", model ? model->name : "other");
    if (at->selector.criteria)
        fprintf(stream, " %s", text_show(arena, text_of(selector_show(arena, &at->selector)), 200));
    if (at->controller)
        fprintf(stream, " on %s", at->controller->name);
    else if (GIVEN(at->controller_name))
        fprintf(stream, " on unknown %s", text_show(arena, at->controller_name.text, 200));
    if (at->port.depth)
        fprintf(stream, " port %s", port_write(at->port, buf));
    if (at->count.value)
        fprintf(stream, " count=%u", at->count.value);
    if (at->all.value)
        fprintf(stream, " all");
    dump_text(stream, arena, "file", &at->file);
    dump_text(stream, arena, "format", &at->format);
    dump_text(stream, arena, "chardev", &at->chardev);
    dump_text(stream, arena, "audiodev", &at->audiodev);
    dump_text(stream, arena, "id", &at->qemu_id);
    for (const struct config_property *it = at->properties; it && !at->argument.size; it = it->next)
        fprintf(stream, " qemu.%s=%s", text_show(arena, it->name, 200),
                text_show(arena, it->value.text, 200));
    fprintf(stream, "%s%s%s%s (%s, line %u)%s\n", at->block.value ? ", block device" : "",
            at->readonly.value ? ", read-only" : "", at->required.value ? "" : ", not required",
            at->at_creation ? ", made at creation" : "", origin_names[at->origin],
            dump_line(config, at->why), at->broken ? " BROKEN" : "");
}

static inline void dump_config(FILE *stream, struct arena *arena, const struct config *config)
{
    const struct config_domain *domain = &config->domain;
    fprintf(stream, "domain %s", domain_type_name(domain->type));
    dump_text(stream, arena, "name", &domain->name);
    dump_text(stream, arena, "uuid", &domain->uuid);
    fprintf(stream, "%s%s\n", span_is_none(domain->stubdom_at) ? "" : ", stub domain",
            span_is_none(domain->traditional_at) ? "" : ", qemu-traditional");
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        dump_controller(stream, arena, config, at);
    for (const struct config_device *at = config->devices; at; at = at->next)
        dump_device(stream, arena, config, at);
}

#endif
