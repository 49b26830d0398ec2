// SPDX-License-Identifier: MIT
#include "show.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "plan/place.h"
#include "table.h"

const char *show_controller(struct arena *arena, const struct controller *controller)
{
    return arena_printf(arena, "%s, %u ports",
                        controller->model ? controller->model->name : controller->driver,
                        controller->ports);
}

const char *show_domain(struct arena *arena, const struct topology *topology)
{
    const struct domain *domain = topology->domain;
    const char *who = domain->id < 0 ? domain->name
                                     : arena_printf(arena, "%s (domain %d, %s)", domain->name,
                                                    domain->id, domain_type_name(domain->type));
    if (!topology->qemu)
        return who;
    if (domain->id < 0)
        return arena_printf(arena, "%s at %s", topology->qemu, domain->qmp_socket);
    return arena_printf(arena, "%s, %s at %s", who, topology->qemu, domain->qmp_socket);
}

static const char *sign(const struct step *step)
{
    static const char *const signs[] = { [STEP_KEEP] = "=",
                                         [STEP_ADD] = "+",
                                         [STEP_REMOVE] = "-",
                                         [STEP_REFUSE] = "!",
                                         [STEP_SKIP] = "~" };
    return step->pair ? ">" : signs[step->op];
}

static const char *thing(struct arena *arena, const struct step *step)
{
    if (step->pvusb_qemu)
        return "PVUSB QEMU";
    // Nothing else here shows the busid of one that is gone.
    const struct device *device = step->device;
    if (device && !device->host && !device->label)
        return device_describe(arena, device);
    if (device)
        return device_label(arena, device);
    return arena_printf(arena, "controller %s", step->controller->name);
}

// "win10.cfg:9"; empty for a step that no source asked for.
static const char *place(struct arena *arena, const struct step *step)
{
    if (!step->source || span_is_none(step->why))
        return "";
    struct position at = source_position(step->source, step->why.from);
    return arena_printf(arena, "%s:%u", step->source->name, at.line);
}

// " at high speed" if the port is slower than the device.
static const char *slower(struct arena *arena, const struct step *step)
{
    const struct device *device = step->device;
    speed_mask here = place_speed_at(step->controller, device, device->port);
    if (step->op == STEP_REMOVE || !device->host || here >= SPEEDS(device->host->speed))
        return "";
    for (enum speed speed = SPEED_LOW; speed < device->host->speed; speed++)
        if (here == SPEEDS(speed))
            return arena_printf(arena, " at %s speed", speed_name(speed));
    return "";
}

static const char *one_place(struct arena *arena, const struct step *step)
{
    char buf[PORT_TEXT_SIZE];
    static const char *const ways[] = {
        [STEP_ADD] = "to ", [STEP_REMOVE] = "from ", [STEP_KEEP] = "on "
    };
    const char *port = port_write(step->device->port, buf);
    return arena_printf(arena, "%s%s%s%s%s", ways[step->op], step->controller->name,
                        *port ? "." : "", port, slower(arena, step));
}

static const char *domain_of(const struct step *step)
{
    return step->controller->topology->domain->name;
}

static const char *where(struct arena *arena, const struct step *step)
{
    if (!step->controller)
        return "";
    if (!step->pair)
        return one_place(arena, step);
    const struct step *removal = step->op == STEP_REMOVE ? step : step->pair;
    const struct step *addition = removal->pair;
    const char *from = one_place(arena, removal), *to = one_place(arena, addition);
    return removal->controller->topology == addition->controller->topology
               ? arena_printf(arena, "%s %s", from, to)
               : arena_printf(arena, "%s of %s %s of %s", from, domain_of(removal), to,
                              domain_of(addition));
}

static const char *description(struct arena *arena, const struct step *step)
{
    if (step->pvusb_qemu)
        return step->pvusb_qemu->program;
    if (!step->device)
        return show_controller(arena, step->controller);
    if (step->op == STEP_REFUSE || step->op == STEP_SKIP)
        return arena_printf(arena, "%s: %s", step->op == STEP_SKIP ? "skipped" : "refused",
                            step->words ? step->words : "see below");
    const struct host_device *host = step->device->host;
    const char *busid = device_busid(step->device), *label = thing(arena, step);
    if (!host && *busid && !text_starts(text_of(label), busid))
        return arena_printf(arena, "%s, %s", busid, where(arena, step));
    if (!host)
        return where(arena, step);
    return arena_printf(arena, "%s, %s speed, %s", host->busid, speed_name(host->speed),
                        where(arena, step));
}

// "2 to add, 1 unchanged"; zero counts are left out.
static const char *counts(struct arena *arena, const struct plan *plan)
{
    const struct {
        unsigned count;
        const char *words;
    } rows[] = { { plan->add, "to add" },
                 { plan->remove, "to remove" },
                 { plan->move, "to move" },
                 { plan->keep, "unchanged" },
                 { plan->refuse, "refused" } };
    struct buffer list = buffer_in(arena);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].count)
            buffer_join(&list, ", ", "%u %s", rows[i].count, rows[i].words);
    return list.size ? buffer_string(&list) : "nothing to do";
}

