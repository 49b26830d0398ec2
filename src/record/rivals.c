// SPDX-License-Identifier: MIT
// Notices that xl, which takes no lock, or another xenusb gives away a device at the same time. A
// watch reports the claims that were written since those of all domains were read, so that they
// need not be read again.
#include "base/arena.h"
#include "claims.h"
#include "known.h"

#include <stdlib.h>

void record_watch_claims(const struct session *session)
{
    // Who handed over what is known has set the watches before.
    if (session->xen && !session->known)
        (void)xen_watch(session->xen, record_known_paths, record_known_path_count);
}

// Reads a path of the form that `format` describes: each "*" is a number, each "?" any name.
static bool match(struct text path, const char *format, unsigned numbers[3])
{
    size_t at = 0, count = 0;
    for (; *format; format++) {
        if (*format != '*' && *format != '?') {
            if (at >= path.size || path.at[at++] != *format)
                return false;
            continue;
        }
        uint64_t number = 0;
        size_t end = text_find(path, '/', at);
        if (*format == '*' &&
            text_number(text_part(path, at, end), 10, 0, UINT16_MAX, &number) != NUMBER_OK)
            return false;
        if (*format == '*')
            numbers[count++] = (unsigned)number;
        at = end;
    }
    return at == path.size;
}

// Devices of this domain that were just recorded.
struct recorded {
    const struct device *const *devices;
    size_t count;
};

static bool is_recorded(const struct recorded *recorded, const struct claim_list *list,
                        const struct claim_port *port)
{
    for (size_t i = 0; i < recorded->count && port->domain == list->session->domain->id; i++) {
        const struct device *device = recorded->devices[i];
        if (device->port.depth == 1 && device->port.number[0] == port->port &&
            device->controller->index == (int)port->index &&
            (device->controller->pvusb == PVUSB_ANY) == port->emulated)
            return true;
    }
    return false;
}

// The ports among the nodes that have changed, with a query for each.
struct changed_ports {
    struct claim_port *ports;
    struct xen_query *queries;
    size_t count;
    int left_out; // a domain whose claims do not matter; -1: none
};

// Adds a node, if it is that of a controller's port or of a note's busid.
static void add_node(struct claim_list *list, const struct recorded *recorded,
                     struct changed_ports *changed, const char *path)
{
    static const char *const ports[] = { "/libxl/*/device/vusb/*/port/*",
                                         "/local/domain/0/backend/vusb/*/*/port/*",
                                         "/local/domain/0/backend/qusb/*/*/port/*" };
    unsigned numbers[3];
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        if (!match(text_of(path), ports[i], numbers))
            continue;
        changed->ports[changed->count] = (struct claim_port){
            .domain = (int)numbers[0], .index = numbers[1], .port = numbers[2], .emulated = i == 0
        };
        if (numbers[0] == (unsigned)changed->left_out ||
            is_recorded(recorded, list, &changed->ports[changed->count]))
            return;
        changed->queries[changed->count++] = (struct xen_query){ .path = path };
    }
    if (list->result == XEN_OK && match(text_of(path), "/xenusb/*/device/?/busid", numbers) &&
        numbers[0] != (unsigned)changed->left_out) {
        const char *end = strrchr(path, '/');
        claims_add_note(list, (int)numbers[0],
                        arena_copy(list->session->arena, path, (size_t)(end - path)));
    }
}

// Reads the ports and adds their claims.
static void add_ports(struct claim_list *list, const struct changed_ports *changed)
{
    if (list->result != XEN_OK)
        return;
    (void)xen_ask(list->session->xen, changed->queries, changed->count);
    for (size_t i = 0; i < changed->count && list->result == XEN_OK; i++) {
        const struct xen_query *query = &changed->queries[i];
        list->result = query->result == XEN_ABSENT ? XEN_OK : query->result;
        claims_add_port(list, &changed->ports[i], query->value);
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status claims_since(const struct session *session, int left_out,
                                const struct recorded *recorded, struct record_claim **claims)
{
    struct claim_list list;
    const char *const *paths;
    size_t count;
    *claims = NULL;
    if (!session->xen)
        return STATUS_OK;
    if (xen_changes(session->xen, &paths, &count) != XEN_OK)
        return record_claims(session, claims);
    claims_begin(&list, session);
    const char **sorted = arena_array_of(session->arena, const char *, count);
    memcpy(sorted, paths, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_path);
    struct changed_ports changed = { arena_array_of(session->arena, struct claim_port, count),
                                     arena_array_of(session->arena, struct xen_query, count), 0,
                                     left_out };
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            add_node(&list, recorded, &changed, sorted[i]);
    add_ports(&list, &changed);
    *claims = list.first;
    if (list.result != XEN_OK)
        complain_error(session->diags, CODE_UNREADABLE,
                       "cannot read what has changed in xenstore: %s", xen_why(session->xen));
    return xen_status(session->xen, list.result);
}

enum status record_claims_since(const struct session *session, struct record_claim **claims)
{
    const struct recorded none = { NULL, 0 };
    return claims_since(session, -1, &none, claims);
}

enum status record_others_since(const struct session *session, struct record_claim **claims)
{
    const struct recorded none = { NULL, 0 };
    return claims_since(session, session->domain->id, &none, claims);
}

enum status record_rivals_since(const struct session *session, const struct device *const *recorded,
                                size_t count, struct record_claim **claims)
{
    const struct recorded known = { recorded, count };
    return claims_since(session, -1, &known, claims);
}

// Whether the claim is that of the device itself, in libxl's record or in a note.
static bool is_claim_of(const struct record_claim *claim, const struct session *session,
                        const struct device *device)
{
    const struct controller *controller = device->controller;
    if (claim->domain != session->domain->id)
        return false;
    if (claim->index < 0)
        return controller->pvusb == PVUSB_ANY;
    return claim->index == controller->index && claim->port == device->port.number[0];
}

const char *record_other_claim(const struct session *session, const struct record_claim *claims,
                               const struct device *device)
{
    const char *busid = device_busid(device);
    for (const struct record_claim *at = claims; at; at = at->next)
        if (!at->open && !is_claim_of(at, session, device) && strcmp(at->busid, busid) == 0 &&
            at->backend_domain == device->controller->backend_domain)
            return arena_printf(session->arena, "%s was given to %s (%d), %s, at the same time",
                                busid, at->name, at->domain, at->place);
    return NULL;
}
