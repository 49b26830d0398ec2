// SPDX-License-Identifier: MIT
#include "problem.h"

#include "base/arena.h"
#include "host/orphan.h"

void problems_init(struct problems *problems)
{
    *problems = (struct problems){ .last = &problems->first };
}

struct problem *problem_add(struct arena *arena, struct problems *problems, enum problem_kind kind,
                            const struct domain *domain, const char *key)
{
    struct problem *problem = arena_new_of(arena, struct problem);
    problem->kind = kind;
    problem->domain = domain ? domain->id : -1;
    problem->name = domain ? domain->name : "";
    problem->key = key;
    problem->mend =
        domain ? arena_printf(arena, "xenusb repair %s",
                              *domain->name ? domain->name : arena_printf(arena, "%d", domain->id))
               : "xenusb repair";
    *problems->last = problem;
    problems->last = &problem->next;
    problems->count++;
    return problem;
}

struct problem *problem_again(const struct problems *problems, const struct problem *problem)
{
    for (struct problem *at = problems->first; at; at = at->next)
        if (at->kind == problem->kind && at->domain == problem->domain &&
            strcmp(at->key, problem->key) == 0)
            return at;
    return NULL;
}

unsigned problems_left(const struct problems *problems, int domain)
{
    unsigned count = 0;
    for (const struct problem *at = problems->first; at; at = at->next)
        count += at->domain == domain && at->state == PROBLEM_FOUND;
    return count;
}

// ---- of a domain ----

struct checking {
    struct arena *arena;
    const struct record *record;
    const struct topology *topology;
    bool backend_ended;
    struct problems *problems;
};

static struct problem *add(struct checking *checking, enum problem_kind kind, const char *key)
{
    return problem_add(checking->arena, checking->problems, kind, checking->topology->domain, key);
}

static const struct record_controller *recorded(const struct checking *checking,
                                                const struct controller *controller)
{
    for (const struct record_controller *at = checking->record->controllers; at; at = at->next)
        if (controller->index >= 0 && at->index == (unsigned)controller->index)
            return at;
    return NULL;
}

static bool is_noted(const struct checking *checking, const struct device *device)
{
    for (const struct record_note *at = checking->record->notes; at; at = at->next)
        if (at->of_device && strcmp(at->id, device->id) == 0)
            return true;
    return false;
}

static const char *known_as(struct arena *arena, const struct device *device)
{
    if (device->host)
        return device->host->busid;
    return device->selector.criteria & SELECT_BUSID ? device->selector.busid
                                                    : selector_show(arena, &device->selector);
}

static struct problem *add_of_device(struct checking *checking, enum problem_kind kind,
                                     struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    struct arena *arena = checking->arena;
    const char *port = port_write(device->port, buf);
    struct problem *problem = add(checking, kind,
                                  arena_printf(arena, "%s.%s %s %s", device->controller->name, port,
                                               device->id, known_as(arena, device)));
    problem->controller = device->controller;
    problem->device = device;
    problem->what = arena_printf(arena, "%s at controller %s port %s", known_as(arena, device),
                                 device->controller->name, *port ? port : "?");
    return problem;
}

// Whether the QEMU that served it has ended: then nobody has what the record says.
static bool lost_its_backend(const struct checking *checking, const struct device *device)
{
    const struct controller *controller = device->controller;
    return checking->backend_ended && controller_is_qemus(controller) &&
           device->state != DEVICE_ATTACHED;
}

// A host device that is not where the record, or QEMU, has it.
static void check_gone(struct checking *checking, struct device *device)
{
    struct arena *arena = checking->arena;
    bool ended = lost_its_backend(checking, device);
    bool in_backend = *device->path || (device->controller->pvusb && !ended);
    struct problem *problem =
        add_of_device(checking, in_backend ? PROBLEM_DEVICE : PROBLEM_BUSID, device);
    problem->why = ended        ? "the QEMU that held it for the guest has ended"
                   : in_backend ? "unplugged from this host, or plugged in anew"
                                : "only libxl's record has it: QEMU has nothing at that port";
    if (device->selector.criteria & SELECT_BUSID)
        problem->frees = device->selector.busid;
    if (in_backend)
        problem->mend =
            arena_printf(arena, "%s; xenusb apply or attach brings it back", problem->mend);
}

