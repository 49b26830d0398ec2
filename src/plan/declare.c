// SPDX-License-Identifier: MIT
#include "declare.h"

#include "base/arena.h"

static struct config_text declared(const char *string)
{
    return string ? (struct config_text){ DECLARED, text_of(string) }
                  : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

struct config_controller *declare_controller(struct arena *arena, const struct controller *from,
                                             const char *name)
{
    struct config_controller *to = arena_new_of(arena, struct config_controller);
    to->origin = ORIGIN_USBCONTROLLER;
    to->name = name;
    to->type = from->pvusb == PVUSB_ANY ? CONTROLLER_EMULATED : CONTROLLER_PV;
    to->pvusb = from->pvusb;
    to->model = from->pvusb == PVUSB_ANY ? from->model : NULL;
    to->version = (struct config_number){ DECLARED, from->model->version };
    to->ports = (struct config_number){ DECLARED, from->ports };
    if (from->backend_domain)
        to->backend = declared(arena_printf(arena, "%u", from->backend_domain));
    return to;
}

struct config_device *declare_device(struct arena *arena, const struct device *from,
                                     const char *controller)
{
    struct config_device *to = arena_new_of(arena, struct config_device);
    to->origin = ORIGIN_USBCONTROLLER;
    to->kind = from->kind;
    to->controller_name = declared(controller);
    to->port = from->port;
    to->file = declared(from->file);
    to->format = declared(from->format);
    if (from->readonly)
        to->readonly = (struct config_flag){ DECLARED, true };
    to->chardev = declared(from->chardev);
    to->audiodev = declared(from->audiodev);
    to->properties = from->properties;
    return to;
}
