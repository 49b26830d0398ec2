// SPDX-License-Identifier: MIT
// What a run of the watcher leaves alone: what is not plugged in, what somebody has taken away, and
// what the domain of an earlier file wants as well; and what it cleans up.
#include "base/arena.h"
#include "plan/presence.h"
#include "watch/parked.h"
#include "watch_items.h"

struct deciding {
    struct watch_items *items;
    const struct topology *topology;
    const struct host *host;
    bool same;   // the last report is about this instance of the domain, and its QEMU
    bool parked; // nothing may be added before it is saved and restored
};

static bool is_same_instance(const struct watch_report *last, const struct topology *topology)
{
    const struct domain *domain = topology->domain;
    return last && last->domain == domain->id && strcmp(last->uuid, domain->uuid) == 0 &&
           (last->qemus[0] | last->qemus[1]) == topology->qemu_process;
}

// Whether the guest had it, or did not because somebody had taken it away.
static bool was_given(const struct deciding *deciding, const struct watch_item *item)
{
    return deciding->same && item->last &&
           (item->last->verdict == WATCH_THERE || item->last->verdict == WATCH_AWAY);
}

// Leaves out what is missing in a guest that is parked.
static void leave_parked(const struct deciding *deciding, struct watch_item *item)
{
    if (item->last) {
        item->entry.place = item->last->place;
        item->entry.label = item->last->label;
    }
    watch_item_leave_out(deciding->items, item, WATCH_AWAY, "it is parked");
}

// ---- controllers ----

static bool has_controller(const struct deciding *deciding, const struct watch_item *item)
{
    const struct topology *topology = deciding->topology;
    const struct config_controller *wanted = item->controller;
    return wanted->at_creation || topology_controller_named(topology, text_of(wanted->name)) ||
           (item->last && topology_controller_named(topology, text_of(item->last->place))) ||
           (wanted->origin == ORIGIN_USBCTRL &&
            topology_controller_index(topology, (int)wanted->index));
}

static void decide_controller(const struct deciding *deciding, struct watch_item *item)
{
    if (deciding->parked && !has_controller(deciding, item)) {
        leave_parked(deciding, item);
        return;
    }
    if (!was_given(deciding, item) || !*item->last->place ||
        topology_controller_named(deciding->topology, text_of(item->last->place)))
        return;
    item->entry.place = item->last->place;
    item->entry.label = item->last->label;
    watch_item_leave_out(deciding->items, item, WATCH_AWAY, NULL);
}

// ---- emulated devices ----

static bool is_at(const struct deciding *deciding, const struct device *device, const char *place)
{
    char port[PORT_TEXT_SIZE];
    const char *here = arena_printf(deciding->items->arena, "%s.%s", device->controller->name,
                                    port_write(device->port, port));
    return strcmp(device->port.depth ? here : device->controller->name, place) == 0;
}

// How many devices of that kind the guest has; at that place, unless it is NULL.
static size_t count_devices(const struct deciding *deciding, enum device_kind kind,
                            const char *place)
{
    size_t count = 0;
    for (const struct controller *at = deciding->topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            count += device->kind == kind && (!place || is_at(deciding, device, place));
    return count;
}

static size_t count_entries(const struct deciding *deciding, enum device_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < deciding->items->count; i++) {
        const struct watch_item *item = &deciding->items->items[i];
        count += !item->left_out && item->device && item->device->kind == kind;
    }
    return count;
}

static void decide_emulated(const struct deciding *deciding, struct watch_item *item)
{
    const enum device_kind kind = item->device->kind;
    if (deciding->parked && count_devices(deciding, kind, NULL) < count_entries(deciding, kind)) {
        leave_parked(deciding, item);
        return;
    }
    if (!was_given(deciding, item) || count_devices(deciding, kind, item->last->place) ||
        count_devices(deciding, kind, NULL) >= count_entries(deciding, kind))
        return;
    item->entry.place = item->last->place;
    item->entry.label = item->last->label;
    watch_item_leave_out(deciding->items, item, WATCH_AWAY, NULL);
}

// ---- host devices ----

