// SPDX-License-Identifier: MIT
// Controllers, and which device is on the bus of which.
#include "base/arena.h"
#include "walk_usb.h"

struct walk_controller *walk_usb_add_controller(struct walk_usb *usb, const char *path,
                                                struct text type, const char *id)
{
    struct walk_controller *controller = arena_new_of(usb->walk->arena, struct walk_controller);
    controller->type = walk_copy(usb->walk, type);
    controller->model = controller_model_named(type);
    controller->path = path;
    controller->id = id;
    usb->has_ehci |= strstr(controller->type, "ehci") != NULL;
    *usb->last_controller = controller;
    usb->last_controller = &controller->next;
    usb->controller_count++;
    return controller;
}

void walk_usb_ask_parent(const struct walk_usb *usb, struct walk_device *device)
{
    if (!device->controller && !device->parent)
        device->parent = walk_get(usb->walk, device->path, "parent_bus");
}

// How many children of that type a controller's bus has.
static size_t children_of_type(const struct walk_controller *controller, const char *type)
{
    size_t count = 0;
    uint64_t number;
    for (const struct json *at = controller->children ? walk_first(controller->children) : NULL; at;
         at = at->next)
        count += walk_numbered(walk_name(at), "child", &number) &&
                 text_is(walk_type_within(at, "link"), type);
    return count;
}

// The controller that has all devices of that type; NULL if there is none.
static struct walk_controller *controller_of_all(const struct walk_usb *usb, const char *type)
{
    size_t count = 0;
    for (const struct walk_device *at = usb->devices; at; at = at->next)
        count += strcmp(at->type, type) == 0;
    struct walk_controller *controller = usb->controllers;
    while (controller && children_of_type(controller, type) != count)
        controller = controller->next;
    return controller;
}

void walk_usb_place_by_count(const struct walk_usb *usb)
{
    for (struct walk_device *device = usb->devices; device; device = device->next) {
        const struct walk_device *before = usb->devices;
        while (before != device && strcmp(before->type, device->type) != 0)
            before = before->next;
        if (before != device)
            continue;
        struct walk_controller *all = controller_of_all(usb, device->type);
        for (struct walk_device *at = device; at; at = at->next) {
            if (!at->controller && strcmp(at->type, device->type) == 0)
                at->controller = all;
            if (strcmp(at->type, device->type) == 0)
                walk_usb_ask_parent(usb, at);
        }
    }
}

// The controller with a bus of that path; NULL if it is not known.
static struct walk_controller *controller_of_bus(const struct walk_usb *usb, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct walk_controller *at = slash ? usb->controllers : NULL;
    while (at && !(at->bus && strcmp(at->bus, slash + 1) == 0 &&
                   text_is((struct text){ path, (size_t)(slash - path) }, at->path)))
        at = at->next;
    return at;
}

// A bus on which devices are, of an object that did not look like a controller.
struct strange_bus {
    struct strange_bus *next;
    const char *path; // of the object
    const char *bus;  // its name
    struct qmp_command *type;
};

static struct strange_bus *ask_strange(const struct walk_usb *usb, struct strange_bus *buses,
                                       const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || controller_of_bus(usb, path))
        return buses;
    const char *parent = arena_copy(usb->walk->arena, path, (size_t)(slash - path));
    for (const struct strange_bus *at = buses; at; at = at->next)
        if (strcmp(at->path, parent) == 0)
            return buses;
    struct strange_bus *bus = arena_new_of(usb->walk->arena, struct strange_bus);
    *bus = (struct strange_bus){ buses, parent, slash + 1, walk_get(usb->walk, parent, "type") };
    return bus;
}

bool walk_usb_place_by_parent(struct walk_usb *usb)
{
    struct strange_bus *strange = NULL;
    static const char peripheral[] = "/machine/peripheral/";
    for (const struct walk_device *at = usb->devices; at; at = at->next)
        if (!at->controller && at->parent)
            strange = ask_strange(usb, strange, walk_text(usb->walk, at->parent));
    if (!walk_await(usb->walk))
        return false;
    for (; strange; strange = strange->next) {
        const char *type = walk_text(usb->walk, strange->type);
        bool has_id = text_starts(text_of(strange->path), peripheral);
        if (*type && strcmp(type, "xen-backend") != 0)
            walk_usb_add_controller(usb, strange->path, text_of(type),
                                    has_id ? strange->path + sizeof peripheral - 1 : "")
                ->bus = strange->bus;
    }
    for (struct walk_device *at = usb->devices; at; at = at->next)
        if (!at->controller && at->parent)
            at->controller = controller_of_bus(usb, walk_text(usb->walk, at->parent));
    return true;
}
