// SPDX-License-Identifier: MIT
// What is left in xenstore of domains that no longer exist, and of PVUSB controllers that were only
// partly created or removed: xl's type=pv without usbback leaves a backend (libxl_usb.c). libxl
// makes backend, frontend and record in one transaction, so none of this is work in progress.
#include "base/arena.h"
#include "problem.h"
#include "xen/xen.h"
#include "xen/xenbus.h"

struct search {
    const struct session *session;
    struct xen *xen;
    struct arena *arena;
    const struct domains *domains;
    struct problems *problems;
    enum xen_result result; // the first failure; nothing is read after it
};

// Reads a node. Any failure other than XEN_ABSENT is kept: what could not be read is not reported.
static enum xen_result read_node(struct search *search, const char *path, struct text *value)
{
    *value = TEXT_EMPTY;
    if (search->result != XEN_OK)
        return search->result;
    enum xen_result result = xen_read(search->xen, NULL, path, value);
    if (result != XEN_OK && result != XEN_ABSENT)
        search->result = result;
    return result;
}

// After a failure everything exists, so that nothing is reported as missing.
static bool exists(struct search *search, const char *path)
{
    struct text value;
    return read_node(search, path, &value) != XEN_ABSENT;
}

static size_t children(struct search *search, const char *path, const char *const **names)
{
    size_t count = 0;
    *names = NULL;
    if (search->result != XEN_OK)
        return 0;
    enum xen_result result = xen_list(search->xen, NULL, path, names, &count);
    if (result != XEN_OK && result != XEN_ABSENT)
        search->result = result;
    return result == XEN_OK ? count : 0;
}

static bool read_id(const char *name, int *id)
{
    uint64_t number;
    if (text_number(text_of(name), 10, 0, UINT16_MAX, &number) != NUMBER_OK)
        return false;
    *id = (int)number;
    return true;
}

static const struct domain *domain_with(const struct search *search, int id)
{
    for (size_t i = 0; i < search->domains->count; i++)
        if (search->domains->at[i].id == id)
            return &search->domains->at[i];
    return NULL;
}

// The record of that domain if it was read, else NULL.
static const struct record *record_of(const struct search *search, const struct domain *domain)
{
    return domain ? search->domains->records[domain - search->domains->at] : NULL;
}

static bool is_examined(const struct search *search, const struct domain *domain)
{
    const struct domain *only = search->domains->only;
    return !domain->dying && (!only || only->id == domain->id);
}

// Notes under the id that a domain had before it was rebooted still belong to it; also if their
// UUID could not be read.
static bool has_owner(struct search *search, const char *notes)
{
    struct text uuid;
    enum xen_result result =
        read_node(search, arena_printf(search->arena, "%s/uuid", notes), &uuid);
    for (size_t i = 0; result == XEN_OK && i < search->domains->count; i++)
        if (uuid.size && text_is(uuid, search->domains->at[i].uuid))
            return true;
    return search->result != XEN_OK;
}

// What is left of the domain whose notes are at `path`, besides them.
static const char *show_left_qemu(struct search *search, const char *path)
{
    unsigned pid;
    switch (record_noted_qemu(search->session, path, &pid)) {
    case VERDICT_NO: break;
    case VERDICT_YES:
        return arena_printf(search->arena,
                            ", and the QEMU that xenusb started for it (pid %u) still runs", pid);
    case VERDICT_UNKNOWN:
        return "; whether the QEMU that xenusb started for it still runs is unknown";
    }
    return "";
}

static void search_notes(struct search *search)
{
    const char *const *names;
    size_t count = children(search, "/xenusb", &names);
    for (size_t i = 0; i < count; i++) {
        int id;
        if (!read_id(names[i], &id) || domain_with(search, id))
            continue;
        const char *path = arena_printf(search->arena, "/xenusb/%s", names[i]);
        if (has_owner(search, path))
            continue;
        struct problem *problem =
            problem_add(search->arena, search->problems, PROBLEM_DEAD_NOTES, NULL, path);
        problem->what = arena_printf(search->arena, "notes of domain %d", id);
        problem->why = arena_printf(search->arena, "%s belongs to a domain that no longer exists%s",
                                    path, show_left_qemu(search, path));
        problem->paths[0] = path;
    }
}

// A controller that works is complete, whoever created it. True also if its state could not be
// read; a guest may write anything there.
static bool is_connected(struct search *search, const char *path)
{
    struct text value;
    uint64_t state = XENBUS_UNKNOWN;
    (void)read_node(search, arena_printf(search->arena, "%s/state", path), &value);
    (void)text_number(value, 10, 0, XENBUS_STATES - 1, &state);
    return state == XENBUS_CONNECTED || search->result != XEN_OK;
}

