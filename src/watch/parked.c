// SPDX-License-Identifier: MIT
#include "parked_file.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "parser/translate.h"
#include "plan/declare.h"
#include "plan/plan.h"
#include "plan/presence.h"

enum status parked_read(struct arena *arena, struct diags *diags, const struct domain *domain,
                        const struct config **config)
{
    return uuid_file_find(arena, diags, &parked_files, uuid_file_path(arena, &parked_files, domain),
                          config);
}

// ---- what there will be ----

struct parking {
    const struct session *session;
    const struct plan *plan;
    struct config_controller *controllers;
    struct config_controller **next_controller;
    struct config_device *devices;
    struct config_device **next_device;
    const struct config_device *former; // the first of those that were parked before
    unsigned controller_count;
    unsigned device_count;
};

static const char *place_name(struct arena *arena, const struct controller *controller,
                              bool goes_too)
{
    uint64_t index;
    const char *name = controller->name;
    if (text_number(text_of(name), 10, 0, UINT16_MAX, &index) != NUMBER_OK)
        return name;
    // xl's controllers have numbers for names, which in a config count its own controllers.
    return goes_too || !*controller->id ? arena_printf(arena, CONTROLLER_OF_XL "%s", name)
                                        : controller->id;
}

static void add_controller(struct parking *parking, struct config_controller *controller)
{
    *parking->next_controller = controller;
    parking->next_controller = &controller->next;
    controller->next = NULL;
    parking->controller_count++;
}

static void add_device(struct parking *parking, struct config_device *device)
{
    *parking->next_device = device;
    parking->next_device = &device->next;
    device->next = NULL;
    parking->device_count++;
}

static enum status refuse(const struct parking *parking, const char *what, const char *why)
{
    struct diags *diags = parking->session->diags;
    diag_hint(diags,
              complain_error(diags, CODE_REFUSED, "%s of %s cannot be parked: %s", what,
                             parking->session->domain->name, why),
              "nothing was changed; remove it by hand, or leave it");
    return STATUS_REFUSED;
}

// The domain of a backend by its name: it may have another id by then.
static const char *backend_word(struct arena *arena, const struct controller *from)
{
    const struct topology *topology = from->topology;
    for (size_t i = 0; i < topology->domain_count; i++)
        if (topology->domains[i].id == (int)from->backend_domain && *topology->domains[i].name)
            return topology->domains[i].name;
    return arena_printf(arena, "%u", from->backend_domain);
}

static enum status take_controller(struct parking *parking, const struct controller *from)
{
    struct arena *arena = parking->session->arena;
    if (!from->model)
        return refuse(parking, arena_printf(arena, "controller %s", from->name),
                      arena_printf(arena, "xenusb cannot add a %s again", from->driver));
    struct config_controller *to = declare_controller(arena, from, place_name(arena, from, true));
    if (from->backend_domain)
        to->backend = (struct config_text){ DECLARED, text_of(backend_word(arena, from)) };
    add_controller(parking, to);
    return STATUS_OK;
}

// What is plugged in of it, whether or not the guest has it; NULL if nothing is, or that cannot be
// seen. Another device may be plugged in where it was.
static const struct host_device *plugged_in(const struct device *from)
{
    const struct host_device *now = from->now;
    if (from->host || !now)
        return from->host;
    const struct selector like = { .criteria = SELECT_VENDOR | SELECT_PRODUCT,
                                   .vendor = now->vendor,
                                   .product = now->product };
    const bool same = from->state == DEVICE_GONE ? device_may_have_been(&like, from)
                                                 : selector_matches(&from->selector, now);
    return same ? now : NULL;
}

// False if it is not known what to attach again.
static bool select_host_device(const struct parking *parking, const struct device *from,
                               struct selector *selector)
{
    const unsigned id = SELECT_VENDOR | SELECT_PRODUCT;
    const struct host_device *host = plugged_in(from);
    if (host) {
        uuid_file_select(parking->session->host, host, selector);
        return true;
    }
    *selector = from->selector;
    // What is plugged in next where it was unplugged may be another device.
    selector->criteria &= from->state == DEVICE_GONE ? id : id | SELECT_BUSID;
    return selector->criteria & SELECT_BUSID || selector->criteria == id;
}

