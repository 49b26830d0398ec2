// SPDX-License-Identifier: MIT
#include "repair.h"

#include "base/arena.h"
#include "host/orphan.h"
#include "plan/log.h"

#include <syslog.h>

enum { LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

const char *repair_line(struct arena *arena, const struct ailment *ailment, const char *who)
{
    const char *of = ailment->domain < 0
                         ? ""
                         : arena_printf(arena, " of %s (%d)", ailment->name, ailment->domain);
    const char *line = arena_printf(
        arena, "%s %s%s: %s; by %s%s%s",
        ailment->state == AILMENT_MENDED ? "mended" : "could not mend", ailment->what, of,
        ailment->why, who, ailment->words ? ": " : "", ailment->words ? ailment->words : "");
    return text_show(arena, text_of(line), LINE_SHOWN);
}

static void end(const struct repair *repair, struct ailment *ailment, enum ailment_state state,
                const char *words)
{
    struct arena *arena = repair->session->arena;
    ailment->state = state;
    ailment->words = words;
    syslog(state == AILMENT_LEFT ? LOG_ERR : LOG_NOTICE, "%s",
           repair_line(arena, ailment, log_who(arena)));
    if (repair->told)
        repair->told(repair->context, ailment);
}

static void end_with(const struct repair *repair, struct ailment *ailment, enum status status,
                     const char *words)
{
    end(repair, ailment, status == STATUS_OK ? AILMENT_MENDED : AILMENT_LEFT,
        status == STATUS_OK ? NULL : words);
}

static bool is_mine(const struct repair *repair, const struct ailment *ailment,
                    enum ailment_kind kind)
{
    return ailment->domain == repair->session->domain->id && ailment->kind == kind &&
           ailment->state == AILMENT_FOUND;
}

// ---- by tidying ----

static bool is_tidied(enum ailment_kind kind)
{
    return kind == AILMENT_NOTE || kind == AILMENT_FOREIGN || kind == AILMENT_PORT;
}

static enum status tidy(const struct repair *repair, const struct record *record,
                        const struct topology *topology, struct ailments *ailments)
{
    unsigned count = 0;
    for (const struct ailment *at = ailments->first; at; at = at->next)
        count += is_tidied(at->kind) && is_mine(repair, at, at->kind);
    if (!count)
        return STATUS_OK;
    enum status status = record_tidy(repair->session, record, topology);
    for (struct ailment *at = ailments->first; at; at = at->next)
        if (is_tidied(at->kind) && is_mine(repair, at, at->kind))
            end_with(repair, at, status, "its record in xenstore could not be changed");
    return status;
}

// ---- by recording ----

// Controllers first: a device's record is in that of its controller.
static enum status record_unknown(const struct repair *repair, struct ailments *ailments)
{
    static const char words[] = "its record in xenstore could not be made";
    enum status status = STATUS_OK;
    for (struct ailment *at = ailments->first; at; at = at->next) {
        if (!is_mine(repair, at, AILMENT_UNKNOWN_CONTROLLER))
            continue;
        enum status one = record_controller_added(repair->session, at->controller);
        end_with(repair, at, one, words);
        status = status_worse(status, one);
    }
    for (struct ailment *at = ailments->first; at; at = at->next) {
        if (!is_mine(repair, at, AILMENT_UNKNOWN_DEVICE))
            continue;
        enum status one = record_device_added(repair->session, at->device);
        end_with(repair, at, one, words);
        status = status_worse(status, one);
    }
    return status;
}

// ---- by removing ----

static bool is_removed(enum ailment_kind kind)
{
    return kind == AILMENT_CONTROLLER || kind == AILMENT_BUSID || kind == AILMENT_DEVICE;
}

struct removing {
    const struct repair *repair;
    struct ailments *ailments;
};

static void *handle_of(void *context, const struct backend *backend)
{
    const struct removing *removing = context;
    return removing->repair->handle(removing->repair->context, backend);
}

static bool is_about(const struct ailment *ailment, const struct step *step)
{
    bool controller = ailment->kind == AILMENT_CONTROLLER;
    return ailment->controller == step->controller &&
           (controller ? !step->device : ailment->device == step->device);
}

static void step_ended(void *context, const struct step *step)
{
    const struct removing *removing = context;
    for (struct ailment *at = removing->ailments->first; at; at = at->next) {
        if (!is_removed(at->kind) || !is_about(at, step) ||
            !is_mine(removing->repair, at, at->kind))
            continue;
        end_with(removing->repair, at, step->state == STEP_DONE ? STATUS_OK : STATUS_FAILED,
                 step->words ? step->words : "it could not be removed");
    }
}

static void plan_removal(const struct repair *repair, const struct topology *topology,
                         struct ailments *ailments, struct plan *plan)
{
    plan_init(plan, topology);
    for (struct ailment *at = ailments->first; at; at = at->next) {
        if (!is_removed(at->kind) || !is_mine(repair, at, at->kind))
            continue;
        if (!at->controller->backend)
            end(repair, at, AILMENT_LEFT, "xenusb does not serve that kind of controller here");
        else
            plan_add_step(plan, repair->session->arena, STEP_REMOVE, at->controller,
                          at->kind == AILMENT_CONTROLLER ? NULL : at->device);
    }
}

// One plan for each: that one cannot be removed is no reason to give the others back.
static enum status remove_gone(const struct repair *repair, const struct topology *topology,
                               struct ailments *ailments)
{
    struct plan all;
    struct removing removing = { repair, ailments };
    enum status status = STATUS_OK;
    plan_removal(repair, topology, ailments, &all);
    for (int controllers = 0; controllers <= 1; controllers++)
        for (struct step *step = all.first; step; step = step->next) {
            struct plan one;
            if ((step->device == NULL) != (controllers == 1))
                continue;
            plan_init(&one, topology);
            plan_add_step(&one, repair->session->arena, STEP_REMOVE, step->controller,
                          step->device);
            status = status_worse(status,
                                  execute(repair->session, &one, handle_of, step_ended, &removing));
        }
    return status;
}

// Whatever kept one from being tried, an interruption say, it is not mended.
static enum status check_left(const struct repair *repair, struct ailments *ailments,
                              enum status status)
{
    for (struct ailment *at = ailments->first; at; at = at->next) {
        if (at->domain != repair->session->domain->id || at->kind >= AILMENT_DEAD_NOTES)
            continue;
        if (at->state == AILMENT_FOUND)
            end(repair, at, AILMENT_LEFT, "it was not reached");
        if (at->state == AILMENT_LEFT)
            status = status_worse(status, STATUS_FAILED);
    }
    return status;
}

enum status repair_domain(const struct repair *repair, const struct record *record,
                          const struct topology *topology, struct ailments *ailments)
{
    enum status status = tidy(repair, record, topology, ailments);
    status = status_worse(status, record_unknown(repair, ailments));
    status = status_worse(status, remove_gone(repair, topology, ailments));
    return check_left(repair, ailments, status);
}

enum status repair_one(const struct repair *repair, struct ailment *ailment)
{
    const char *why = NULL;
    if (ailment->kind != AILMENT_ORPHAN) {
        enum status status = ailment_remove(repair->session, ailment);
        end_with(repair, ailment, status, "its nodes could not be removed");
        return status;
    }
    bool mended = host_probe(repair->session->arena, ailment->key, &why);
    end(repair, ailment, mended ? AILMENT_MENDED : AILMENT_LEFT, mended ? NULL : why);
    return mended ? STATUS_OK : STATUS_FAILED;
}
