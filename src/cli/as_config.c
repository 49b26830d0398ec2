// SPDX-License-Identifier: MIT
#include "as_config.h"

#include "base/arena.h"
#include "base/capture.h"
#include "config/check.h"
#include "declaring.h"
#include "parser/parser.h"

static void collect(struct declaring *declaring)
{
    struct arena *arena = declaring->arena;
    const struct topology *topology = &declaring->world->topology;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        declaring->count++;
    declaring->controllers = arena_array_of(arena, struct declared_controller, declaring->count);
    struct declared_controller *to = declaring->controllers;
    for (const struct controller *at = topology->controllers; at; at = at->next, to++) {
        to->from = at;
        for (const struct device *device = at->devices; device; device = device->next)
            to->count++;
        to->devices = arena_array_of(arena, struct declared_device, to->count);
        struct declared_device *next = to->devices;
        for (const struct device *device = at->devices; device; device = device->next)
            (next++)->from = device;
    }
}

// ---- the text ----

static void add_list(struct buffer *text, const char *key, const struct buffer *lines)
{
    if (lines->size)
        buffer_printf(text, "%s = [\n%s]\n", key, buffer_string(lines));
}

static void add_head(const struct declaring *declaring, struct buffer *text)
{
    struct arena *arena = declaring->arena;
    const struct domain *domain = declaring->world->session.domain;
    buffer_printf(text, "# The USB controllers and devices of %s%s.\n",
                  text_show(arena, text_of(domain->name), 200),
                  declaring->incomplete ? ", but not all: see the end" : "");
    if (domain->id >= 0)
        buffer_printf(text, "name = %s\n", config_quoted(arena, domain->name));
    if (domain->type != DOMAIN_UNKNOWN)
        buffer_printf(text, "type = '%s'\n", domain_type_name(domain->type));
}

static struct text text_of_config(struct declaring *declaring)
{
    struct arena *arena = declaring->arena;
    struct buffer text = buffer_in(arena), controllers = text, devices = text;
    bool machine = false;
    declare_devices(declaring, &devices);
    for (size_t i = 0; i < declaring->count; i++) {
        const struct declared_controller *at = &declaring->controllers[i];
        machine = machine || at->as == DECLARED_AS_MACHINE;
        if (at->item)
            buffer_printf(&controllers, "    %s,\n",
                          config_quoted(arena, config_controller_item(arena, at->item)));
    }
    add_head(declaring, &text);
    if (machine)
        buffer_add_string(&text, "usb = 1\n");
    add_list(&text, "device_model_args_hvm", &declaring->arguments);
    add_list(&text, "usbcontroller", &controllers);
    add_list(&text, "usbdevice", &devices);
    buffer_add(&text, buffer_text(&declaring->missing));
    return buffer_text(&text);
}

// ---- other dialects ----

// Compiles what was written: a config that does not compile is no answer. Only its errors are of
// interest: the guest has all of it.
static enum status compile(const struct declaring *declaring, const struct source *source,
                           struct document *document)
{
    struct diags diags;
    diags_init(&diags, declaring->arena);
    *document = parse_document(declaring->arena, &diags, source);
    check_config(declaring->arena, &diags, document->config);
    if (!diags.errors)
        return STATUS_OK;
    complain_error(declaring->diags, CODE_UNSUPPORTED,
                   "what %s has cannot be written as a config: %s",
                   declaring->world->session.domain->name, diags_reason(&diags, "no reason given"));
    return STATUS_FAILED;
}

static enum status translate(const struct declaring *declaring, const struct translation *target,
                             const struct document *document, struct text *output)
{
    const struct session *session = &declaring->world->session;
    unsigned errors = declaring->diags->errors;
    struct capture capture;
    capture_begin(&capture, declaring->arena);
    struct writing writing = { .arena = declaring->arena,
                               .diags = declaring->diags,
                               .document = document,
                               .host = session->host,
                               .controllers = CONTROLLERS_HOT,
                               .for_qemu = session->domain->id < 0,
                               .out = capture.stream };
    target->write(&writing);
    *output = capture_end(&capture);
    return declaring->diags->errors == errors ? STATUS_OK : STATUS_REQUEST;
}

enum status as_config_print(const struct invocation *invocation, const struct world *world,
                            const struct translation *target)
{
    struct arena *arena = invocation->arena;
    struct declaring declaring = { .arena = arena,
                                   .diags = invocation->diags,
                                   .world = world,
                                   .arguments = buffer_in(arena),
                                   .missing = buffer_in(arena) };
    struct document document;
    collect(&declaring);
    declare_started(&declaring);
    declare_controllers(&declaring);
    struct text text = text_of_config(&declaring);
    const char *name = arena_printf(arena, "<%s>", world->session.domain->name);
    enum status status =
        compile(&declaring, source_from_bytes(arena, name, text.at, text.size), &document);
    if (status == STATUS_OK && target != translation_named("xenusb"))
        status = translate(&declaring, target, &document, &text);
    if (status != STATUS_OK)
        return status;
    fwrite(text.at, 1, text.size, stdout);
    return declaring.incomplete ? STATUS_FAILED : STATUS_OK;
}
