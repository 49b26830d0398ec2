// SPDX-License-Identifier: MIT
#include "ailment.h"

#include "base/arena.h"
#include "host/orphan.h"

void ailments_init(struct ailments *ailments)
{
    *ailments = (struct ailments){ .last = &ailments->first };
}

struct ailment *ailment_add(struct arena *arena, struct ailments *ailments, enum ailment_kind kind,
                            const struct domain *domain, const char *key)
{
    struct ailment *ailment = arena_new_of(arena, struct ailment);
    ailment->kind = kind;
    ailment->domain = domain ? domain->id : -1;
    ailment->name = domain ? domain->name : "";
    ailment->key = key;
    ailment->mend =
        domain ? arena_printf(arena, "xenusb repair %s",
                              *domain->name ? domain->name : arena_printf(arena, "%d", domain->id))
               : "xenusb repair";
    *ailments->last = ailment;
    ailments->last = &ailment->next;
    ailments->count++;
    return ailment;
}

struct ailment *ailment_again(const struct ailments *ailments, const struct ailment *ailment)
{
    for (struct ailment *at = ailments->first; at; at = at->next)
        if (at->kind == ailment->kind && at->domain == ailment->domain &&
            strcmp(at->key, ailment->key) == 0)
            return at;
    return NULL;
}

unsigned ailments_left(const struct ailments *ailments, int domain)
{
    unsigned count = 0;
    for (const struct ailment *at = ailments->first; at; at = at->next)
        count += at->domain == domain && at->state == AILMENT_FOUND;
    return count;
}

// ---- of a domain ----

struct judging {
    struct arena *arena;
    const struct record *record;
    const struct topology *topology;
    bool backend_ended;
    struct ailments *ailments;
};

static struct ailment *add(struct judging *judging, enum ailment_kind kind, const char *key)
{
    return ailment_add(judging->arena, judging->ailments, kind, judging->topology->domain, key);
}

static const struct record_controller *recorded(const struct judging *judging,
                                                const struct controller *controller)
{
    for (const struct record_controller *at = judging->record->controllers; at; at = at->next)
        if (controller->index >= 0 && at->index == (unsigned)controller->index)
            return at;
    return NULL;
}

static bool is_noted(const struct judging *judging, const struct device *device)
{
    for (const struct record_note *at = judging->record->notes; at; at = at->next)
        if (at->of_device && strcmp(at->id, device->id) == 0)
            return true;
    return false;
}

static const char *known_as(struct arena *arena, const struct device *device)
{
    if (device->host)
        return device->host->busid;
    return device->selector.marks & SELECT_BUSID ? device->selector.busid
                                                 : selector_show(arena, &device->selector);
}

static struct ailment *add_of_device(struct judging *judging, enum ailment_kind kind,
                                     struct device *device)
{
    char room[PORT_TEXT_SIZE];
    struct arena *arena = judging->arena;
    const char *port = port_write(device->port, room);
    struct ailment *ailment = add(judging, kind,
                                  arena_printf(arena, "%s.%s %s %s", device->controller->name, port,
                                               device->id, known_as(arena, device)));
    ailment->controller = device->controller;
    ailment->device = device;
    ailment->what = arena_printf(arena, "%s at controller %s port %s", known_as(arena, device),
                                 device->controller->name, *port ? port : "?");
    return ailment;
}

// Whether the QEMU that served it has ended: then nobody has what the record says.
static bool lost_its_backend(const struct judging *judging, const struct device *device)
{
    const struct controller *controller = device->controller;
    return judging->backend_ended && controller_is_qemus(controller) &&
           device->state != DEVICE_ATTACHED;
}

// A host device that is not where the record, or QEMU, has it.
static void judge_gone(struct judging *judging, struct device *device)
{
    struct arena *arena = judging->arena;
    bool ended = lost_its_backend(judging, device);
    bool in_backend = *device->path || (device->controller->pvusb && !ended);
    struct ailment *ailment =
        add_of_device(judging, in_backend ? AILMENT_DEVICE : AILMENT_BUSID, device);
    ailment->why = ended        ? "the QEMU that held it for the guest has ended"
                   : in_backend ? "unplugged from this host, or plugged in anew"
                                : "only libxl's record has it: QEMU has nothing at that port";
    if (device->selector.marks & SELECT_BUSID)
        ailment->frees = device->selector.busid;
    if (in_backend)
        ailment->mend =
            arena_printf(arena, "%s; xenusb apply or attach brings it back", ailment->mend);
}

