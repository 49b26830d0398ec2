// SPDX-License-Identifier: MIT
#include "run.h"

#include "base/arena.h"
#include "ids.h"
#include "qemu/image.h"

// A step in progress.
struct pending {
    struct step *step;
    struct pci_bus_slots *slots; // a controller's
    struct wire_add wire;
    struct qmp_command *back;
    struct qmp_command *add;
};

static void fail(struct step *step, enum step_state state, const char *words)
{
    step->state = state;
    step->words = words;
}

static bool is_taken(const struct qmp_handle *handle, const char *id)
{
    for (const struct taken_id *at = handle->taken; at; at = at->next)
        if (strcmp(at->id, id) == 0)
            return true;
    return false;
}

static void take_id(struct qmp_handle *handle, const char *id)
{
    struct taken_id *taken = arena_new_of(handle->session->arena, struct taken_id);
    *taken = (struct taken_id){ handle->taken, id };
    handle->taken = taken;
}

static void free_id(struct qmp_handle *handle, const char *id)
{
    struct taken_id **at = &handle->taken;
    while (*at && strcmp((*at)->id, id) != 0)
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
}

static void name_device(struct qmp_handle *handle, struct device *device)
{
    struct arena *arena = handle->session->arena;
    unsigned number = 0;
    if (!*device->id)
        device->id = ids_for_device(arena, device, number);
    while (is_taken(handle, device->id) && !ids_is_libxl_device(device))
        device->id = ids_for_device(arena, device, ++number);
    take_id(handle, device->id);
}

static void name_controller(struct qmp_handle *handle, struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    if (!*controller->id)
        controller->id = ids_for_controller(arena, controller);
    controller->bus = arena_printf(arena, "%s.0", controller->id);
    take_id(handle, controller->id);
}

static const char *path_of(struct qmp_handle *handle, const char *id)
{
    return arena_printf(handle->session->arena, "/machine/peripheral/%s", id);
}

static struct pci_slot *pci_slot_of(const struct qmp_handle *handle,
                                    const struct controller *controller)
{
    struct pci_slot *pci_slot = handle->pci_slots;
    while (pci_slot && strcmp(pci_slot->path, controller->path) != 0)
        pci_slot = pci_slot->next;
    return pci_slot;
}

// A controller whose removal is undone goes back to its bus if a slot is free.
static struct pci_bus_slots *slots_for(const struct qmp_handle *handle,
                                       const struct controller *controller)
{
    const struct pci_slot *pci_slot = pci_slot_of(handle, controller);
    if (pci_slot && pci_slot->slots->free)
        return pci_slot->slots;
    struct pci_bus_slots *slots = handle->slots;
    while (slots && !slots->free)
        slots = slots->next;
    return slots;
}

// Submits the commands for a step. If they cannot be built, fails the step and returns false.
static bool submit_add(struct qmp_handle *handle, struct pending *pending)
{
    struct arena *arena = handle->session->arena;
    struct device *device = pending->step->device;
    struct controller *controller = pending->step->controller;
    const char *why = NULL;
    if (!device) {
        name_controller(handle, controller);
        pending->slots = slots_for(handle, controller);
        if (pending->slots)
            pending->slots->free--;
        pending->wire.add =
            wire_add_controller(arena, controller, pending->slots ? pending->slots->bus : "");
    } else {
        name_device(handle, device);
        bool on_device = device->file && image_is_device(device->file);
        if (!wire_add_device(arena, device, on_device, &pending->wire, &why)) {
            free_id(handle, device->id);
            fail(pending->step, STEP_FAILED, why);
            return false;
        }
    }
    if (pending->wire.back.name)
        pending->back = run_submit(handle, pending->wire.back);
    pending->add = run_submit(handle, pending->wire.add);
    return true;
}

// QEMU opens a device at once that it is given by bus and address, or refuses it; it scans for
// others.
static enum device_state state_of(const struct device *device)
{
    if (device->kind != DEVICE_HOSTDEV)
        return DEVICE_PRESENT;
    return device->selector.criteria & SELECT_ADDRESS ? DEVICE_ATTACHED : DEVICE_WAITING;
}

static void finish_add(struct qmp_handle *handle, struct pending *pending)
{
    struct device *device = pending->step->device;
    struct controller *controller = pending->step->controller;
    pending->step->state = STEP_DONE;
    if (device) {
        device->path = path_of(handle, device->id);
        device->state = state_of(device);
        return;
    }
    controller->path = path_of(handle, controller->id);
    if (pending->slots && !pci_slot_of(handle, controller)) {
        struct pci_slot *pci_slot = arena_new_of(handle->session->arena, struct pci_slot);
        *pci_slot = (struct pci_slot){ handle->pci_slots, controller->path, pending->slots };
        handle->pci_slots = pci_slot;
    }
}

// Whether QEMU may have executed it.
static bool is_unknown(const struct qmp_command *command)
{
    return !command->answered && !command->unsent;
}

// Evaluates the answers. A failed step that stays STEP_PLANNED has left something in QEMU, which
// undo_add() must remove.
static void check_added(struct qmp_handle *handle, struct pending *pending)
{
    struct step *step = pending->step;
    const struct qmp_command *refused =
        pending->back && !qmp_succeeded(pending->back) ? pending->back : pending->add;
    if (qmp_succeeded(pending->add)) {
        finish_add(handle, pending);
        return;
    }
    if (is_unknown(pending->add) || (pending->back && is_unknown(pending->back))) {
        step->timed_out = run_timed_out(handle);
        fail(step, STEP_LEFT, run_why(handle, pending->add));
        return;
    }
    if (pending->slots)
        pending->slots->free++;
    step->words = run_why(handle, refused);
    if (!(pending->back && qmp_succeeded(pending->back))) {
        step->state = STEP_FAILED;
        free_id(handle, step->device ? step->device->id : step->controller->id);
    }
}

