// SPDX-License-Identifier: MIT
#include "run.h"

#include "base/arena.h"
#include "names.h"

#include <sys/stat.h>

// A step that is being carried out.
struct job {
    struct step *step;
    struct slots *slots; // a controller's
    struct wire_add wire;
    struct qmp_command *back;
    struct qmp_command *add;
    struct qmp_command *verify;
};

static void fail(struct step *step, enum step_state state, const char *words)
{
    step->state = state;
    step->words = words;
}

// ---- ids ----

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
        device->id = names_device_id(arena, device, number);
    while (is_taken(handle, device->id) && !names_is_libxl_device(device))
        device->id = names_device_id(arena, device, ++number);
    take_id(handle, device->id);
}

static void name_controller(struct qmp_handle *handle, struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    if (!*controller->id)
        controller->id = names_controller_id(arena, controller);
    controller->bus = arena_printf(arena, "%s.0", controller->id);
    take_id(handle, controller->id);
}

static const char *path_of(struct qmp_handle *handle, const char *id)
{
    return arena_printf(handle->session->arena, "/machine/peripheral/%s", id);
}

// ---- the places of controllers ----

static struct seat *seat_of(const struct qmp_handle *handle, const struct controller *controller)
{
    struct seat *seat = handle->seats;
    while (seat && strcmp(seat->path, controller->path) != 0)
        seat = seat->next;
    return seat;
}

// One that comes back goes where it was, if there is room.
static struct slots *slots_for(const struct qmp_handle *handle, const struct controller *controller)
{
    const struct seat *seat = seat_of(handle, controller);
    if (seat && seat->slots->free)
        return seat->slots;
    struct slots *slots = handle->slots;
    while (slots && !slots->free)
        slots = slots->next;
    return slots;
}

// ---- adding ----

static bool is_block_device(const struct device *device)
{
    struct stat file;
    return device->file && stat(device->file, &file) == 0 && S_ISBLK(file.st_mode);
}

// Puts the step into commands; all halves go out together. False if it cannot be said.
static bool submit_add(struct qmp_handle *handle, struct job *job)
{
    struct arena *arena = handle->session->arena;
    struct device *device = job->step->device;
    struct controller *controller = job->step->controller;
    const char *why = NULL;
    if (!device) {
        name_controller(handle, controller);
        job->slots = slots_for(handle, controller);
        if (job->slots)
            job->slots->free--;
        job->wire.add = wire_add_controller(arena, controller, job->slots ? job->slots->bus : "");
    } else {
        name_device(handle, device);
        if (!wire_add_device(arena, device, is_block_device(device), &job->wire, &why)) {
            free_id(handle, device->id);
            fail(job->step, STEP_FAILED, why);
            return false;
        }
    }
    if (job->wire.back.name)
        job->back = run_ask(handle, job->wire.back);
    job->add = run_ask(handle, job->wire.add);
    if (job->wire.verify.name)
        job->verify = run_ask(handle, job->wire.verify);
    return true;
}

static void added(struct qmp_handle *handle, struct job *job)
{
    struct device *device = job->step->device;
    struct controller *controller = job->step->controller;
    job->step->state = STEP_DONE;
    if (device) {
        device->path = path_of(handle, device->id);
        device->state = device->kind == DEVICE_HOSTDEV
                            ? (job->verify ? DEVICE_ATTACHED : DEVICE_WAITING)
                            : DEVICE_PRESENT;
        return;
    }
    controller->path = path_of(handle, controller->id);
    if (job->slots && !seat_of(handle, controller)) {
        struct seat *seat = arena_new_of(handle->session->arena, struct seat);
        *seat = (struct seat){ handle->seats, controller->path, job->slots };
        handle->seats = seat;
    }
}

// What the answers mean. A job whose step stays STEP_PLANNED has left something behind that is to
// be taken back before it counts as failed.
static void judge_add(struct qmp_handle *handle, struct job *job)
{
    struct step *step = job->step;
    const struct qmp_command *refused = job->back && !qmp_done(job->back) ? job->back : job->add;
    bool open = !job->verify || json_is_true(job->verify->value);
    step->seconds = job->add->seconds;
    if (qmp_done(job->add) && open) {
        added(handle, job);
        return;
    }
    if (!job->add->answered || (job->verify && !job->verify->answered && qmp_done(job->add))) {
        step->timed_out = !qmp_broken(handle->client);
        fail(step, STEP_LEFT, run_words(handle, job->add->answered ? job->verify : job->add));
        return;
    }
    if (job->slots)
        job->slots->free++;
    if (qmp_done(job->add))
        step->words = "QEMU took it but has not got the device open: it was unplugged, or another "
                      "program holds it";
    else
        step->words = run_words(handle, refused);
    if (!qmp_done(job->add) && !(job->back && qmp_done(job->back))) {
        step->state = STEP_FAILED;
        free_id(handle, step->device ? step->device->id : step->controller->id);
    }
}

// Takes back what a failed job left behind: a device that is not open, or what was to stand behind
// one that QEMU refused.
static void take_back(struct qmp_handle *handle, struct job *jobs, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct removal *removals = arena_array_of(arena, struct removal, count);
    struct job **of = arena_array_of(arena, struct job *, count);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].step->state != STEP_PLANNED)
            continue;
        const struct device *device = jobs[i].step->device;
        removals[left].id = device->id;
        removals[left].path = path_of(handle, device->id);
        // Of a device that QEMU refused nothing is there; who has its id may be somebody else's.
        removals[left].gone = !qmp_done(jobs[i].add);
        removals[left].unback = jobs[i].wire.unback;
        of[left++] = &jobs[i];
    }
    if (left)
        remove_all(handle, removals, left);
    for (size_t i = 0; i < left; i++) {
        struct step *step = of[i]->step;
        bool back = removals[i].state == STEP_DONE;
        step->timed_out = removals[i].timed_out;
        fail(step, back ? STEP_FAILED : STEP_LEFT,
             back ? step->words
                  : arena_printf(arena, "%s; and it could not be taken back: %s", step->words,
                                 removals[i].words));
        free_id(handle, step->device->id);
    }
}

static void add_steps(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct job *jobs = arena_array_of(handle->session->arena, struct job, count);
    size_t submitted = 0;
    for (size_t i = 0; i < count; i++) {
        jobs[submitted] = (struct job){ .step = steps[i] };
        submitted += submit_add(handle, &jobs[submitted]);
    }
    qmp_await(handle->client);
    for (size_t i = 0; i < submitted; i++)
        judge_add(handle, &jobs[i]);
    take_back(handle, jobs, submitted);
}

// ---- removing ----

static void remove_steps(struct qmp_handle *handle, struct step *const *steps, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct removal *removals = arena_array_of(arena, struct removal, count);
    for (size_t i = 0; i < count; i++) {
        const struct device *device = steps[i]->device;
        const struct controller *controller = steps[i]->controller;
        removals[i].id = device ? device->id : controller->id;
        removals[i].path = device ? device->path : controller->path;
        removals[i].by_guest = !device;
        if (device)
            removals[i].unback = wire_unback(arena, device->kind, device->id);
    }
    remove_all(handle, removals, count);
    for (size_t i = 0; i < count; i++) {
        const struct removal *removal = &removals[i];
        struct seat *seat = steps[i]->device ? NULL : seat_of(handle, steps[i]->controller);
        steps[i]->state = removal->state;
        steps[i]->words = removal->words;
        steps[i]->timed_out = removal->timed_out;
        steps[i]->seconds = removal->seconds;
        if (removal->gone)
            free_id(handle, removal->id);
        if (removal->gone && seat)
            seat->slots->free++;
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