static void warn_unplugged(const struct parking *parking, const struct device *from)
{
    struct arena *arena = parking->session->arena;
    complain(parking->session->diags, SEVERITY_WARNING, CODE_NOT_PLUGGED_IN, NULL, SPAN_NONE,
             "%s at %s of %s is removed and will not be attached again: it was unplugged",
             device_describe(arena, from), device_position(arena, from),
             parking->session->domain->name);
}

static enum status refuse_unknown(const struct parking *parking, const struct device *from)
{
    struct arena *arena = parking->session->arena;
    return refuse(parking, arena_printf(arena, "the device at %s", device_position(arena, from)),
                  arena_printf(arena, "which host device it is is unknown%s%s",
                               from->reason ? ": " : "", from->reason ? from->reason : ""));
}

// It is to be placed anew.
static void drop_place(struct config_device *device)
{
    device->controller_name = (struct config_text){ SPAN_NONE, TEXT_EMPTY };
    device->port = PORT_ANY;
}

static enum status take_device(struct parking *parking, const struct device *from)
{
    struct arena *arena = parking->session->arena;
    const bool goes_too = plan_removal_of(parking->plan, from->controller) != NULL;
    struct selector selector = { 0 };
    if (!device_can_return(from))
        return refuse(parking, device_kind_name(from), "not all of its options are known");
    if (from->kind == DEVICE_HOSTDEV && !select_host_device(parking, from, &selector)) {
        if (from->state != DEVICE_GONE)
            return refuse_unknown(parking, from);
        warn_unplugged(parking, from);
        return STATUS_OK;
    }
    struct config_device *to =
        declare_device(arena, from, place_name(arena, from->controller, goes_too));
    to->selector = selector;
    if (from->state == DEVICE_MISFIT)
        drop_place(to);
    add_device(parking, to);
    return STATUS_OK;
}

static enum status take_steps(struct parking *parking)
{
    enum status status = STATUS_OK;
    for (const struct step *at = parking->plan->first; at && status == STATUS_OK; at = at->next) {
        if (at->op != STEP_REMOVE || at->pvusb_qemu)
            continue;
        status = at->device ? take_device(parking, at->device)
                            : take_controller(parking, at->controller);
    }
    return status;
}

// ---- what was parked before ----

static const struct config_controller *controller_named(const struct parking *parking,
                                                        struct text name)
{
    const struct config_controller *at = parking->controllers;
    while (at && !text_is(name, at->name))
        at = at->next;
    return at;
}

// A host device, whichever its place was; an emulated one with its place.
static const char *what_it_is(struct arena *arena, const struct config_device *device)
{
    struct config_device what = *device;
    if (device->kind == DEVICE_HOSTDEV) {
        what.controller = NULL;
        what.controller_name = (struct config_text){ SPAN_NONE, TEXT_EMPTY };
        what.port = PORT_ANY;
    }
    return config_device_item(arena, &what);
}

static struct text controller_of(const struct config_device *device)
{
    return device->controller ? text_of(device->controller->name) : device->controller_name.text;
}

// Whether the guest has something else now where that was: it has been parked since.
static bool is_taken(const struct parking *parking, const struct config_device *device)
{
    for (const struct config_device *at = parking->devices; at != parking->former; at = at->next)
        if (text_same(controller_of(at), controller_of(device)) &&
            (port_same(at->port, device->port) ||
             (at->kind != DEVICE_HUB && port_behind(at->port, device->port))))
            return true;
    return false;
}

static bool is_parked_now(const struct parking *parking, const struct config_device *device)
{
    struct arena *arena = parking->session->arena;
    const char *what = what_it_is(arena, device);
    for (const struct config_device *at = parking->devices; at != parking->former; at = at->next)
        if (strcmp(what_it_is(arena, at), what) == 0)
            return true;
    return false;
}

// Whether there is another controller of that name now.
static bool is_replaced(const struct parking *parking, const struct config_controller *former)
{
    struct arena *arena = parking->session->arena;
    const struct config_controller *now =
        former ? controller_named(parking, text_of(former->name)) : NULL;
    return now &&
           strcmp(config_controller_item(arena, now), config_controller_item(arena, former)) != 0;
}