// An attached device and its port in libxl's record.
static void judge_recorded(struct judging *judging, struct device *device)
{
    struct controller *controller = device->controller;
    const struct record_controller *record = recorded(judging, controller);
    unsigned port = device->port.number[0];
    bool libxls = device->port.depth == 1 && record && record->kind == RECORD_EMULATED &&
                  port <= record->ports && record_expresses_controller(controller);
    const char *value = libxls ? record->port[port] : NULL;
    if (libxls && !record_expresses_device(device) && value) {
        struct ailment *ailment = add_of_device(judging, AILMENT_PORT, device);
        ailment->why = "libxl's record offers this port to xl, but QEMU has something there";
        return;
    }
    bool ours_to_record = device->kind == DEVICE_HOSTDEV && device->state == DEVICE_ATTACHED &&
                          device->host && *device->id;
    bool known = record_expresses_device(device)
                     ? value && strcmp(value, device->host ? device->host->busid : "") == 0
                     : is_noted(judging, device);
    if (!ours_to_record || known)
        return;
    struct ailment *ailment = add_of_device(judging, AILMENT_UNKNOWN_DEVICE, device);
    ailment->why = "QEMU has it open, but no record says so: xl and other domains may take it";
}

static void judge_device(struct judging *judging, struct device *device)
{
    bool in_qemu = *device->path != '\0';
    bool gone = device->state == DEVICE_GONE || lost_its_backend(judging, device);
    if (device->kind == DEVICE_HOSTDEV && gone)
        judge_gone(judging, device);
    else if (in_qemu)
        judge_recorded(judging, device);
}

static void judge_controller(struct judging *judging, struct controller *controller)
{
    struct arena *arena = judging->arena;
    if (!controller->pvusb && !judging->topology->qemu)
        return;
    bool unknown = !controller->stale && record_expresses_controller(controller) &&
                   !recorded(judging, controller);
    if (controller->stale || unknown) {
        struct ailment *ailment =
            add(judging, controller->stale ? AILMENT_CONTROLLER : AILMENT_UNKNOWN_CONTROLLER,
                arena_printf(arena, "%d %s", controller->index, controller->id));
        ailment->controller = controller;
        ailment->what = arena_printf(arena, "controller %s", controller->name);
        ailment->why = controller->stale
                           ? "only libxl's record has it: QEMU has none"
                           : arena_printf(arena, "QEMU has %s, which no record of libxl's knows",
                                          controller->id);
    }
    for (struct device *at = controller->devices; at; at = at->next)
        judge_device(judging, at);
}

void ailments_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct ailments *ailments)
{
    struct judging judging = { arena, record, topology, backend_ended, ailments };
    if (record->foreign) {
        struct ailment *ailment = add(&judging, AILMENT_FOREIGN, "");
        ailment->what = "xenusb's notes";
        ailment->why = arena_printf(arena, "/xenusb/%d is of another domain that had this id",
                                    topology->domain->id);
    }
    if (record->former) {
        struct ailment *ailment = add(&judging, AILMENT_FOREIGN, "former");
        ailment->what = "xenusb's notes of controllers";
        ailment->why = arena_printf(arena, "%s is of the id that it had before it was rebooted",
                                    record->former);
    }
    for (struct controller *at = topology->controllers; at; at = at->next)
        judge_controller(&judging, at);
    for (const struct record_note *at = record->notes; at; at = at->next) {
        // Those from before a reboot go as a whole, once they were taken over.
        if (record->former || record_note_holds(topology, at))
            continue;
        struct ailment *ailment = add(&judging, AILMENT_NOTE, at->key);
        ailment->what =
            arena_printf(arena, "note of %s %s", at->of_device ? "device" : "controller", at->id);
        ailment->why = "none of that id is there any more";
        if (*at->busid)
            ailment->frees = at->busid;
    }
}

// ---- of this host ----

static bool is_freed(const struct ailments *ailments, const struct host_device *device)
{
    for (const struct ailment *at = ailments->first; at; at = at->next)
        if (at->frees && at->domain == device->owner_domain &&
            strcmp(at->frees, device->busid) == 0)
            return true;
    return false;
}

void ailments_of_host(struct arena *arena, const struct host *host, struct ailments *ailments)
{
    for (const struct host_orphan *at = host_orphans(arena, host); at; at = at->next) {
        if (at->device->owner && !is_freed(ailments, at->device))
            continue;
        struct ailment *ailment =
            ailment_add(arena, ailments, AILMENT_ORPHAN, NULL, at->device->busid);
        ailment->what = host_device_show(arena, at->device);
        ailment->why = arena_printf(arena, "no domain and no program has it, and no driver: %s; %s",
                                    at->interfaces, at->evidence);
    }
}
