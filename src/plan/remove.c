// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "plan.h"

struct removing {
    struct arena *arena;
    struct diags *diags;
    const struct plan_removal *removal;
    const struct topology *topology;
    struct plan *plan;
    enum status status;
};

static bool is_planned(const struct removing *removing, const struct controller *controller,
                       const struct device *device)
{
    for (const struct step *step = removing->plan->first; step; step = step->next)
        if (step->controller == controller && step->device == device)
            return true;
    return false;
}

// A controller that only a record tells of, such as a PVUSB one of xl's.
static void complain_not_served(struct removing *removing, const struct controller *controller,
                                struct span why)
{
    struct diag *diag =
        complain(removing->diags, SEVERITY_ERROR, removing->removal->source, why,
                 "controller %s of %s is %s, which xenusb does not serve", controller->name,
                 removing->topology->domain->name, controller->driver);
    diag_hint(removing->diags, diag, "xl usbdev-detach and usbctrl-detach do");
    removing->status = status_worse(removing->status, STATUS_REFUSED);
}

static void remove_thing(struct removing *removing, struct controller *controller,
                         struct device *device, struct span why)
{
    if (is_planned(removing, controller, device))
        return;
    if (!controller->backend) {
        complain_not_served(removing, controller, why);
        return;
    }
    struct step *step =
        plan_add_step(removing->plan, removing->arena, STEP_REMOVE, controller, device);
    step->source = removing->removal->source;
    step->why = why;
}

// A device, and before it whatever is behind it if it is a hub.
static void remove_device(struct removing *removing, struct device *device, struct span why)
{
    for (struct device *at = device->controller->devices; at; at = at->next)
        if (device->kind == DEVICE_HUB && port_behind(device->port, at->port))
            remove_thing(removing, device->controller, at, why);
    remove_thing(removing, device->controller, device, why);
}

// What QEMU or a record knows of a host device that is gone may still be what a selector names.
static bool matches_remains(const struct selector *selector, const struct selector *remains)
{
    const unsigned known =
        SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT;
    unsigned criteria = selector->criteria;
    if (!criteria || criteria & ~known || criteria & ~remains->criteria)
        return false;
    return (!(criteria & SELECT_BUS) || selector->bus == remains->bus) &&
           (!(criteria & SELECT_ADDRESS) || selector->address == remains->address) &&
           (!(criteria & SELECT_BUSID) || strcmp(selector->busid, remains->busid) == 0) &&
           (!(criteria & SELECT_VENDOR) || selector->vendor == remains->vendor) &&
           (!(criteria & SELECT_PRODUCT) || selector->product == remains->product);
}

static bool is_meant(const struct removing *removing, const struct config_device *wanted,
                     const struct device *device)
{
    if (GIVEN(wanted->controller_name) &&
        topology_controller_called(removing->topology, wanted->controller_name.text) !=
            device->controller)
        return false;
    if (wanted->port.depth && !port_same(wanted->port, device->port))
        return false;
    if (wanted->kind != DEVICE_HOSTDEV)
        return device->kind == wanted->kind;
    if (!wanted->selector.criteria)
        return wanted->port.depth > 0;
    if (device->kind != DEVICE_HOSTDEV)
        return false;
    return device->host ? selector_matches(&wanted->selector, device->host)
                        : matches_remains(&wanted->selector, &device->selector);
}

// "1.2" is bus 1, address 2, even where controller 1 has something at port 2 and was meant.
static const struct device *device_at_like_place(const struct topology *topology,
                                                 const struct selector *selector)
{
    uint64_t number;
    if (selector->criteria != (SELECT_BUS | SELECT_ADDRESS))
        return NULL;
    const struct port port = { 1, { selector->address } };
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (text_number(text_of(at->name), 10, 0, UINT16_MAX, &number) == NUMBER_OK &&
            number == selector->bus)
            return controller_device_at(at, port);
    return NULL;
}

static void note_nothing_meant(struct removing *removing, const struct config_device *wanted)
{
    struct diag *diag =
        complain(removing->diags, SEVERITY_NOTE, removing->removal->source, wanted->why,
                 "this is not attached to %s: nothing to do", removing->topology->domain->name);
    const struct device *other = device_at_like_place(removing->topology, &wanted->selector);
    if (other)
        diag_hint(removing->diags, diag, "it is a bus and an address; the place is %s",
                  device_place(removing->arena, other));
}

static void remove_meant(struct removing *removing, const struct config_device *wanted)
{
    struct device *found = NULL;
    struct buffer list = buffer_in(removing->arena);
    unsigned count = 0;
    for (struct controller *at = removing->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (!is_meant(removing, wanted, device))
                continue;
            found = device;
            count++;
            buffer_join(&list, ", ", "%s", device_place(removing->arena, device));
        }
    const struct source *source = removing->removal->source;
    const char *domain = removing->topology->domain->name;
    if (count == 0) {
        note_nothing_meant(removing, wanted);
    } else if (count > 1) {
        struct diag *diag = complain(removing->diags, SEVERITY_ERROR, source, wanted->why,
                                     "%u devices of %s match", count, domain);
        diag_hint(removing->diags, diag, "name one by its place: %s", buffer_string(&list));
        removing->status = status_worse(removing->status, STATUS_REQUEST);
    } else {
        remove_device(removing, found, wanted->why);
    }
}

static void remove_controller(struct removing *removing, const struct config_text *word)
{
    struct controller *controller = topology_controller_called(removing->topology, word->text);
    if (!controller) {
        complain(removing->diags, SEVERITY_NOTE, removing->removal->source, word->at,
                 "%s has no such controller: nothing to do", removing->topology->domain->name);
        return;
    }
    if (controller->fixed_on) {
        complain(removing->diags, SEVERITY_ERROR, removing->removal->source, word->at,
                 "controller %s of %s stays while its QEMU runs: bus '%s' does not support "
                 "hotplugging",
                 controller->name, removing->topology->domain->name, controller->fixed_on);
        removing->status = status_worse(removing->status, STATUS_REFUSED);
        return;
    }
    for (struct device *at = controller->devices; at; at = at->next)
        remove_thing(removing, controller, at, word->at);
    remove_thing(removing, controller, NULL, word->at);
}

// What came with the guest's own machine (a tablet of usb=1, say) is not what --all means.
static bool was_attached(const struct device *device)
{
    return device->kind == DEVICE_HOSTDEV || strncmp(device->id, "xenusb", 6) == 0;
}

static void remove_all(struct removing *removing)
{
    for (struct controller *at = removing->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            if (was_attached(device))
                remove_device(removing, device, SPAN_NONE);
}

enum status plan_remove(struct arena *arena, struct diags *diags,
                        const struct plan_removal *removal, const struct topology *topology,
                        struct plan *plan)
{
    struct removing removing = { arena, diags, removal, topology, plan, STATUS_OK };
    plan_init(plan, topology);
    if (removal->all)
        remove_all(&removing);
    if (removal->devices)
        for (const struct config_device *wanted = removal->devices->devices; wanted;
             wanted = wanted->next)
            remove_meant(&removing, wanted);
    for (size_t i = 0; i < removal->count; i++)
        remove_controller(&removing, &removal->controllers[i]);
    plan_stop_pvusb_qemu(plan, arena);
    return removing.status;
}
