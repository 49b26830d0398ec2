// SPDX-License-Identifier: MIT
// Where a domain's records disagree with what its QEMU or its PVUSB backends have.
#include "base/arena.h"
#include "problem.h"
#include "record/adopt.h"
#include "record/journal.h"
#include "record/saved.h"
#include "xen/advice.h"

// One domain's records against one look at it.
struct domain_check {
    struct arena *arena;
    const struct record *record;
    const struct topology *topology;
    bool backend_ended;
    struct problems *problems;
};

static struct problem *add(const struct domain_check *check, enum problem_kind kind,
                           const char *key)
{
    return problem_add(check->arena, check->problems, kind, check->topology->domain, key);
}

static const struct record_controller *recorded(const struct domain_check *check,
                                                const struct controller *controller)
{
    for (const struct record_controller *at = check->record->controllers; at; at = at->next)
        if (controller->index >= 0 && at->index == (unsigned)controller->index)
            return at;
    return NULL;
}

static const char *known_as(struct arena *arena, const struct device *device)
{
    const char *busid = device_busid(device);
    return *busid ? busid : selector_show(arena, &device->selector);
}

static struct problem *add_of_device(const struct domain_check *check, enum problem_kind kind,
                                     struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    struct arena *arena = check->arena;
    const char *port = port_write(device->port, buf);
    struct problem *problem = add(check, kind,
                                  arena_printf(arena, "%s.%s %s %s", device->controller->name, port,
                                               device->id, known_as(arena, device)));
    problem->controller = device->controller;
    problem->device = device;
    problem->what =
        arena_printf(arena, "%s at %s", known_as(arena, device), device_position(arena, device));
    return problem;
}

// Whether the device was held by a QEMU that has exited: then nothing holds it, whatever the record
// says.
static bool lost_its_backend(const struct domain_check *check, const struct device *device)
{
    const struct controller *controller = device->controller;
    bool was_qemus = controller_uses_pvusb_qemu(controller) ||
                     (!controller->pvusb && check->topology->qemu_ended);
    return check->backend_ended && was_qemus && device->state != DEVICE_ATTACHED;
}

// A host device that is no longer where the record or QEMU has it.
static void check_gone(const struct domain_check *check, struct device *device)
{
    bool ended = lost_its_backend(check, device);
    bool in_backend = *device->path || (device->controller->pvusb && !ended);
    struct problem *problem =
        add_of_device(check, in_backend ? PROBLEM_DEVICE : PROBLEM_BUSID, device);
    if (ended)
        problem->why = "the QEMU that held it for the guest has exited";
    else if (in_backend)
        problem->why = "unplugged from this host, or replugged";
    else
        problem->why = "only in libxl's record; QEMU has nothing at that port";
    if (device->selector.criteria & SELECT_BUSID)
        problem->frees = device->selector.busid;
    const char *back = in_backend ? advice(check->arena, ADVICE_ATTACH, check->topology->domain,
                                           device_again(check->arena, device))
                                  : NULL;
    if (back)
        problem->fix = arena_printf(check->arena, "%s; %s", problem->fix, back);
}

// A device that QEMU has, and its port in libxl's record.
static void check_recorded(const struct domain_check *check, struct device *device)
{
    struct controller *controller = device->controller;
    const struct record_controller *record = recorded(check, controller);
    unsigned port = device->port.number[0];
    bool in_libxl = device->port.depth == 1 && record && record->kind == RECORD_EMULATED &&
                    port <= record->ports && record_expresses_controller(controller);
    const char *value = in_libxl ? record->port[port] : NULL;
    if (value && !record_expresses_device(device)) {
        struct problem *problem = add_of_device(check, PROBLEM_PORT, device);
        problem->why = "libxl's record shows this port as free, but QEMU has a device there";
        return;
    }
    if (!record_lacks_device(check->record, device))
        return;
    struct problem *problem = add_of_device(check, PROBLEM_UNKNOWN_DEVICE, device);
    problem->why = "QEMU has it open, but it is not recorded: xl may give it to another domain";
}

static void check_device(const struct domain_check *check, struct device *device)
{
    bool in_qemu = *device->path != '\0';
    bool gone = device->state == DEVICE_GONE || lost_its_backend(check, device);
    // Whose handover can be finished is not gone (problem_host.c).
    if (device->partly)
        return;
    if (device->kind == DEVICE_HOSTDEV && gone)
        check_gone(check, device);
    else if (in_qemu)
        check_recorded(check, device);
}

