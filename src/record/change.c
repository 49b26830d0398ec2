// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/deadline.h"
#include "recording.h"

enum status change_attempt(struct change *change, change_body *body, const char **why)
{
    enum { ATTEMPTS_MAX = 50 };
    const double pause = 0.001;
    enum xen_result result = XEN_AGAIN;
    for (unsigned i = 0; i < ATTEMPTS_MAX && result == XEN_AGAIN; i++) {
        // After the first few attempts, give the other writers time to finish.
        if (i > 5)
            clock_sleep(i * pause);
        change->why = NULL;
        change->status = STATUS_FAILED;
        result = xen_begin(change->xen, &change->in);
        if (result != XEN_OK)
            break;
        result = body(change);
        if (result == XEN_OK)
            result = xen_commit(change->xen, change->in);
        else
            xen_abort(change->xen, change->in);
    }
    if (result == XEN_OK)
        return STATUS_OK;
    if (result == XEN_AGAIN)
        change->why = "too many conflicts with other writers to xenstore";
    *why = change->why ? change->why : xen_why(change->xen);
    return change->why ? change->status : xen_status(change->xen, result);
}

enum status change_make(struct change *change, const char *what, change_body *body)
{
    const struct domain *domain = change->session->domain;
    const char *why = NULL;
    enum status status = change_attempt(change, body, &why);
    if (status != STATUS_OK)
        complain_error(change->session->diags, "cannot record %s of domain %s (%d): %s", what,
                       domain->name, domain->id, why);
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
    enum xen_result result = xen_read(
        change->xen, change->in,
        arena_printf(change->session->arena, "/local/domain/%d/vm", change->session->domain->id),
        &type);
    if (result == XEN_ABSENT || !xen_domain_is_alive(change->xen, change->session->domain))
        return change_refuse(change, STATUS_FAILED, "the domain is gone");
    return result;
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
