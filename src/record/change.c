// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/waiting.h"
#include "recording.h"

// Begins a transaction, runs `run` with its argument, and ends the transaction.
static enum xen_result attempt(struct change *change,
                               enum xen_result (*run)(struct change *change, void *argument),
                               void *argument)
{
    change->why = NULL;
    change->status = STATUS_FAILED;
    change->known = (struct change_known){ 0 };
    enum xen_result result = xen_begin(change->xen, &change->in);
    if (result != XEN_OK)
        return result;
    result = run(change, argument);
    if (result == XEN_OK && change->known.flush)
        result = change->known.flush(change);
    if (result == XEN_OK && change->known.finish)
        result = change->known.finish(change);
    if (result == XEN_OK) {
        result = xen_commit(change->xen, change->in);
        change->unsure |= result != XEN_OK && result != XEN_AGAIN;
        return result;
    }
    xen_abort(change->xen, change->in);
    return result;
}

// Whether to run the body again on a new connection.
static bool must_not_be_lost(const struct change *change)
{
    return (change->session->finishing || change->again) && xen_will_reconnect(change->xen);
}

// Tries until there is no conflict.
static enum status try_often(struct change *change,
                             enum xen_result (*run)(struct change *change, void *argument),
                             void *argument, const char **why)
{
    enum { ATTEMPTS_MAX = 50 };
    const double pause = 0.001;
    enum xen_result result = XEN_AGAIN;
    change->unsure = false;
    for (unsigned i = 0; i < ATTEMPTS_MAX && result == XEN_AGAIN; i++) {
        // After the first few attempts, give the other writers time to finish.
        if (i > 5)
            clock_sleep(i * pause);
        result = attempt(change, run, argument);
        if (result == XEN_FAILED && !change->why && must_not_be_lost(change))
            result = XEN_AGAIN;
    }
    if (result == XEN_OK) {
        change->unsure = false;
        return STATUS_OK;
    }
    if (result == XEN_AGAIN)
        change->why = "too many conflicts with other writers to xenstore";
    *why = change->why ? change->why : xen_why(change->xen);
    return change->why ? change->status : xen_status(change->xen, result);
}

static enum xen_result run_body(struct change *change, void *body)
{
    return (*(change_body **)body)(change);
}

enum status change_attempt(struct change *change, change_body *body, const char **why)
{
    return try_often(change, run_body, &body, why);
}

// The items of change_attempt_all(). `refused` is of the present attempt.
struct item_run {
    struct change_item *items;
    size_t count;
    change_body *body;
    bool *refused;
};

static enum xen_result run_items(struct change *change, void *argument)
{
    const struct item_run *run = argument;
    for (size_t i = 0; i < run->count; i++) {
        struct change_item *item = &run->items[i];
        if (item->status != STATUS_OK && !run->refused[i])
            continue;
        run->refused[i] = false;
        item->status = STATUS_OK;
        item->why = NULL;
        change->controller = item->step->controller;
        change->device = item->step->device;
        change->op = item->step->op;
        enum xen_result result = run->body(change);
        if (result != XEN_OK && !change->why)
            return result;
        if (result == XEN_OK)
            continue;
        run->refused[i] = true;
        item->status = change->status;
        item->why = change->why;
        change->why = NULL;
        change->status = STATUS_FAILED;
    }
    return XEN_OK;
}

enum status change_attempt_all(struct change *change, struct change_item *items, size_t count,
                               change_body *body, const char **why)
{
    struct item_run run = { items, count, body,
                            arena_array_of(change->session->arena, bool, count) };
    change->again |= count && items[0].step->op == STEP_REMOVE;
    enum status status = try_often(change, run_items, &run, why);
    for (size_t i = 0; status != STATUS_OK && i < count; i++) {
        if (items[i].status != STATUS_OK)
            continue;
        items[i].status = status;
        items[i].why = *why;
    }
    return status;
}

enum status change_make(struct change *change, const char *what, change_body *body)
{
    const struct domain *domain = change->session->domain;
    const char *why = NULL;
    enum status status = change_attempt(change, body, &why);
    if (status != STATUS_OK)
        complain_error(change->session->diags, CODE_UNWRITABLE,
                       "cannot record %s of domain %s (%d): %s", what, domain->name, domain->id,
                       why);
    return status;
}

enum xen_result change_refuse(struct change *change, enum status status, const char *why)
{
    change->why = why;
    change->status = status;
    return XEN_FAILED;
}

enum xen_result change_refuse_taken(struct change *change, struct text busid)
{
    return change_refuse(change, STATUS_REFUSED,
                         arena_printf(change->session->arena, "xl has taken port %u for %s",
                                      change->device->port.number[0],
                                      text_show(change->session->arena, busid, BUSID_SIZE)));
}

const char *change_libxl_path(const struct change *change, const char *rest)
{
    struct arena *arena = change->session->arena;
    return arena_printf(
        arena, "%s%s",
        record_libxl_path(arena, change->session->domain->id, change->controller->index), rest);
}

const char *change_port_path(const struct change *change, unsigned port)
{
    return change_libxl_path(change, arena_printf(change->session->arena, "/port/%u", port));
}

enum xen_result change_write(struct change *change, const char *directory, const char *name,
                             const char *value)
{
    return xen_write(change->xen, change->in,
                     arena_printf(change->session->arena, "%s/%s", directory, name),
                     text_of(value));
}

enum xen_result change_ignore_absent(enum xen_result result)
{
    return result == XEN_ABSENT ? XEN_OK : result;
}

enum xen_result change_remove_up(struct change *change, const char *path)
{
    struct xen *xen = change->xen;
    enum xen_result result = xen_remove(xen, change->in, path);
    char *above = arena_strdup(change->session->arena, path);
    for (char *slash = strrchr(above, '/'); result == XEN_OK && slash > above;
         slash = strrchr(above, '/')) {
        const char *const *names;
        struct text value;
        size_t count;
        *slash = '\0';
        result = xen_read(xen, change->in, above, &value);
        if (result == XEN_OK)
            result = xen_list(xen, change->in, above, &names, &count);
        if (result != XEN_OK || value.size || count)
            return change_ignore_absent(result);
        result = xen_remove(xen, change->in, above);
    }
    return result;
}

enum xen_result change_check_domain(struct change *change)
{
    struct text type;
    if (change->known.alive)
        return XEN_OK;
    enum xen_result result = xen_read(
        change->xen, change->in,
        arena_printf(change->session->arena, "/local/domain/%d/vm", change->session->domain->id),
        &type);
    if (result != XEN_OK && result != XEN_ABSENT)
        return result;
    enum verdict alive = result == XEN_ABSENT
                             ? VERDICT_NO
                             : xen_domain_is_alive(change->xen, change->session->domain);
    if (alive != VERDICT_YES)
        return change_refuse(change, STATUS_FAILED,
                             alive == VERDICT_NO ? "the domain is gone"
                                                 : "it is unknown whether the domain still runs");
    change->known.alive = true;
    return XEN_OK;
}

enum xen_result change_read_type(struct change *change, struct text *type)
{
    struct change_known *known = &change->known;
    if (known->controller != change->controller) {
        known->type_result =
            xen_read(change->xen, change->in, change_libxl_path(change, "/type"), &known->type);
        known->controller = change->controller;
    }
    *type = known->type;
    return known->type_result;
}

enum xen_result change_read_port(struct change *change, unsigned port, struct text *value)
{
    return change_ignore_absent(
        xen_read(change->xen, change->in, change_port_path(change, port), value));
}

bool change_has_xen(const struct session *session)
{
    return session->xen && session->domain->id >= 0;
}