void show_plan(struct arena *arena, const struct plan *plan, FILE *stream)
{
    static const struct column columns[] = { { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT },
                                             { "", NULL, COLUMN_TEXT } };
    struct table *table = table_new(arena, columns, 3);
    for (const struct step *step = plan->first; step; step = step->next) {
        if (step_is_first_of_move(step))
            continue;
        const char *cells[] = { arena_printf(arena, "  %s %s", sign(step), thing(arena, step)),
                                description(arena, step), place(arena, step) };
        table_row(table, cells);
    }
    fprintf(stream, "%s\n", text_show(arena, text_of(show_domain(arena, plan->topology)), 1024));
    table_print(table, stream);
    fprintf(stream, "Plan: %s.\n", counts(arena, plan));
}

static const char *outcome_of(const struct step *step)
{
    bool add = step->op == STEP_ADD;
    switch (step->state) {
    case STEP_DONE:
        if (step->pvusb_qemu)
            return add ? "started" : "stopped";
        if (!step->device)
            return add ? "made" : "removed";
        if (step->pair)
            return "moved";
        return add ? "attached" : "detached";
    case STEP_UNDONE: return "undone";
    case STEP_LEFT: return "LEFT OVER";
    case STEP_FAILED: return step->spare ? "not removed" : "failed";
    case STEP_PLANNED: break;
    }
    return "";
}

enum { THING_MAX = 200 };

static const char *shown_thing(struct arena *arena, const struct step *step)
{
    return text_show(arena, text_of(thing(arena, step)), THING_MAX);
}

// Lines are printed as steps complete, so the column width is taken from the whole plan.
static size_t widest_thing(struct arena *arena, const struct plan *plan)
{
    size_t widest = 0;
    for (const struct step *step = plan->first; step; step = step->next) {
        bool acts = step->op == STEP_ADD || step->op == STEP_REMOVE;
        size_t width = acts ? table_width(shown_thing(arena, step)) : 0;
        widest = width > widest ? width : widest;
    }
    return widest;
}

// A move is done with its second step, and undone with its first.
static bool is_halfway(const struct step *step)
{
    return step->pair && step->state == (step->op == STEP_REMOVE ? STEP_DONE : STEP_UNDONE);
}

void show_step(struct arena *arena, const struct plan *plan, const struct step *step, bool dry,
               FILE *stream)
{
    if (is_halfway(step))
        return;
    const char *shown = shown_thing(arena, step);
    int gap = (int)(widest_thing(arena, plan) - table_width(shown));
    fprintf(stream, "%s %s%*s  %s%s", sign(step), shown, gap, "", dry ? "would be " : "",
            outcome_of(step));
    if (step->device)
        fprintf(stream, "  %s", text_show(arena, text_of(where(arena, step)), THING_MAX));
    bool arrived = step->op == STEP_ADD && step->state == STEP_DONE && !dry;
    if (arrived && step->device && step->device->state == DEVICE_ATTACHED)
        fprintf(stream, ", held by %s",
                step->controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU");
    if (step->remark && step->state == STEP_DONE)
        fprintf(stream, "; %s", text_show(arena, text_of(step->remark), THING_MAX));
    fputc('\n', stream);
}

// The domain that loses a device to that of the plan; NULL if none does.
static const struct domain *loser_of(const struct plan *plan)
{
    const struct domain *domain = plan->topology->domain;
    const struct step *step = plan->first;
    while (step && step_domain(step, domain) == domain)
        step = step->next;
    return step ? step_domain(step, domain) : NULL;
}

static void show_failure(struct arena *arena, const struct plan *plan, enum status status,
                         FILE *stream)
{
    const struct domain *loser = loser_of(plan);
    const char *own = text_show(arena, text_of(plan->topology->domain->name), 200);
    const char *names =
        loser ? arena_printf(arena, "%s and %s", text_show(arena, text_of(loser->name), 200), own)
              : own;
    if (status == STATUS_LEFTOVER)
        fprintf(stream, "Failed; %s could not be restored.\n", names);
    else
        fprintf(stream, "%s; %s %s unchanged%s.\n", status == STATUS_REFUSED ? "Refused" : "Undone",
                names, loser ? "are" : "is",
                status != STATUS_REFUSED && plan_is_pending(plan)
                    ? ", but a removal is still pending"
                    : "");
}

void show_outcome(struct arena *arena, const struct plan *plan, enum status status, bool dry,
                  FILE *stream)
{
    unsigned changes = plan->add + plan->remove + plan->move;
    for (const struct step *at = plan->first; at; at = at->next)
        changes -= at->spare && at->state == STEP_FAILED;
    if (status != STATUS_OK) {
        show_failure(arena, plan, status, stream);
        return;
    }
    if (changes)
        fprintf(stream, "%s: %u change%s", dry ? "Dry run" : "Done", changes,
                changes == 1 ? "" : "s");
    else
        fputs("Nothing to do", stream);
    if (plan->keep)
        fprintf(stream, ", %u unchanged", plan->keep);
    fputs(".\n", stream);
}