// What can no longer have its place gets any.
static void take_former_device(struct parking *parking, struct config_device *device)
{
    if (is_parked_now(parking, device))
        return;
    if (is_taken(parking, device) || is_replaced(parking, device->controller)) {
        device->controller = NULL;
        device->controller_name = (struct config_text){ SPAN_NONE, TEXT_EMPTY };
        device->port = PORT_ANY;
    }
    add_device(parking, device);
    if (!parking->former)
        parking->former = device;
}

static void take_former(struct parking *parking, const struct config *former)
{
    struct config *copy = former ? config_copy(parking->session->arena, former) : NULL;
    struct config_controller *next_controller = NULL;
    struct config_device *next_device = NULL;
    for (struct config_device *at = copy ? copy->devices : NULL; at; at = next_device) {
        next_device = at->next;
        take_former_device(parking, at);
    }
    for (struct config_controller *at = copy ? copy->controllers : NULL; at; at = next_controller) {
        next_controller = at->next;
        if (!controller_named(parking, text_of(at->name)))
            add_controller(parking, at);
    }
}

// ---- the file ----

static struct text text_of_parking(const struct parking *parking)
{
    struct arena *arena = parking->session->arena;
    struct buffer text = buffer_in(arena);
    buffer_add_string(&text, "# What was parked. It is attached again by unpark.\n");
    const char *line = parked_line(arena, parking->session->domain);
    buffer_add_string(&text, line ? line : "");
    uuid_file_head(&text, parking->session->domain);
    buffer_add_string(&text, parking->controllers ? "usbcontroller=[\n" : "");
    for (const struct config_controller *at = parking->controllers; at; at = at->next)
        buffer_printf(&text, "    '%s',\n", config_controller_item(arena, at));
    buffer_add_string(&text, parking->controllers ? "]\nusbdevice=[\n" : "usbdevice=[\n");
    for (const struct config_device *at = parking->devices; at; at = at->next)
        buffer_printf(&text, "    '%s',\n", config_device_item(arena, at));
    buffer_add_string(&text, "]\n");
    return buffer_text(&text);
}

// Why the file would not say what it is to say: a quote in a name could make it say anything. NULL
// if it does.
static const char *why_unreadable(const struct parking *parking, const char *path, struct text text)
{
    struct diags diags;
    struct arena *arena = parking->session->arena;
    diags_init(&diags, arena);
    const struct config *config =
        uuid_file_compile(arena, &diags, source_from_bytes(arena, path, text.at, text.size));
    return config && text_is(config->domain.name.text, parking->session->domain->name) &&
                   config->controller_count == parking->controller_count &&
                   config->device_count == parking->device_count
               ? NULL
               : diags_reason(&diags, "it would mean something else");
}

enum status parked_write(const struct session *session, const struct plan *plan,
                         struct parked_change *change)
{
    struct parking parking = { .session = session, .plan = plan };
    const struct config *former;
    parking.next_controller = &parking.controllers;
    parking.next_device = &parking.devices;
    *change = (struct parked_change){
        .path = uuid_file_path(session->arena, &parked_files, session->domain),
    };
    if (!plan->remove)
        return STATUS_OK;
    if (!change->path)
        return refuse(&parking, "what is to be removed", "it has no UUID");
    enum status status = parked_read(session->arena, session->diags, session->domain, &former);
    if (status == STATUS_OK)
        status = take_steps(&parking);
    if (status != STATUS_OK)
        return status;
    take_former(&parking, former);
    change->before = former ? former->source->text : TEXT_EMPTY;
    const struct text text = text_of_parking(&parking);
    const char *why = why_unreadable(&parking, change->path, text);
    if (why)
        return refuse(
            &parking, "what is to be removed",
            arena_printf(session->arena, "it cannot be written to %s: %s", change->path, why));
    status = uuid_file_replace(session, &parked_files, change->path, text);
    change->done = status == STATUS_OK;
    return status;
}

enum status parked_cancel(const struct session *session, const struct parked_change *change)
{
    return change->done ? uuid_file_replace(session, &parked_files, change->path, change->before)
                        : STATUS_OK;
}

enum status parked_forget(const struct session *session)
{
    const char *path = uuid_file_path(session->arena, &parked_files, session->domain);
    return path ? uuid_file_put(session, &parked_files, NULL, path) : STATUS_OK;
}
