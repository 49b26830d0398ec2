// SPDX-License-Identifier: MIT
#include "backend.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "host/path.h"
#include "plan.h"
#include "restorable.h"
#include "xen/advice.h"

struct removing {
    struct arena *arena;
    struct diags *diags;
    const struct plan_removal *removal;
    struct topology *topology;
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

// For a controller without a backend, of which only a record exists.
static void complain_not_served(struct removing *removing, const struct controller *controller,
                                struct span why)
{
    struct diag *diag =
        complain(removing->diags, SEVERITY_ERROR, CODE_UNSUPPORTED, removing->removal->source, why,
                 "controller %s of %s is %s, which xenusb does not support", controller->name,
                 removing->topology->domain->name, controller->driver);
    if (controller->stale)
        diag_hint(removing->diags, diag, "only libxl's record has it, until %s is destroyed",
                  removing->topology->domain->name);
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

// Removes a device; if it is a hub, first the devices behind it.
static void remove_device(struct removing *removing, struct device *device, struct span why)
{
    for (struct device *at = device->controller->devices; at; at = at->next)
        if (device->kind == DEVICE_HUB && port_behind(device->port, at->port))
            remove_thing(removing, device->controller, at, why);
    remove_thing(removing, device->controller, device, why);
}

// Whether a selector matches a device that is no longer plugged in, by what QEMU or a record has of
// it (`known`).
static bool matches_known(const struct removing *removing, const struct selector *selector,
                          const struct selector *known)
{
    const unsigned possible =
        SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT;
    const char *busid = known->criteria & SELECT_BUSID ? known->busid : "";
    unsigned criteria = selector->criteria;
    if (criteria & SELECT_PATH && host_socket_is(removing->arena, busid, selector->path))
        criteria &= ~(unsigned)SELECT_PATH;
    if (criteria & SELECT_BEHIND && busid_is_behind(busid, selector->behind))
        criteria &= ~(unsigned)SELECT_BEHIND;
    return selector->criteria && !(criteria & ~(possible & known->criteria)) &&
           selector_agrees(selector, known, criteria);
}

// One of which the image is not known may be any disk.
static bool has_image(const struct device *device, const struct config_device *wanted)
{
    return !GIVEN(wanted->file) || !device->file || text_is(wanted->file.text, device->file);
}

static bool is_wanted(const struct removing *removing, const struct config_device *wanted,
                      const struct device *device)
{
    if (GIVEN(wanted->controller_name) &&
        topology_find_controller(removing->topology, wanted->controller_name.text) !=
            device->controller)
        return false;
    if (wanted->port.depth && !port_same(wanted->port, device->port))
        return false;
    if (wanted->kind != DEVICE_HOSTDEV)
        return device->kind == wanted->kind && has_image(device, wanted);
    if (!wanted->selector.criteria)
        return wanted->port.depth > 0;
    if (device->kind != DEVICE_HOSTDEV)
        return false;
    if (device->host)
        return selector_matches(&wanted->selector, device->host);
    return matches_known(removing, &wanted->selector, &device->selector) ||
           (device->now && selector_matches(&wanted->selector, device->now));
}

// The device at controller 1, port 2 for "1.2", which means bus 1, address 2 but may be a mistake.
static const struct device *device_at_place(const struct topology *topology,
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

// Whether this host has no device either that matches; false if it was not looked at.
static bool is_nowhere(const struct removing *removing, const struct selector *selector)
{
    const struct host *host = removing->removal->host;
    return host && selector->criteria && !host_next(host, selector, NULL);
}

static void note_not_attached(struct removing *removing, const struct config_device *wanted)
{
    struct diag *diag = complain(
        removing->diags, SEVERITY_NOTE, CODE_NOT_ATTACHED, removing->removal->source, wanted->why,
        "this is not attached to %s: nothing to do", removing->topology->domain->name);
    const struct device *other = device_at_place(removing->topology, &wanted->selector);
    const char *word = other ? device_word(removing->arena, other) : NULL;
    if (word)
        diag_hint(removing->diags, diag,
                  "that is a bus and an address; the device at that port is %s", word);
    else if (is_nowhere(removing, &wanted->selector))
        diag_hint(removing->diags, diag, "no such device is plugged into this host either");
}

static void complain_no_controller(struct removing *removing, const struct config_text *name)
{
    struct diag *diag =
        complain(removing->diags, SEVERITY_ERROR, CODE_NO_SUCH_CONTROLLER,
                 removing->removal->source, name->at, "%s has no controller '%.*s'",
                 removing->topology->domain->name, (int)name->text.size, name->text.at);
    diag_hint(removing->diags, diag, "%s",
              topology_controllers_hint(removing->arena, removing->topology, name->text));
    removing->status = status_worse(removing->status, STATUS_REQUEST);
}

// Whether the place of a device exists, so that "not attached" is a possible answer.
static bool has_place(struct removing *removing, const struct config_device *wanted)
{
    const struct config_text *name = &wanted->controller_name;
    if (!GIVEN(*name))
        return true;
    const struct controller *controller = topology_find_controller(removing->topology, name->text);
    if (!controller) {
        complain_no_controller(removing, name);
        return false;
    }
    if (!wanted->port.depth || wanted->port.number[0] <= controller->ports)
        return true;
    struct diag *diag = complain(
        removing->diags, SEVERITY_ERROR, CODE_NO_PORT, removing->removal->source, wanted->port_at,
        "controller '%s' has no port %u", controller->name, wanted->port.number[0]);
    diag_hint(removing->diags, diag, "its ports are 1 to %u", controller->ports);
    removing->status = status_worse(removing->status, STATUS_REQUEST);
    return false;
}

// Reports properties of QEMU's device, which do not select any; true if there are none.
static bool selects(struct removing *removing, const struct config_device *wanted)
{
    const struct config_property *property = wanted->properties;
    if (!property)
        return true;
    diag_hint(removing->diags,
              complain(removing->diags, SEVERITY_ERROR, CODE_INVALID, removing->removal->source,
                       property->value.at, "'%.*s' does not select a device",
                       (int)property->name.size, property->name.at),
              "remove it: it is for attaching");
    removing->status = status_worse(removing->status, STATUS_REQUEST);
    return false;
}

static void add_word(const struct removing *removing, struct buffer *list,
                     const struct device *device)
{
    const char *word = device_word(removing->arena, device);
    if (word)
        buffer_join(list, ", ", "%s", word);
}

// The one device that is wanted; NULL, with their number in *count, if none or several are. Reports
// an error if several are.
static struct device *find_wanted(struct removing *removing, const struct config_device *wanted,
                                  unsigned *count)
{
    struct device *found = NULL;
    struct buffer list = buffer_in(removing->arena);
    *count = 0;
    for (struct controller *at = removing->topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (!is_wanted(removing, wanted, device))
                continue;
            found = device;
            ++*count;
            add_word(removing, &list, device);
        }
    if (*count <= 1)
        return found;
    struct diag *diag =
        complain(removing->diags, SEVERITY_ERROR, CODE_AMBIGUOUS, removing->removal->source,
                 wanted->why, "%u devices of %s match", *count, removing->topology->domain->name);
    if (list.size)
        diag_hint(removing->diags, diag, "choose one: %s", buffer_string(&list));
    removing->status = status_worse(removing->status, STATUS_REQUEST);
    return NULL;
}

// Removes every device that a declaration of several ones is. False, and nothing is done, if it is
// none of these, or the guest has another number of them.
static bool remove_group(struct removing *removing, const struct config_device *wanted)
{
    unsigned count = 0;
    for (unsigned pass = 0; config_device_is_group(wanted) && pass < 2; pass++) {
        for (struct controller *at = removing->topology->controllers; at; at = at->next)
            for (struct device *device = at->devices; device; device = device->next) {
                if (!is_wanted(removing, wanted, device))
                    continue;
                if (pass)
                    remove_device(removing, device, wanted->why);
                else
                    count++;
            }
        if (!count || (!wanted->all.value && count != wanted->count.value))
            return false;
    }
    return count;
}

static void remove_wanted(struct removing *removing, const struct config_device *wanted)
{
    unsigned count;
    if (!selects(removing, wanted) || !has_place(removing, wanted) ||
        remove_group(removing, wanted))
        return;
    struct device *found = find_wanted(removing, wanted, &count);
    if (found)
        remove_device(removing, found, wanted->why);
    else if (count == 0)
        note_not_attached(removing, wanted);
}

struct device *plan_find(struct arena *arena, struct diags *diags,
                         const struct plan_removal *removal, struct topology *topology)
{
    unsigned count;
    struct removing removing = { arena, diags, removal, topology, NULL, STATUS_OK };
    const struct config_device *wanted = removal->devices->devices;
    if (!selects(&removing, wanted) || !has_place(&removing, wanted))
        return NULL;
    struct device *found = find_wanted(&removing, wanted, &count);
    if (!found && count == 0)
        advise(diags,
               complain(diags, SEVERITY_ERROR, CODE_NOT_ATTACHED, removal->source, wanted->why,
                        "this is not attached to %s", topology->domain->name),
               ADVICE_LIST, topology->domain, NULL);
    return found;
}

// Removes a controller and everything on it.
static void remove_whole(struct removing *removing, struct controller *controller, struct span why)
{
    enum status status = backend_supply(controller->backend, removing->topology);
    removing->status = status_worse(removing->status, status);
    if (status != STATUS_OK)
        return;
    if (controller->fixed_on) {
        complain(removing->diags, SEVERITY_ERROR, CODE_UNSUPPORTED, removing->removal->source, why,
                 "controller %s of %s cannot be removed while its QEMU runs: bus '%s' does not "
                 "support hotplugging",
                 controller->name, removing->topology->domain->name, controller->fixed_on);
        removing->status = status_worse(removing->status, STATUS_REFUSED);
        return;
    }
    for (struct device *at = controller->devices; at; at = at->next)
        remove_thing(removing, controller, at, why);
    remove_thing(removing, controller, NULL, why);
}

static void remove_controller(struct removing *removing, const struct config_text *word)
{
    struct controller *controller = topology_find_controller(removing->topology, word->text);
    if (controller)
        remove_whole(removing, controller, word->at);
    else
        complain_no_controller(removing, word);
}

static void remove_unrestorable(struct removing *removing)
{
    for (struct controller *at = removing->topology->controllers; at; at = at->next) {
        if (restorable_without_controller(at)) {
            if (at->backend)
                remove_whole(removing, at, SPAN_NONE);
            else
                remove_thing(removing, at, NULL, SPAN_NONE);
            continue;
        }
        for (struct device *device = at->devices; device; device = device->next)
            if (restorable_without_device(device))
                remove_device(removing, device, SPAN_NONE);
    }
}

// --all does not mean what was created with the guest, such as the tablet of usb=1.
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
                        const struct plan_removal *removal, struct topology *topology,
                        struct plan *plan)
{
    struct removing removing = { arena, diags, removal, topology, plan, STATUS_OK };
    plan_init(plan, topology);
    if (removal->all)
        remove_all(&removing);
    if (removal->unrestorable)
        remove_unrestorable(&removing);
    if (removal->devices)
        for (const struct config_device *wanted = removal->devices->devices; wanted;
             wanted = wanted->next)
            remove_wanted(&removing, wanted);
    for (size_t i = 0; i < removal->count; i++)
        remove_controller(&removing, &removal->controllers[i]);
    if (removal->devices || removal->all)
        plan_spare_controllers(plan, arena);
    plan_stop_pvusb_qemu(plan, arena);
    return removing.status;
}
