// SPDX-License-Identifier: MIT
#include "list_tree.h"

#include "base/arena.h"
#include "list_state.h"
#include "show.h"
#include "table.h"

// Column widths of a domain's tree.
struct widths {
    size_t port, device, busid;
};

// The columns of the tree, escaped for a terminal.
static const char *shown_port(struct arena *arena, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    const char *port = port_write(device->port, buf);
    return arena_strdup(arena, *port ? port : "?");
}

static const char *shown_device(struct arena *arena, const struct device *device)
{
    return text_show(arena, text_of(device_label(arena, device)), 200);
}

static void widen(size_t *width, const char *shown)
{
    size_t here = table_width(shown);
    *width = here > *width ? here : *width;
}

static struct widths widths_of(struct arena *arena, const struct topology *topology)
{
    struct widths widths = { 0, 0, 0 };
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next) {
            widen(&widths.port, shown_port(arena, device));
            widen(&widths.device, shown_device(arena, device));
            widen(&widths.busid, device_busid(device));
        }
    return widths;
}

static void print_column(const char *shown, size_t width)
{
    printf("%s%*s  ", shown, (int)(width - table_width(shown)), "");
}

static void print_device(struct arena *arena, const struct watch_view *watch,
                         const struct device *device, const struct widths *widths)
{
    const struct domain *domain = device->controller->topology->domain;
    const char *words = wanted_words(arena, watch, device, wanted_of(arena, watch, domain, device));
    const char *state = list_state_of(arena, device), *how = list_advice_of(arena, domain, device);
    print_column(shown_port(arena, device), widths->port);
    print_column(shown_device(arena, device), widths->device);
    print_column(device_busid(device), widths->busid);
    print_column(device->speed != SPEED_UNKNOWN ? speed_name(device->speed) : "", strlen("super"));
    printf("%s%s%s%s%s\n", text_show(arena, text_of(state), 400), how ? "; " : "", how ? how : "",
           words ? "; " : "", words ? words : "");
}

void list_print_tree(struct arena *arena, const struct topology *topology,
                     const struct watch_view *watch)
{
    struct widths widths = widths_of(arena, topology);
    printf("%s\n", text_show(arena, text_of(show_domain(arena, topology)), 400));
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const char *state = list_state_of_controller(arena, at);
        const char *line = arena_printf(arena, "%s  %s%s%s", at->name, show_controller(arena, at),
                                        state ? "; " : "", state ? state : "");
        printf("%s %s\n", at->next ? "├─" : "└─", text_show(arena, text_of(line), 400));
        for (const struct device *device = at->devices; device; device = device->next) {
            printf("%s%s ", at->next ? "│  " : "   ", device->next ? "├─" : "└─");
            print_device(arena, watch, device, &widths);
        }
    }
    for (struct wanted at = { NULL, NULL }; (at = wanted_next(arena, watch, topology, at)).entry;)
        printf("   %s  %s\n", text_show(arena, text_of(wanted_label(at.entry)), 200),
               watch_view_words(arena, watch, at.entry));
}