// The devices of a driver domain cannot be seen.
static bool is_elsewhere(const struct config_device *wanted)
{
    const struct config_controller *controller = wanted->controller;
    return controller && GIVEN(controller->backend) && !text_is(controller->backend.text, "0") &&
           !text_is(controller->backend.text, "Domain-0");
}

// What the guest has of that host device, or of one that was plugged in there; NULL if nothing.
static const struct device *device_of(const struct topology *topology,
                                      const struct host_device *host)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->kind == DEVICE_HOSTDEV && device_on_host(device) == host)
                return device;
    return NULL;
}

// The host device that the entry was, if it has not been unplugged since.
static const struct host_device *former(const struct deciding *deciding,
                                        const struct watch_item *item)
{
    const struct watch_entry *last = item->last;
    if (!was_given(deciding, item) || !last->bus)
        return NULL;
    const struct host_device *host = host_device_at(deciding->host, last->bus, last->address);
    return host && strcmp(host->busid, last->busid) == 0 &&
                   selector_matches(&item->device->selector, host)
               ? host
               : NULL;
}

// The domain of an earlier file that wants exactly that device; NULL if there is none.
static const struct watch_rival *rival_for(const struct deciding *deciding,
                                           const struct host_device *host)
{
    const struct watch_request *request = deciding->items->request;
    for (size_t i = 0; i < request->rival_count; i++) {
        const struct watch_rival *rival = &request->rivals[i];
        if (rival->id == deciding->topology->domain->id)
            continue;
        for (const struct config_device *at = rival->config->devices; at; at = at->next) {
            const struct host_device *found;
            if (at->kind == DEVICE_HOSTDEV && !is_elsewhere(at) &&
                selector_matches(&at->selector, host) &&
                (at->all.value || host_select(deciding->host, &at->selector, &found) == 1))
                return rival;
        }
    }
    return NULL;
}

// One that was attached before another like it was plugged in.
static bool is_still_there(const struct deciding *deciding, struct watch_item *item)
{
    const struct host_device *host = former(deciding, item);
    const struct device *device = host ? device_of(deciding->topology, host) : NULL;
    if (!device || device->state != DEVICE_ATTACHED)
        return false;
    watch_item_describe(deciding->items, item, device, host);
    watch_item_leave_out(deciding->items, item, WATCH_THERE, NULL);
    return true;
}

static void decide_missing(const struct deciding *deciding, struct watch_item *item)
{
    if (item->last) {
        item->entry.busid = item->last->busid;
        item->entry.place = item->last->place;
        item->entry.label = item->last->label;
    }
    watch_item_leave_out(deciding->items, item, WATCH_MISSING, NULL);
}

// Those of a group that are plugged in are attached; they do not wait for the others.
static void decide_group(const struct deciding *deciding, struct watch_item *item)
{
    const struct host_device *host = NULL;
    if (host_select(deciding->host, &item->device->selector, &host))
        item->device->required = (struct config_flag){ item->device->why, false };
    else
        decide_missing(deciding, item);
}

static void decide_host_device(const struct deciding *deciding, struct watch_item *item)
{
    const struct host_device *host = NULL;
    unsigned count = host_select(deciding->host, &item->device->selector, &host);
    if (!count)
        decide_missing(deciding, item);
    if (!count || (count > 1 && is_still_there(deciding, item)))
        return;
    const struct host_device *before = former(deciding, item);
    if (deciding->parked && count == 1 && !device_of(deciding->topology, host)) {
        watch_item_describe(deciding->items, item, NULL, host);
        leave_parked(deciding, item);
        return;
    }
    if (before && !device_of(deciding->topology, before)) {
        watch_item_describe(deciding->items, item, NULL, before);
        item->entry.place = item->last->place;
        watch_item_leave_out(deciding->items, item, WATCH_AWAY, NULL);
        return;
    }
    const struct watch_rival *rival =
        count == 1 && !device_of(deciding->topology, host) ? rival_for(deciding, host) : NULL;
    if (!rival)
        return;
    watch_item_describe(deciding->items, item, NULL, host);
    watch_item_leave_out(deciding->items, item, WATCH_OTHERS,
                         arena_printf(deciding->items->arena,
                                      "%s (%d) wants it too, and its file "
                                      "comes first",
                                      rival->domain, rival->id));
}

