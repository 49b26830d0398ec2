// SPDX-License-Identifier: MIT
// The device of a move: which one it is, whether it can be moved, and what is wanted of it.
#include "move.h"

#include "base/arena.h"
#include "config/check.h"

static const struct config_device *what(const struct job *job)
{
    return job->config->devices;
}

static enum status refuse(const struct moving *moving, const char *why, const char *fix)
{
    struct diags *diags = moving->invocation->diags;
    const struct job *job = &moving->here;
    struct diag *diag = complain(diags, SEVERITY_ERROR, CODE_REFUSED, job->config->source,
                                 what(job)->why, "%s cannot be moved: %s",
                                 device_describe(moving->invocation->arena, moving->from), why);
    if (fix)
        diag_hint(diags, diag, "%s", fix);
    return STATUS_REFUSED;
}

static bool has_devices_behind(const struct device *hub)
{
    for (const struct device *at = hub->controller->devices; at; at = at->next)
        if (hub->kind == DEVICE_HUB && port_behind(hub->port, at->port))
            return true;
    return false;
}

// Whether it can be added again as it is.
static enum status check_movable(const struct moving *moving)
{
    const struct device *from = moving->from;
    struct arena *arena = moving->invocation->arena;
    if (!from->controller->backend)
        return refuse(moving, "xenusb does not support its controller", NULL);
    if (from->kind == DEVICE_HOSTDEV && from->state == DEVICE_GONE)
        return refuse(moving, from->reason ? from->reason : "it is gone",
                      "attach it to the other place, once it is plugged in");
    if (from->kind == DEVICE_HOSTDEV && !*device_busid(from))
        return refuse(moving, "which host device it is is unknown", "detach it first");
    if (has_devices_behind(from))
        return refuse(moving, "devices are behind it", "move or detach those first");
    if (from->kind != DEVICE_HOSTDEV && !device_again(arena, from))
        return refuse(moving, "with which options it was added is unknown",
                      "detach it, and attach it there with its options");
    return STATUS_OK;
}

enum status move_find(struct moving *moving)
{
    const struct job *job = &moving->here;
    const struct plan_removal named = { .source = job->config->source, .devices = job->config };
    moving->from = plan_find(moving->invocation->arena, moving->invocation->diags, &named,
                             &moving->here.world.topology);
    return moving->from ? check_movable(moving) : STATUS_REQUEST;
}

enum status move_aim(const struct moving *moving, struct job *job)
{
    struct config *config = job->config;
    const struct device *from = moving->from;
    const struct config_device *where = what(job)->next;
    struct config_device *wanted = arena_new_of(moving->invocation->arena, struct config_device);
    *wanted = where ? *where : (struct config_device){ .origin = ORIGIN_USBCONTROLLER };
    wanted->next = NULL;
    wanted->why = where ? where->why : what(job)->why;
    wanted->kind = from->kind;
    wanted->selector_at = SPAN_NONE;
    if (from->kind == DEVICE_HOSTDEV) {
        wanted->selector_at = what(job)->why;
        wanted->selector.criteria = SELECT_BUSID;
        memcpy(wanted->selector.busid, device_busid(from), strlen(device_busid(from)) + 1);
    }
    if (!GIVEN(wanted->controller_name) && job == &moving->here)
        wanted->controller_name =
            (struct config_text){ wanted->why, text_of(from->controller->name) };
    config->devices = wanted;
    config->device_count = 1;
    job->moved = moving->from;
    return check_config(moving->invocation->arena, moving->invocation->diags, config);
}