// Removes what failed steps have left: the backing of a device that QEMU refused.
static void undo_add(struct qmp_handle *handle, struct pending *pendings, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct qmp_removal *removals = arena_array_of(arena, struct qmp_removal, count);
    struct pending **of = arena_array_of(arena, struct pending *, count);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (pendings[i].step->state != STEP_PLANNED)
            continue;
        const struct device *device = pendings[i].step->device;
        removals[left].id = device->id;
        removals[left].path = path_of(handle, device->id);
        // The device does not exist; its id may belong to another one.
        removals[left].gone = true;
        removals[left].delete_backing = pendings[i].wire.delete_backing;
        of[left++] = &pendings[i];
    }
    if (left)
        run_removals(handle, removals, left);
    for (size_t i = 0; i < left; i++) {
        struct step *step = of[i]->step;
        bool back = removals[i].state == STEP_DONE;
        step->timed_out = removals[i].timed_out;
        fail(step, back ? STEP_FAILED : STEP_LEFT,
             back ? step->words
                  : arena_printf(arena, "%s; it could not be removed either: %s", step->words,
                                 removals[i].words));
        free_id(handle, step->device->id);
    }
}

// Whether none of the devices has been taken by another meanwhile; asked right before QEMU opens
// them, under the host's lock, which stays locked. Fails the steps of those that have, and then
// nothing of the batch must be tried.
static bool are_free(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct arena *arena = handle->session->arena;
    const struct host_guest guest = { handle->session->domain->id,
                                      (unsigned)qmp_process(handle->client) };
    const struct host_device **devices = arena_array_of(arena, const struct host_device *, count);
    struct step **of = arena_array_of(arena, struct step *, count);
    size_t asked = 0;
    bool free = true;
    for (size_t i = 0; i < count; i++)
        if (steps[i]->device && steps[i]->device->host) {
            of[asked] = steps[i];
            devices[asked++] = steps[i]->device->host;
        }
    if (!asked)
        return true;
    struct host_hold *holds = arena_array_of(arena, struct host_hold, asked);
    enum status status =
        host_lock_devices(handle->session, devices, holds, asked, &handle->host_lock);
    if (status != STATUS_OK) {
        of[0]->timed_out = status == STATUS_TIMEOUT;
        fail(of[0], STEP_FAILED, host_why_not_locked(handle->session));
        return false;
    }
    for (size_t i = 0; i < asked; i++) {
        const char *why = host_hold_show(arena, &holds[i], &guest);
        if (!why)
            continue;
        of[i]->refused = true;
        fail(of[i], STEP_FAILED, why);
        free = false;
    }
    return free;
}

static void add_steps(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    if (!are_free(handle, steps, count))
        return;
    struct pending *pendings = arena_array_of(handle->session->arena, struct pending, count);
    size_t submitted = 0;
    for (size_t i = 0; i < count; i++) {
        pendings[submitted] = (struct pending){ .step = steps[i] };
        submitted += submit_add(handle, &pendings[submitted]);
    }
    qmp_await(handle->client);
    for (size_t i = 0; i < submitted; i++) {
        pendings[i].add = run_pass_device(handle, pendings[i].step->device, pendings[i].add);
        check_added(handle, &pendings[i]);
    }
    undo_add(handle, pendings, submitted);
}

static void remove_steps(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct qmp_removal *removals = arena_array_of(arena, struct qmp_removal, count);
    for (size_t i = 0; i < count; i++) {
        const struct device *device = steps[i]->device;
        const struct controller *controller = steps[i]->controller;
        removals[i].id = device ? device->id : controller->id;
        removals[i].path = device ? device->path : controller->path;
        removals[i].what = device ? device_position(arena, device) : controller->name;
        removals[i].by_guest = !device;
        removals[i].spare = steps[i]->spare;
        if (device)
            removals[i].delete_backing = wire_delete_backing(arena, device->kind, device->id);
    }
    run_removals(handle, removals, count);
    for (size_t i = 0; i < count; i++) {
        const struct qmp_removal *removal = &removals[i];
        struct pci_slot *pci_slot =
            steps[i]->device ? NULL : pci_slot_of(handle, steps[i]->controller);
        steps[i]->state = removal->state;
        steps[i]->words = removal->words;
        steps[i]->timed_out = removal->timed_out;
        steps[i]->pending = removal->pending;
        if (removal->gone)
            free_id(handle, removal->id);
        if (removal->gone && pci_slot)
            pci_slot->slots->free++;
    }
}

enum status qmp_run(void *at, struct step *const *steps, size_t count)
{
    struct qmp_handle *handle = at;
    enum status status = STATUS_OK;
    if (count == 0)
        return STATUS_OK;
    if (steps[0]->op == STEP_ADD)
        add_steps(handle, steps, count);
    else
        remove_steps(handle, steps, count);
    for (size_t i = 0; i < count; i++)
        if (steps[i]->state != STEP_DONE)
            status = status_worse(status, steps[i]->timed_out ? STATUS_TIMEOUT : STATUS_FAILED);
    return status;
}
