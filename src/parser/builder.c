// SPDX-License-Identifier: MIT
#include "builder.h"

#include "base/arena.h"
#include "base/name_map.h"

void builder_init(struct builder *builder, struct arena *arena, struct diags *diags,
                  const struct source *source)
{
    struct config *config = arena_new_of(arena, struct config);
    config->source = source;
    *builder = (struct builder){ .arena = arena,
                                 .diags = diags,
                                 .source = source,
                                 .config = config,
                                 .controllers_end = &config->controllers,
                                 .devices_end = &config->devices,
                                 .key = KEY_FOREIGN };
    builder->statements_end = &builder->statements;
    builder->buses = name_map_new(arena);
    builder->variables = name_map_new(arena);
}

struct text builder_text(const struct builder *builder, struct span at)
{
    return text_part(builder->source->text, at.from, at.to);
}

#define COMPLAIN_AS(of_severity, of_code)                                                          \
    const struct diag like = {                                                                     \
        .severity = (of_severity), .code = (of_code), .source = builder->source, .span = at        \
    };                                                                                             \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    struct diag *diag = complain_va(builder->diags, &like, format, args);                          \
    va_end(args);                                                                                  \
    return diag

struct diag *builder_error(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_ERROR, CODE_INVALID);
}

struct diag *builder_warning(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_WARNING, CODE_WARNING);
}

struct diag *builder_note(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_NOTE, CODE_NOTE);
}

const struct setting *builder_setting(const struct builder *builder, enum key key)
{
    const struct setting *setting = &builder->settings[key];
    return span_is_none(setting->key_at) ? NULL : setting;
}

struct config_controller *builder_controller(struct builder *builder, enum origin origin,
                                             struct span why)
{
    struct config_controller *controller = arena_new_of(builder->arena, struct config_controller);
    controller->origin = origin;
    controller->why = why;
    controller->index = builder->config->controller_count++;
    *builder->controllers_end = controller;
    builder->controllers_end = &controller->next;
    return controller;
}

struct config_device *builder_device(struct builder *builder, enum origin origin, struct span why)
{
    struct config_device *device = arena_new_of(builder->arena, struct config_device);
    device->origin = origin;
    device->why = why;
    device->required.value = true;
    builder->config->device_count++;
    *builder->devices_end = device;
    builder->devices_end = &device->next;
    return device;
}
