// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "job.h"
#include "keep.h"

// A device on its way to another place.
struct moving {
    const struct invocation *invocation;
    struct job *job;
    const struct config_device *what, *where; // as they were asked for
    struct device *from;                      // the device where it is
};

// Compiles SPEC and TARGET, which is a place.
static enum status compile(struct moving *moving, const char *const *words)
{
    struct job *job = moving->job;
    enum status status = job_compile_words(job, words, 2, SPEC_DEVICE, false);
    if (status != STATUS_OK)
        return status;
    moving->what = job->config->devices;
    moving->where = moving->what->next;
    const struct config_device *where = moving->where;
    if (where && where->kind == DEVICE_HOSTDEV && !where->selector.criteria)
        return STATUS_OK;
    struct diag *diag =
        complain(moving->invocation->diags, SEVERITY_ERROR, job->config->source,
                 where ? where->why : SPAN_NONE, "this is not a place, such as hci0.2");
    diag_hint(moving->invocation->diags, diag,
              "a controller and a port; bus=0,port=2 if the controller has a number for a name");
    return STATUS_REQUEST;
}

static enum status refuse(const struct moving *moving, const char *why, const char *fix)
{
    struct diags *diags = moving->invocation->diags;
    const struct source *source = moving->job->config->source;
    struct diag *diag =
        complain(diags, SEVERITY_ERROR, source, moving->what->why, "%s cannot be moved: %s",
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

// The config now asks for that device at its new place.
static void aim(const struct moving *moving)
{
    struct config *config = moving->job->config;
    const struct device *from = moving->from;
    struct config_device *wanted = arena_new_of(moving->invocation->arena, struct config_device);
    *wanted = *moving->where;
    wanted->next = NULL;
    wanted->kind = from->kind;
    wanted->selector_at = moving->what->why;
    if (from->kind == DEVICE_HOSTDEV) {
        wanted->selector.criteria = SELECT_BUSID;
        memcpy(wanted->selector.busid, device_busid(from), strlen(device_busid(from)) + 1);
    }
    if (!GIVEN(wanted->controller_name))
        wanted->controller_name =
            (struct config_text){ wanted->why, text_of(from->controller->name) };
    config->devices = wanted;
    config->device_count = 1;
    moving->job->moved = moving->from;
}

static enum status run_move(const struct invocation *invocation)
{
    cleanup_job struct job job = { .invocation = invocation, .world = WORLD_NONE, .moves = true };
    struct moving moving = { .invocation = invocation, .job = &job };
    const bool dry = invocation->given & OPTION_DRY_RUN;
    const size_t skip = invocation->qmp ? 0 : 1;
    enum status status = compile(&moving, invocation->words + skip);
    job.attaches = true;
    if (status == STATUS_OK)
        status = job_open(&job, skip ? invocation->words[0] : NULL, !dry);
    if (status != STATUS_OK)
        return status;
    const struct plan_removal named = { .source = job.config->source, .devices = job.config };
    moving.from = plan_find(invocation->arena, invocation->diags, &named, &job.world.topology);
    if (!moving.from)
        return STATUS_REQUEST;
    status = check_movable(&moving);
    if (status != STATUS_OK)
        return status;
    aim(&moving);
    status = job_plan(&job);
    if (status != STATUS_OK)
        return status;
    return dry ? job_run(&job) : keep_moved(&job);
}

const struct command move_command = {
    .name = "move",
    .arguments = "DOMAIN SPEC TARGET",
    .summary = "Move a device of a running domain to another port.",
    .details =
        "SPEC names a device as for detach. TARGET is a place: hci0.2 (controller and port), "
        "or keys:\n"
        "bus=hci0 (any port), port=2 (of the same controller). If it cannot be added there, "
        "it goes\n"
        "back to where it was.",
    .options = OPTION_DRY_RUN | OPTION_FORCE | OPTION_JSON | OPTION_NO_SAVE | OPTION_QMP |
               OPTION_QUIET | OPTION_REQUIRE_GUEST | OPTION_TIMEOUT,
    .least = 3,
    .most = 3,
    .run = run_move,
};
