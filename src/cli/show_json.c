// SPDX-License-Identifier: MIT
#include "show.h"

#include "base/arena.h"
#include "base/json.h"

static void json_why(struct json_writer *writer, const struct step *step)
{
    json_key(writer, "why");
    if (!step->source || span_is_none(step->why)) {
        json_put_null(writer);
        return;
    }
    struct position at = source_position(step->source, step->why.from);
    json_open_object(writer);
    json_add_string(writer, "file", step->source->name);
    json_add_integer(writer, "line", at.line);
    json_add_integer(writer, "column", at.column);
    json_close(writer);
}

static void json_domain(struct json_writer *writer, const struct domain *domain)
{
    json_add_string(writer, "domain", domain->name);
    json_key(writer, "domid");
    if (domain->id >= 0)
        json_put_integer(writer, domain->id);
    else
        json_put_null(writer);
}

// Where a device that is moved was.
static void json_from(struct json_writer *writer, const struct step *step)
{
    char buf[PORT_TEXT_SIZE];
    json_key(writer, "from");
    if (!step->pair) {
        json_put_null(writer);
        return;
    }
    const char *port = port_write(step->pair->device->port, buf);
    json_open_object(writer);
    json_domain(writer, step->pair->controller->topology->domain);
    json_add_string(writer, "controller", step->pair->controller->name);
    json_add_string(writer, "port", *port ? port : NULL);
    json_close(writer);
}

static void json_step(struct arena *arena, struct json_writer *writer, const struct domain *domain,
                      const struct step *step)
{
    static const char *const ops[] = { [STEP_KEEP] = "keep",
                                       [STEP_ADD] = "add",
                                       [STEP_REMOVE] = "remove",
                                       [STEP_REFUSE] = "refuse",
                                       [STEP_SKIP] = "skip" };
    static const char *const states[] = { [STEP_PLANNED] = "planned",
                                          [STEP_DONE] = "done",
                                          [STEP_FAILED] = "failed",
                                          [STEP_UNDONE] = "undone",
                                          [STEP_LEFT] = "left" };
    char buf[PORT_TEXT_SIZE];
    const struct device *device = step->device;
    const struct controller *controller = step->controller;
    const char *port = device ? port_write(device->port, buf) : "";
    const struct host_device *host = device ? device->host : NULL;
    if (host)
        host_read_strings(host, HOST_SERIAL);
    const struct {
        const char *key, *value;
    } members[] = {
        { "op", step->pair ? "move" : ops[step->op] },
        { "state", states[step_outcome(step)] },
        { "controller", controller ? controller->name : NULL },
        { "model", controller && controller->model ? controller->model->name : NULL },
        { "port", *port ? arena_strdup(arena, port) : NULL },
        { "kind", device ? device_kind_name(device) : NULL },
        { "pvusb_qemu", step->pvusb_qemu ? step->pvusb_qemu->program : NULL },
        { "label", device ? device_label(arena, device) : NULL },
        { "vendor", host ? arena_printf(arena, "%04x", host->vendor) : NULL },
        { "product", host ? arena_printf(arena, "%04x", host->product) : NULL },
        { "serial", host && *host->serial ? host->serial : NULL },
        { "busid", host ? host->busid : NULL },
        { "reason", !step->words && step->pair ? step->pair->words : step->words },
        { "remark", step->state == STEP_DONE ? step->remark : NULL },
    };
    json_open_object(writer);
    json_domain(writer, step_domain(step, domain));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_add_string(writer, members[i].key, members[i].value);
    json_from(writer, step);
    json_why(writer, step);
    json_close(writer);
}

void show_steps_json(struct arena *arena, const struct plan *plan, struct json_writer *writer)
{
    for (const struct step *step = plan->first; step; step = step->next)
        if (!step_is_first_of_move(step))
            json_step(arena, writer, plan->topology->domain, step);
}