static void check_controller(const struct domain_check *check, struct controller *controller)
{
    struct arena *arena = check->arena;
    if (!controller->pvusb && !check->topology->qemu && !check->topology->qemu_ended)
        return;
    bool unknown = record_lacks_controller(check->record, controller) &&
                   controller->adoption != ADOPTION_RELEASED;
    // The controllers of a QEMU that has exited reserve nothing, and are there again after a
    // reboot.
    if ((controller->stale && !check->topology->qemu_ended) || unknown) {
        struct problem *problem =
            add(check, controller->stale ? PROBLEM_CONTROLLER : PROBLEM_UNKNOWN_CONTROLLER,
                arena_printf(arena, "%d %s", controller->index, controller->id));
        problem->controller = controller;
        problem->what = arena_printf(arena, "controller %s", controller->name);
        problem->why = controller->stale
                           ? "only in libxl's record; QEMU does not have it"
                           : arena_printf(arena, "QEMU has %s, which libxl's record does not list",
                                          controller->id);
    }
    for (struct device *at = controller->devices; at; at = at->next)
        check_device(check, at);
}

static void check_notes(const struct domain_check *check)
{
    struct arena *arena = check->arena;
    for (const struct record_note *at = check->record->notes; at; at = at->next) {
        if (record_note_holds(check->topology, at))
            continue;
        struct problem *problem = add(check, PROBLEM_NOTE, at->key);
        problem->what =
            arena_printf(arena, "note of %s %s", at->of_device ? "device" : "controller", at->id);
        problem->why = "nothing with that id is there any longer";
        if (*at->busid)
            problem->frees = at->busid;
    }
}

void problems_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct problems *problems)
{
    const struct domain_check check = { arena, record, topology, backend_ended, problems };
    if (record->foreign) {
        struct problem *problem = add(&check, PROBLEM_FOREIGN, "");
        problem->what = "xenusb's notes";
        problem->why = arena_printf(arena, "/xenusb/%d belongs to an earlier domain with this id",
                                    topology->domain->id);
    }
    if (record->former) {
        struct problem *problem = add(&check, PROBLEM_FOREIGN, "former");
        problem->what = "xenusb's notes of controllers";
        problem->why = arena_printf(
            arena, "%s belongs to the id that it had before it was rebooted", record->former);
    }
    for (struct controller *at = topology->controllers; at; at = at->next)
        check_controller(&check, at);
    // Notes from before a reboot are moved to the new id first, and removed as a whole.
    if (!record->former)
        check_notes(&check);
}

void problems_of_journal(const struct session *session, bool forget, struct problems *problems)
{
    struct arena *arena = session->arena;
    const struct journal *journal = session->record->journal;
    if (!journal || (journal->state == JOURNAL_OPEN && journal_owner_runs(arena, journal)))
        return;
    struct problem *problem = problem_add(arena, problems, PROBLEM_JOURNAL, session->domain,
                                          journal_show(arena, journal));
    if (journal->state == JOURNAL_OPEN) {
        problem->what = "a command that was killed";
        problem->why = arena_printf(arena, "%s had not finished", problem->key);
        return;
    }
    problem->what = "journal";
    problem->why = journal->why;
    problem->fix = advice(arena, ADVICE_FORGET, session->domain, NULL);
    if (forget)
        return;
    problem->state = PROBLEM_LEFT;
    problem->alone = true;
    problem->failure = problem->fix;
}

void problems_of_saved(const struct session *session, const struct topology *topology,
                       struct problems *problems)
{
    struct arena *arena = session->arena;
    const char *missing;
    const char *unreadable = saved_catch_up(session, topology, &missing);
    if (!missing && !unreadable)
        return;
    struct problem *problem =
        problem_add(arena, problems, PROBLEM_SAVED, session->domain, unreadable ? "?" : "");
    problem->what = "libxl's saved configuration";
    if (missing) {
        problem->why = arena_printf(arena, "lacks %s: xl reboot would lose that", missing);
        return;
    }
    problem->unknown = unreadable;
    problem->why = arena_printf(arena, "cannot be compared with libxl's record: %s", unreadable);
    problem->state = PROBLEM_LEFT;
    problem->alone = true;
    problem->fix = NULL;
    problem->failure = "it is left alone as long as it cannot be read";
}
