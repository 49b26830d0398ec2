// SPDX-License-Identifier: MIT
// --to dot: a graph of the guest, its controllers and devices, for Graphviz.
#include "write.h"

#include "base/arena.h"

// Prints a quoted string of the dot language, with unprintable bytes made visible.
static void print_string(const struct writing *writing, const char *words)
{
    const char *shown = text_show(writing->arena, text_of(words), 200);
    putc('"', writing->out);
    for (; *shown; shown++) {
        if (*shown == '"' || *shown == '\\')
            putc('\\', writing->out);
        putc(*shown, writing->out);
    }
    putc('"', writing->out);
}

static void print_node(const struct writing *writing, const char *id, const char *shape,
                       const char *label)
{
    fprintf(writing->out, "    %s [shape=%s, label=", id, shape);
    print_string(writing, label);
    fputs("];\n", writing->out);
}

static void print_edge(const struct writing *writing, const char *from, const char *to,
                       const char *label)
{
    fprintf(writing->out, "    %s -> %s", from, to);
    if (*label) {
        fputs(" [label=", writing->out);
        print_string(writing, label);
        putc(']', writing->out);
    }
    fputs(";\n", writing->out);
}

static void print_controller(const struct writing *writing,
                             const struct config_controller *controller)
{
    static const char *const types[] = { "USB", "PVUSB", "emulated" };
    struct arena *arena = writing->arena;
    const char *id = arena_printf(arena, "controller%u", controller->index);
    const char *label =
        arena_printf(arena, "%s: %s", controller->name,
                     controller->model ? controller->model->name : types[controller->type]);
    if (controller->version.value)
        label = arena_printf(arena, "%s, USB %u", label, controller->version.value);
    if (controller->ports.value)
        label = arena_printf(arena, "%s, %u ports", label, controller->ports.value);
    print_node(writing, id, "box", label);
    print_edge(writing, "guest", id, "");
}

static void print_device(const struct writing *writing, const struct config_device *device,
                         unsigned number)
{
    char buf[PORT_TEXT_SIZE];
    struct arena *arena = writing->arena;
    const struct device_model *model = device_model_of(device->kind);
    const char *id = arena_printf(arena, "device%u", number);
    const char *label = model ? model->name : "other";
    if (device->selector.criteria)
        label = arena_printf(arena, "%s %s", label, selector_show(arena, &device->selector));
    if (device->count.value)
        label = arena_printf(arena, "%s count=%u", label, device->count.value);
    if (device->all.value)
        label = arena_printf(arena, "%s all=yes", label);
    print_node(writing, id, "ellipse", label);
    print_edge(writing,
               device->controller ? arena_printf(arena, "controller%u", device->controller->index)
                                  : "guest",
               id,
               device->port.depth ? arena_printf(arena, "port %s", port_write(device->port, buf))
                                  : "");
}

void write_dot(struct writing *writing)
{
    const struct config *config = writing->document->config;
    const struct config_text *name = &config->domain.name;
    unsigned number = 0;
    fputs("digraph usb {\n    rankdir=LR;\n", writing->out);
    print_node(writing, "guest", "house",
               GIVEN(*name) ? arena_copy(writing->arena, name->text.at, name->text.size) : "guest");
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        print_controller(writing, at);
    for (const struct config_device *at = config->devices; at; at = at->next)
        print_device(writing, at, number++);
    fputs("}\n", writing->out);
}
