// SPDX-License-Identifier: MIT
// What is left in xenstore of domains that are no more, and of PVUSB controllers of which only one
// half was made or removed: xl's type=pv without usbback leaves a backend (libxl_usb.c). libxl
// makes both ends and its record in one transaction, so none of this is ever half done.
#include "base/arena.h"
#include "problem.h"
#include "record/recording.h"
#include "xen/xenbus.h"

struct searching {
    const struct session *session;
    struct xen *xen;
    struct arena *arena;
    const struct domain *domains;
    size_t count;
    struct problems *problems;
    enum xen_result result;
};

static bool exists(struct searching *searching, const char *path)
{
    struct text value;
    if (searching->result != XEN_OK)
        return true;
    enum xen_result result = xen_read(searching->xen, NULL, path, &value);
    if (result != XEN_OK && result != XEN_ABSENT)
        searching->result = result;
    return result != XEN_ABSENT;
}

static size_t children(struct searching *searching, const char *path, const char *const **names)
{
    size_t count = 0;
    *names = NULL;
    if (searching->result != XEN_OK)
        return 0;
    enum xen_result result = xen_list(searching->xen, NULL, path, names, &count);
    if (result != XEN_OK && result != XEN_ABSENT)
        searching->result = result;
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

static const struct domain *domain_with(const struct searching *searching, int id)
{
    for (size_t i = 0; i < searching->count; i++)
        if (searching->domains[i].id == id)
            return &searching->domains[i];
    return NULL;
}

// What stands under the id that a living domain had before it was rebooted is that domain's.
static bool is_of_a_living(struct searching *searching, const char *notes)
{
    struct text uuid;
    enum xen_result result =
        xen_read(searching->xen, NULL, arena_printf(searching->arena, "%s/uuid", notes), &uuid);
    for (size_t i = 0; result == XEN_OK && i < searching->count; i++)
        if (uuid.size && text_is(uuid, searching->domains[i].uuid))
            return true;
    return false;
}

static void search_notes(struct searching *searching)
{
    const char *const *names;
    size_t count = children(searching, "/xenusb", &names);
    for (size_t i = 0; i < count; i++) {
        int id;
        if (!read_id(names[i], &id) || domain_with(searching, id))
            continue;
        const char *path = arena_printf(searching->arena, "/xenusb/%s", names[i]);
        if (is_of_a_living(searching, path))
            continue;
        struct problem *problem =
            problem_add(searching->arena, searching->problems, PROBLEM_DEAD_NOTES, NULL, path);
        problem->what = arena_printf(searching->arena, "notes of domain %d", id);
        problem->why = arena_printf(searching->arena, "%s is of a domain that is no more", path);
        problem->paths[0] = path;
    }
}

// What works is not half, whoever made it.
static bool is_connected(struct searching *searching, const char *path)
{
    uint64_t state = XENBUS_UNKNOWN;
    return xen_read_number(searching->xen, NULL, arena_printf(searching->arena, "%s/state", path),
                           XENBUS_STATES - 1, &state) == XEN_OK &&
           state == XENBUS_CONNECTED;
}

static void add_partial(struct searching *searching, int id, const char *index, const char *path,
                        const char *frontend, const char *why)
{
    const struct domain *domain = domain_with(searching, id);
    struct problem *problem =
        problem_add(searching->arena, searching->problems, PROBLEM_HALF, domain, path);
    problem->what = domain ? arena_printf(searching->arena, "half of PVUSB controller %s", index)
                           : arena_printf(searching->arena,
                                          "half of PVUSB controller %s of domain %d", index, id);
    problem->why = arena_printf(searching->arena, "%s: %s", path, why);
    problem->paths[0] = path;
    if (exists(searching, frontend))
        problem->paths[1] = frontend;
}

// A backend that libxl knows nothing of.
static void search_backends(struct searching *searching, const char *kind)
{
    const char *const *ids, *const *indexes;
    struct arena *arena = searching->arena;
    const char *root = arena_printf(arena, "/local/domain/0/backend/%s", kind);
    size_t domains = children(searching, root, &ids);
    for (size_t i = 0; i < domains; i++) {
        int id = -1;
        const char *directory = arena_printf(arena, "%s/%s", root, ids[i]);
        const struct domain *domain = read_id(ids[i], &id) ? domain_with(searching, id) : NULL;
        // Of one that is shutting down the toolstack clears away what it had.
        bool whole = id >= 0 && !(domain && domain->dying);
        size_t count = whole ? children(searching, directory, &indexes) : 0;
        for (size_t j = 0; j < count; j++) {
            const char *path = arena_printf(arena, "%s/%s", directory, indexes[j]);
            const char *frontend =
                arena_printf(arena, "/local/domain/%s/device/vusb/%s", ids[i], indexes[j]);
            if (!exists(searching,
                        arena_printf(arena, "/libxl/%s/device/vusb/%s", ids[i], indexes[j])) &&
                !is_connected(searching, path) && !is_connected(searching, frontend))
                add_partial(searching, id, indexes[j], path, frontend, "libxl has no record of it");
        }
    }
}

// A PVUSB controller of libxl's record whose backend is not there any more.
static void search_records(struct searching *searching, const struct domain *domain)
{
    static const char backends[] = "/local/domain/";
    const char *const *indexes;
    struct arena *arena = searching->arena;
    const char *root = arena_printf(arena, "/libxl/%d/device/vusb", domain->id);
    size_t count = children(searching, root, &indexes);
    for (size_t i = 0; i < count; i++) {
        struct text backend;
        const char *path = arena_printf(arena, "%s/%s", root, indexes[i]);
        enum xen_result result =
            xen_read(searching->xen, NULL, arena_printf(arena, "%s/backend", path), &backend);
        if (result != XEN_OK || !text_starts(backend, backends) || exists(searching, backend.at))
            continue;
        add_partial(searching, domain->id, indexes[i], path,
                    arena_printf(arena, "/local/domain/%d/device/vusb/%s", domain->id, indexes[i]),
                    "its backend is not there");
    }
}

enum status problems_of_xenstore(const struct session *session, const struct domain *domains,
                                 size_t count, struct problems *problems)
{
    struct searching searching = { session, session->xen, session->arena, domains,
                                   count,   problems,     XEN_OK };
    search_notes(&searching);
    search_backends(&searching, "vusb");
    search_backends(&searching, "qusb");
    for (size_t i = 0; i < count; i++)
        if (!domains[i].dying)
            search_records(&searching, &domains[i]);
    if (searching.result != XEN_OK)
        complain_error(session->diags, "cannot read what is left in xenstore: %s",
                       xen_why(session->xen));
    return xen_status(session->xen, searching.result);
}

enum status problem_remove(const struct session *session, const struct problem *problem)
{
    enum xen_result result = XEN_OK;
    for (size_t i = 0; i < 2 && problem->paths[i] && result == XEN_OK; i++)
        result = xen_remove(session->xen, NULL, problem->paths[i]);
    if (result != XEN_OK)
        complain_error(session->diags, "cannot remove %s: %s", problem->paths[0],
                       xen_why(session->xen));
    return xen_status(session->xen, result);
}