// An attached device and its port in libxl's record.
static void check_recorded(struct checking *checking, struct device *device)
{
    struct controller *controller = device->controller;
    const struct record_controller *record = recorded(checking, controller);
    unsigned port = device->port.number[0];
    bool libxls = device->port.depth == 1 && record && record->kind == RECORD_EMULATED &&
                  port <= record->ports && record_expresses_controller(controller);
    const char *value = libxls ? record->port[port] : NULL;
    if (libxls && !record_expresses_device(device) && value) {
        struct problem *problem = add_of_device(checking, PROBLEM_PORT, device);
        problem->why = "libxl's record offers this port to xl, but QEMU has something there";
        return;
    }
    bool ours_to_record = device->kind == DEVICE_HOSTDEV && device->state == DEVICE_ATTACHED &&
                          device->host && *device->id;
    bool known = record_expresses_device(device)
                     ? value && strcmp(value, device->host ? device->host->busid : "") == 0
                     : is_noted(checking, device);
    if (!ours_to_record || known)
        return;
    struct problem *problem = add_of_device(checking, PROBLEM_UNKNOWN_DEVICE, device);
    problem->why = "QEMU has it open, but no record says so: xl and other domains may take it";
}

static void check_device(struct checking *checking, struct device *device)
{
    bool in_qemu = *device->path != '\0';
    bool gone = device->state == DEVICE_GONE || lost_its_backend(checking, device);
    if (device->kind == DEVICE_HOSTDEV && gone)
        check_gone(checking, device);
    else if (in_qemu)
        check_recorded(checking, device);
}

static void check_controller(struct checking *checking, struct controller *controller)
{
    struct arena *arena = checking->arena;
    if (!controller->pvusb && !checking->topology->qemu)
        return;
    bool unknown = !controller->stale && record_expresses_controller(controller) &&
                   !recorded(checking, controller);
    if (controller->stale || unknown) {
        struct problem *problem =
            add(checking, controller->stale ? PROBLEM_CONTROLLER : PROBLEM_UNKNOWN_CONTROLLER,
                arena_printf(arena, "%d %s", controller->index, controller->id));
        problem->controller = controller;
        problem->what = arena_printf(arena, "controller %s", controller->name);
        problem->why = controller->stale
                           ? "only libxl's record has it: QEMU has none"
                           : arena_printf(arena, "QEMU has %s, which no record of libxl's knows",
                                          controller->id);
    }
    for (struct device *at = controller->devices; at; at = at->next)
        check_device(checking, at);
}

void problems_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct problems *problems)
{
    struct checking checking = { arena, record, topology, backend_ended, problems };
    if (record->foreign) {
        struct problem *problem = add(&checking, PROBLEM_FOREIGN, "");
        problem->what = "xenusb's notes";
        problem->why = arena_printf(arena, "/xenusb/%d is of another domain that had this id",
                                    topology->domain->id);
    }
    if (record->former) {
        struct problem *problem = add(&checking, PROBLEM_FOREIGN, "former");
        problem->what = "xenusb's notes of controllers";
        problem->why = arena_printf(arena, "%s is of the id that it had before it was rebooted",
                                    record->former);
    }
    for (struct controller *at = topology->controllers; at; at = at->next)
        check_controller(&checking, at);
    for (const struct record_note *at = record->notes; at; at = at->next) {
        // Those from before a reboot go as a whole, once they were taken over.
        if (record->former || record_note_holds(topology, at))
            continue;
        struct problem *problem = add(&checking, PROBLEM_NOTE, at->key);
        problem->what =
            arena_printf(arena, "note of %s %s", at->of_device ? "device" : "controller", at->id);
        problem->why = "none of that id is there any more";
        if (*at->busid)
            problem->frees = at->busid;
    }
}

// ---- of this host ----

static bool is_freed(const struct problems *problems, const struct host_device *device)
{
    for (const struct problem *at = problems->first; at; at = at->next)
        if (at->frees && at->domain == device->owner_domain &&
            strcmp(at->frees, device->busid) == 0)
            return true;
    return false;
}

void problems_of_host(struct arena *arena, const struct host *host, struct problems *problems)
{
    for (const struct host_orphan *at = host_orphans(arena, host); at; at = at->next) {
        if (at->device->owner && !is_freed(problems, at->device))
            continue;
        struct problem *problem =
            problem_add(arena, problems, PROBLEM_ORPHAN, NULL, at->device->busid);
        problem->what = host_device_show(arena, at->device);
        problem->why = arena_printf(arena, "no domain and no program has it, and no driver: %s; %s",
                                    at->interfaces, at->evidence);
    }
}
