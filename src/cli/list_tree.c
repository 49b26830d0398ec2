// SPDX-License-Identifier: MIT
#include "list_tree.h"

#include "base/arena.h"
#include "list_state.h"
#include "show.h"
#include "table.h"

// A domain's tree, and the widths of its columns.
struct tree {
    struct arena *arena;
    const struct watch_view *watch;
    bool ascii;
    size_t port, device, busid;
};

// What it is drawn with.
struct strokes {
    const char *branch, *last, *down;
};

static struct strokes strokes_of(const struct tree *tree)
{
    return tree->ascii ? (struct strokes){ "|-", "`-", "|" } : (struct strokes){ "├─", "└─", "│" };
}

static const char *shown(const struct tree *tree, const char *text)
{
    return table_show(tree->arena, text, 400, tree->ascii);
}

// The columns of the tree, escaped for a terminal.
static const char *shown_port(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    const char *port = port_write(device->port, buf);
    return arena_strdup(arena, *port ? port : "?");
}

static const char *shown_device(const struct tree *tree, const struct device *device)
{
    return table_show(tree->arena, device_label(tree->arena, device), 200, tree->ascii);
}

static void widen(size_t *width, const char *shown)
{
    size_t here = table_width(shown);
    *width = here > *width ? here : *width;
}

static void measure(struct tree *tree, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next) {
            widen(&tree->port, shown_port(tree->arena, device));
            widen(&tree->device, shown_device(tree, device));
            widen(&tree->busid, device_busid(device));
        }
}

static void print_column(const char *shown, size_t width)
{
    printf("%s%*s  ", shown, (int)(width - table_width(shown)), "");
}

static void print_device(const struct tree *tree, const struct device *device)
{
    struct arena *arena = tree->arena;
    const struct domain *domain = device->controller->topology->domain;
    const char *words =
        wanted_words(arena, tree->watch, device, wanted_of(arena, tree->watch, domain, device));
    const char *state = list_state_of(arena, device), *how = list_advice_of(arena, domain, device);
    print_column(shown_port(arena, device), tree->port);
    print_column(shown_device(tree, device), tree->device);
    print_column(device_busid(device), tree->busid);
    print_column(device->speed != SPEED_UNKNOWN ? speed_name(device->speed) : "", strlen("super"));
    printf("%s%s%s%s%s\n", shown(tree, state), how ? "; " : "", how ? how : "", words ? "; " : "",
           words ? words : "");
}

static void print_controller(const struct tree *tree, const struct controller *controller)
{
    const struct strokes strokes = strokes_of(tree);
    const char *state = list_state_of_controller(tree->arena, controller);
    const char *line = arena_printf(tree->arena, "%s  %s%s%s", controller->name,
                                    show_controller(tree->arena, controller), state ? "; " : "",
                                    state ? state : "");
    printf("%s %s\n", controller->next ? strokes.branch : strokes.last, shown(tree, line));
    for (const struct device *device = controller->devices; device; device = device->next) {
        printf("%s  %s ", controller->next ? strokes.down : " ",
               device->next ? strokes.branch : strokes.last);
        print_device(tree, device);
    }
}

void list_print_tree(struct arena *arena, const struct topology *topology,
                     const struct watch_view *watch, bool ascii)
{
    struct tree tree = { .arena = arena, .watch = watch, .ascii = ascii };
    measure(&tree, topology);
    printf("%s\n", shown(&tree, show_domain(arena, topology)));
    for (const struct controller *at = topology->controllers; at; at = at->next)
        print_controller(&tree, at);
    for (struct wanted at = { NULL, NULL }; (at = wanted_next(arena, watch, topology, at)).entry;)
        printf("   %s  %s\n", table_show(arena, wanted_label(at.entry), 200, ascii),
               watch_view_words(arena, watch, at.entry));
}