// Reports the nodes at `path`, and the frontend with them if there is one.
static struct problem *add_partial(struct search *search, int id, const char *index,
                                   const char *path, const char *why)
{
    struct arena *arena = search->arena;
    const struct domain *domain = domain_with(search, id);
    const char *frontend = arena_printf(arena, "/local/domain/%d/device/vusb/%s", id, index);
    struct problem *problem = problem_add(arena, search->problems, PROBLEM_PARTIAL, domain, path);
    problem->what =
        domain ? arena_printf(arena, "incomplete PVUSB controller %s", index)
               : arena_printf(arena, "incomplete PVUSB controller %s of domain %d", index, id);
    problem->why = arena_printf(arena, "%s: %s", path, why);
    problem->paths[0] = path;
    if (exists(search, frontend))
        problem->paths[1] = frontend;
    return problem;
}

static bool has_record(struct search *search, const struct domain *domain, int id,
                       const char *index)
{
    const struct record *record = record_of(search, domain);
    for (const struct record_controller *at = record ? record->controllers : NULL; at;
         at = at->next)
        if (text_is(text_of(index), arena_printf(search->arena, "%u", at->index)))
            return true;
    return exists(search, arena_printf(search->arena, "%s/%s",
                                       record_libxl_directory(search->arena, id), index));
}

// One domain's backends that libxl has no record of.
static void search_backends_of(struct search *search, const char *root, const char *name)
{
    int id;
    const char *const *indexes;
    struct arena *arena = search->arena;
    if (!read_id(name, &id))
        return;
    // The toolstack is about to remove what belongs to a domain that is shutting down.
    const struct domain *domain = domain_with(search, id);
    if (domain && !is_examined(search, domain))
        return;
    const char *directory = arena_printf(arena, "%s/%s", root, name);
    size_t count = children(search, directory, &indexes);
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(arena, "%s/%s", directory, indexes[i]);
        const char *frontend =
            arena_printf(arena, "/local/domain/%d/device/vusb/%s", id, indexes[i]);
        if (!has_record(search, domain, id, indexes[i]) && !is_connected(search, path) &&
            !is_connected(search, frontend))
            (void)add_partial(search, id, indexes[i], path, "libxl has no record of it");
    }
}

static void search_backends(struct search *search, const char *root)
{
    const char *const *names;
    size_t count = children(search, root, &names);
    for (size_t i = 0; i < count; i++)
        search_backends_of(search, root, names[i]);
}

// Whether the backends of all its PVUSB controllers were read with its record.
static bool is_complete(const struct record *record)
{
    const struct record_controller *at = record ? record->controllers : NULL;
    while (at && (at->kind == RECORD_EMULATED || at->ports))
        at = at->next;
    return record && !at;
}

// PVUSB controllers in libxl's record whose backend is missing.
static void search_records(struct search *search, const struct domain *domain)
{
    if (is_complete(record_of(search, domain)))
        return;
    const char *const *indexes;
    struct arena *arena = search->arena;
    const char *root = record_libxl_directory(arena, domain->id);
    size_t count = children(search, root, &indexes);
    for (size_t i = 0; i < count; i++) {
        struct text backend;
        const char *path = arena_printf(arena, "%s/%s", root, indexes[i]);
        enum xen_result result =
            read_node(search, arena_printf(arena, "%s/backend", path), &backend);
        if (result != XEN_OK || !text_starts(backend, "/local/domain/") ||
            exists(search, backend.at))
            continue;
        struct problem *problem =
            add_partial(search, domain->id, indexes[i], path, "its backend does not exist");
        // Without libxl's record nothing would need them.
        problem->noted = domain;
        problem->id = arena_printf(arena, "vusb-%s", indexes[i]);
    }
}

enum status problems_of_xenstore(const struct session *session, const struct domains *domains,
                                 struct problems *problems)
{
    struct search search = { session, session->xen, session->arena, domains, problems, XEN_OK };
    search_notes(&search);
    search_backends(&search, "/local/domain/0/backend/vusb");
    search_backends(&search, "/local/domain/0/backend/qusb");
    for (size_t i = 0; i < domains->count; i++)
        if (is_examined(&search, &domains->at[i]))
            search_records(&search, &domains->at[i]);
    if (search.result != XEN_OK)
        complain_error(session->diags, CODE_UNREADABLE, "cannot read xenstore: %s",
                       xen_why(session->xen));
    return xen_status(session->xen, search.result);
}

enum status leftover_remove(const struct session *session, const struct problem *problem)
{
    enum xen_result result = XEN_OK;
    if (problem->kind == PROBLEM_DEAD_NOTES && !record_stop_qemu(session, problem->paths[0]))
        return STATUS_FAILED;
    for (size_t i = 0; i < 2 && problem->paths[i] && result == XEN_OK; i++)
        result = xen_remove(session->xen, NULL, problem->paths[i]);
    if (result != XEN_OK)
        complain_error(session->diags, CODE_UNWRITABLE, "cannot remove %s: %s", problem->paths[0],
                       xen_why(session->xen));
    if (result != XEN_OK || !problem->noted)
        return xen_status(session->xen, result);
    struct session of_domain = *session;
    struct domain copy = *problem->noted;
    of_domain.domain = &copy;
    return record_forget_controller(&of_domain, problem->id);
}
