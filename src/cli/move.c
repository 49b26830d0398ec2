// SPDX-License-Identifier: MIT
#include "move.h"

#include "base/arena.h"
#include "keep.h"
#include "misread.h"

// Compiles SPEC, and the place in TARGET if it has one.
static enum status compile(struct moving *moving, struct job *job, bool with_place)
{
    const char *const words[] = { moving->spec, moving->place };
    enum status status = job_compile_words(job, words, with_place ? 2 : 1, SPEC_DEVICE, false);
    job->attaches = true;
    if (status == STATUS_REQUEST) // before the domain is locked
        misread_words(moving->invocation, SPEC_DEVICE);
    return status;
}

static const struct config_device *what(const struct job *job)
{
    return job->config->devices;
}

// Whether it names no device, only where one can be.
static bool is_place(const struct config_device *where)
{
    return where && where->kind == DEVICE_HOSTDEV && !where->selector.criteria &&
           (GIVEN(where->controller_name) || where->port.depth);
}

static enum status complain_place(const struct moving *moving, const struct job *job)
{
    const struct config_device *where = what(job)->next;
    struct diag *diag =
        complain(moving->invocation->diags, SEVERITY_ERROR, CODE_USAGE, job->config->source,
                 where ? where->why : SPAN_NONE, "this is not a place, such as hci0.2");
    diag_hint(moving->invocation->diags, diag,
              "a controller and a port; bus=0,port=2 if the controller has a number for a name");
    return STATUS_REQUEST;
}

static enum status move_here(struct moving *moving)
{
    struct job *job = &moving->here;
    const bool dry = moving->invocation->given & OPTION_DRY_RUN;
    enum status status = compile(moving, job, true);
    if (status == STATUS_OK && !is_place(what(job)->next))
        status = complain_place(moving, job);
    if (status == STATUS_OK)
        status = job_open(job, moving->domain, !dry);
    if (status == STATUS_OK)
        status = move_find(moving);
    if (status != STATUS_OK)
        return status;
    status = move_aim(moving, job);
    if (status == STATUS_OK)
        status = job_plan_to_run(job);
    if (status != STATUS_OK)
        return status;
    return dry ? job_run(job) : keep_moved(job);
}

static enum status move_there(struct moving *moving)
{
    const bool placed = *moving->place;
    enum status status = compile(moving, &moving->here, placed);
    if (status == STATUS_OK)
        status = compile(moving, &moving->there, placed);
    if (status == STATUS_OK && placed && !is_place(what(&moving->there)->next))
        status = complain_place(moving, &moving->there);
    return status == STATUS_OK ? move_away(moving) : status;
}

// ---- the target ----

// What a word says that may be a place; NULL if it says nothing that can be understood.
static const struct config_device *read_word(const struct moving *moving, const char *word)
{
    struct diags quiet;
    struct arena *arena = moving->invocation->arena;
    diags_init(&quiet, arena);
    const struct source *source = source_from_words(arena, "", &word, 1);
    const struct config *config = parse_specs(arena, &quiet, source, SPEC_DEVICE);
    return quiet.errors ? NULL : config->devices;
}

static enum status complain_target(const struct moving *moving, const char *target)
{
    struct diags *diags = moving->invocation->diags;
    diag_hint(diags,
              complain_error(diags, CODE_NO_SUCH_DOMAIN,
                             "'%s' is neither a domain nor a place in %s", target, moving->domain),
              "a place is a controller and a port, such as hci0.2; of another domain, db:hci0.2");
    return STATUS_REQUEST;
}

// Sets the domain and the place that TARGET names.
static enum status read_target(struct moving *moving, const char *target)
{
    struct arena *arena = moving->invocation->arena;
    struct diags *diags = moving->invocation->diags;
    const char *colon = strrchr(target, ':');
    moving->place = colon ? colon + 1 : target;
    if (moving->invocation->qmp)
        return STATUS_OK;
    if (colon) {
        moving->other = colon > target ? arena_copy(arena, target, (size_t)(colon - target)) : NULL;
        return !colon[1] || strchr(colon, '=') || read_word(moving, colon + 1)
                   ? STATUS_OK
                   : complain_target(moving, target);
    }
    bool domain = false;
    enum status status = move_is_domain(moving, target, &domain);
    if (status == STATUS_OK && !domain && !strpbrk(target, "=,") &&
        (!strchr(target, '.') || !read_word(moving, target)))
        return complain_target(moving, target);
    if (status != STATUS_OK || !domain)
        return status;
    if (is_place(read_word(moving, target))) {
        diag_hint(diags,
                  complain_error(diags, CODE_AMBIGUOUS,
                                 "'%s' is a domain, and can be a place in %s as well", target,
                                 moving->domain),
                  "write %s:%s for the place, or %s: for the domain", moving->domain, target,
                  target);
        return STATUS_REQUEST;
    }
    moving->other = target;
    moving->place = "";
    return STATUS_OK;
}

static enum status run_move(const struct invocation *invocation)
{
    const size_t skip = invocation->qmp ? 0 : 1;
    cleanup_moving struct moving moving = {
        .invocation = invocation,
        .domain = skip ? invocation->words[0] : NULL,
        .spec = invocation->words[skip],
        .here = { .invocation = invocation, .world = WORLD_NONE, .moves = true },
        .there = { .invocation = invocation, .world = WORLD_NONE, .moves = true },
    };
    enum status status = read_target(&moving, invocation->words[skip + 1]);
    if (status == STATUS_REQUEST)
        misread_words(invocation, SPEC_DEVICE);
    if (status != STATUS_OK)
        return status;
    if (moving.other && strcmp(moving.other, moving.domain) == 0 && *moving.place)
        moving.other = NULL;
    return moving.other ? move_there(&moving) : move_here(&moving);
}

const struct command move_command = {
    .name = "move",
    .arguments = "DOMAIN SPEC TARGET",
    .summary = "Move a device to another port or domain.",
    .details =
        "SPEC names a device as for detach. TARGET is a place: hci0.2 (controller and port), "
        "or keys:\n"
        "bus=hci0 (any port), port=2 (of the same controller); or another domain: db, or\n"
        "db:hci0.2. If it cannot be added there, it goes back to where it was.",
    .options = OPTION_DRY_RUN | OPTION_FORCE | OPTION_JSON | OPTION_NO_SAVE | OPTION_QMP |
               OPTION_QUIET | OPTION_REQUIRE_GUEST | OPTION_TIMEOUT,
    .json = "steps[]",
    .least = 3,
    .most = 3,
    .run = run_move,
};