// The entry by which that device was taken away; NULL if it was not.
static const struct watch_item *away_by(const struct deciding *deciding,
                                        const struct host_device *host)
{
    for (size_t i = 0; i < deciding->items->count; i++) {
        const struct watch_item *item = &deciding->items->items[i];
        if (item->left_out && item->entry.verdict == WATCH_AWAY && item->entry.bus == host->bus &&
            item->entry.address == host->address)
            return item;
    }
    return NULL;
}

// What was taken away does not come back through another entry that selects it as well.
static void follow_away(const struct deciding *deciding, struct watch_item *item)
{
    const struct host_device *host = NULL;
    if (item->left_out || !item->device || item->device->kind != DEVICE_HOSTDEV ||
        is_elsewhere(item->device) ||
        host_select(deciding->host, &item->device->selector, &host) != 1 ||
        !away_by(deciding, host))
        return;
    watch_item_describe(deciding->items, item, NULL, host);
    watch_item_leave_out(deciding->items, item, WATCH_AWAY, NULL);
}

static void decide_device(const struct deciding *deciding, struct watch_item *item)
{
    if (item->device->kind != DEVICE_HOSTDEV)
        decide_emulated(deciding, item);
    else if (!is_elsewhere(item->device) && config_device_is_group(item->device))
        decide_group(deciding, item);
    else if (!is_elsewhere(item->device))
        decide_host_device(deciding, item);
}

// ---- what is gone ----

// Whether the last report has it for that entry.
static bool was_reported(const struct deciding *deciding, const struct watch_item *item,
                         const struct device *gone)
{
    return item->last && *item->last->busid && is_at(deciding, gone, item->last->place) &&
           strcmp(item->last->busid, device_busid(gone)) == 0;
}

static struct watch_item *item_of_gone(const struct deciding *deciding, const struct device *gone)
{
    struct watch_item *match = NULL;
    for (size_t i = 0; i < deciding->items->count; i++) {
        struct watch_item *item = &deciding->items->items[i];
        if (!item->device || item->device->kind != DEVICE_HOSTDEV ||
            (item->gone && !config_device_is_group(item->device)) || is_elsewhere(item->device))
            continue;
        if (was_reported(deciding, item, gone))
            return item;
        if (!match && device_may_have_been(&item->device->selector, gone))
            match = item;
    }
    return match;
}

// What a QEMU that has exited had is gone as well, but its host device is not.
static void decide_gone(const struct deciding *deciding, struct device *device)
{
    if (device->kind != DEVICE_HOSTDEV || device->state != DEVICE_GONE || device->report.ended)
        return;
    struct watch_item *item = item_of_gone(deciding, device);
    if (!item)
        return;
    item->gone = device;
    device->discard = !item->keeps_gone;
}

// ---- the config ----

static void remove_left_out(const struct watch_items *items, struct config *config)
{
    struct config_controller **controller = &config->controllers;
    struct config_device **device = &config->devices;
    for (size_t i = 0; i < items->count; i++) {
        const struct watch_item *item = &items->items[i];
        if (item->controller) {
            if (item->left_out)
                *controller = item->controller->next;
            else
                controller = &item->controller->next;
        } else if (item->left_out) {
            *device = item->device->next;
            config->device_count--;
        } else {
            device = &item->device->next;
        }
    }
}

void watch_decide(struct watch_items *items, struct job *job)
{
    const struct deciding deciding = { items, &job->world.topology, &job->world.host,
                                       is_same_instance(items->request->last, &job->world.topology),
                                       parked_holds(&job->world.session) };
    for (size_t i = 0; i < items->count; i++)
        if (!items->items[i].left_out && items->items[i].controller)
            decide_controller(&deciding, &items->items[i]);
    for (size_t i = 0; i < items->count; i++)
        if (!items->items[i].left_out && items->items[i].device)
            decide_device(&deciding, &items->items[i]);
    for (size_t i = 0; i < items->count; i++)
        follow_away(&deciding, &items->items[i]);
    for (struct controller *at = job->world.topology.controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            decide_gone(&deciding, device);
    remove_left_out(items, job->config);
}
