// SPDX-License-Identifier: MIT
// Lists domains. The list comes from the hypervisor or, if that is not available, from xenstore.
#include "listing.h"

#include "base/arena.h"
#include "base/name_map.h"
#include "base/shortage.h"
#include "xen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    RUNNING_BATCH = 64, // domains asked for in one hypercall
};

static const char *const type_names[] = { "unknown", "pv", "pvh", "hvm" };

const char *domain_type_name(enum domain_type type)
{
    return type_names[type];
}

// The value of a node; TEXT_EMPTY if it cannot be read.
static struct text value_at(struct xen *xen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static struct text value_at(struct xen *xen, const char *format, ...)
{
    struct text value = TEXT_EMPTY;
    va_list args;
    va_start(args, format);
    const char *path = arena_vprintf(xen_arena(xen), format, args);
    va_end(args);
    (void)xen_read(xen, NULL, path, &value);
    return value;
}

const char *xen_domain_type_path(struct xen *xen, int id)
{
    return arena_printf(xen_arena(xen), "/libxl/%d/type", id);
}

// The type in libxl's record; `otherwise` if that has none.
static enum domain_type type_of(struct text name, enum domain_type otherwise)
{
    for (enum domain_type type = DOMAIN_PV; type <= DOMAIN_HVM; type++)
        if (text_is(name, type_names[type]))
            return type;
    return otherwise;
}

static bool is_uuid(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        uint64_t digit;
        if (dash ? text.at[i] != '-'
                 : text_number(text_part(text, i, i + 1), 16, 0, 15, &digit) != NUMBER_OK)
            return false;
    }
    return text.size == UUID_SIZE - 1;
}

// The toolstack writes "/vm/UUID", but the node may contain anything.
static const char *uuid_of(struct xen *xen, unsigned id, const struct xen_running *running)
{
    static const char vm[] = "/vm/";
    if (running)
        return arena_strdup(xen_arena(xen), running->uuid);
    struct text value = value_at(xen, "/local/domain/%u/vm", id);
    struct text uuid = text_part(value, sizeof vm - 1, value.size);
    return text_starts(value, vm) && is_uuid(uuid) ? uuid.at : "";
}

// The QMP socket that libxl gives to a domain's QEMU (libxl__qemu_qmp_path); NULL if it has none.
static const char *qmp_socket_of(struct xen *xen, int id)
{
    static const char *const directories[] = { "/run/xen", "/var/run/xen" };
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        struct stat info;
        const char *path = arena_printf(xen_arena(xen), "%s/qmp-libxl-%d", directories[i], id);
        if (stat(path, &info) == 0 && S_ISSOCK(info.st_mode))
            return path;
    }
    return NULL;
}

void xen_domain_complete(struct xen *xen, struct domain *domain, struct text type)
{
    domain->type = type_of(type, domain->type);
    domain->qmp_socket = qmp_socket_of(xen, domain->id);
    domain->shared_socket = domain->qmp_socket != NULL;
}

const char *xen_domain_name(struct xen *xen, int id)
{
    struct text name = value_at(xen, "/local/domain/%d/name", id);
    return name.at ? name.at : "";
}

static struct domain describe(struct xen *xen, unsigned id, const struct xen_running *running)
{
    return (struct domain){
        .id = (int)id,
        .name = "",
        .type = running && !running->hvm ? DOMAIN_PV : DOMAIN_UNKNOWN,
        .uuid = uuid_of(xen, id, running),
        .paused = running && running->paused,
        .dying = running && running->dying,
    };
}

// An array of domains that grows.
struct domain_list {
    struct domain *domains;
    size_t count;
    size_t capacity;
};

static void add_domain(struct arena *arena, struct domain_list *all, struct domain domain)
{
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 16;
        struct domain *more = arena_array_of(arena, struct domain, all->capacity);
        if (all->count)
            memcpy(more, all->domains, all->count * sizeof *more);
        all->domains = more;
    }
    all->domains[all->count++] = domain;
}

static bool list_running(struct xen *xen, struct domain_list *all)
{
    struct xen_running running[RUNNING_BATCH];
    unsigned first = 0;
    int count;
    do {
        count = xen_list_running(xen, first, running, RUNNING_BATCH);
        for (int i = 0; i < count; i++) {
            add_domain(xen_arena(xen), all, describe(xen, running[i].id, &running[i]));
            first = running[i].id + 1;
        }
    } while (count == RUNNING_BATCH && first <= DOMAIN_ID_MAX);
    return count >= 0;
}

static enum xen_result list_from_xenstore(struct xen *xen, struct domain_list *all)
{
    const char *const *names;
    size_t count;
    enum xen_result result = xen_list(xen, NULL, "/local/domain", &names, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t id;
        if (text_number(text_of(names[i]), 10, 0, DOMAIN_ID_MAX, &id) == NUMBER_OK)
            add_domain(xen_arena(xen), all, describe(xen, (unsigned)id, NULL));
    }
    return result == XEN_ABSENT ? XEN_OK : result;
}

static void read_details(struct xen *xen, enum domain_detail detail, const struct domain_list *all)
{
    struct arena *arena = xen_arena(xen);
    const bool whole = detail == DOMAIN_WHOLE;
    struct xen_query *names = arena_array_of(arena, struct xen_query, 2 * all->count);
    struct xen_query *types = names + all->count;
    for (size_t i = 0; i < all->count; i++) {
        names[i].path = arena_printf(arena, "/local/domain/%d/name", all->domains[i].id);
        types[i].path = whole ? xen_domain_type_path(xen, all->domains[i].id) : NULL;
    }
    (void)xen_ask(xen, names, whole ? 2 * all->count : all->count);
    for (size_t i = 0; i < all->count; i++) {
        if (names[i].value.at)
            all->domains[i].name = names[i].value.at;
        if (whole)
            xen_domain_complete(xen, &all->domains[i], types[i].value);
    }
}

// While a domain migrates or is shutting down, there may be two with its name.
static void mark_namesakes(struct arena *arena, const struct domain_list *all)
{
    struct name_map *names = name_map_new(arena);
    for (size_t i = 0; i < all->count; i++) {
        struct domain *domain = &all->domains[i];
        struct domain *first = name_map_get(names, text_of(domain->name));
        if (first)
            first->namesake = domain->namesake = true;
        else
            name_map_add(names, text_of(domain->name), domain);
    }
}

static enum xen_result list_all(struct xen *xen, struct domain_list *all)
{
    *all = (struct domain_list){ NULL, 0, 0 };
    if (xen_has_hypervisor(xen) && list_running(xen, all))
        return XEN_OK;
    all->count = 0;
    return list_from_xenstore(xen, all);
}

static enum status finish_list(struct xen *xen, struct diags *diags, enum xen_result result,
                               const struct domain_list *all, const struct domain **domains,
                               size_t *count)
{
    *domains = all->domains;
    *count = all->count;
    if (shortage_why()) {
        complain_error(diags, CODE_INCOMPLETE, "cannot list the domains: %s", shortage_why());
        return STATUS_FAILED;
    }
    if (xen_broken(xen)) {
        const enum status status = xen_status(xen, XEN_FAILED);
        complain_error(diags, diag_code_of(status), "cannot list the domains: %s", xen_broken(xen));
        return status;
    }
    if (result != XEN_OK)
        complain_error(diags, diag_code_of(xen_status(xen, result)), "cannot list the domains: %s",
                       xen_why(xen));
    return xen_status(xen, result);
}

enum status xen_domains(struct xen *xen, struct diags *diags, enum domain_detail detail,
                        const struct domain **domains, size_t *count)
{
    struct domain_list all;
    const enum xen_result result = list_all(xen, &all);
    if (detail >= DOMAIN_NAME) {
        read_details(xen, detail, &all);
        mark_namesakes(xen_arena(xen), &all);
    }
    return finish_list(xen, diags, result, &all, domains, count);
}

static int by_id(const void *a, const void *b)
{
    return ((const struct domain *)a)->id - ((const struct domain *)b)->id;
}

enum status xen_domains_named(struct xen *xen, struct diags *diags, const struct domain *known,
                              size_t known_count, const struct domain **domains, size_t *count)
{
    struct domain_list all;
    struct arena *arena = xen_arena(xen);
    const enum xen_result result = list_all(xen, &all);
    struct xen_query *names = arena_array_of(arena, struct xen_query, all.count);
    struct domain **asked = arena_array_of(arena, struct domain *, all.count);
    size_t ask_count = 0;
    for (size_t i = 0; i < all.count; i++) {
        struct domain *at = &all.domains[i];
        const struct domain *same =
            known_count ? bsearch(at, known, known_count, sizeof *known, by_id) : NULL;
        if (same && strcmp(same->uuid, at->uuid) == 0) {
            at->name = same->name;
            continue;
        }
        asked[ask_count] = at;
        names[ask_count++].path = arena_printf(arena, "/local/domain/%d/name", at->id);
    }
    (void)xen_ask(xen, names, ask_count);
    for (size_t i = 0; i < ask_count; i++)
        if (names[i].value.at)
            asked[i]->name = names[i].value.at;
    mark_namesakes(arena, &all);
    return finish_list(xen, diags, result, &all, domains, count);
}

enum verdict xen_domain_is_alive(struct xen *xen, const struct domain *domain)
{
    struct xen_running running;
    unsigned id = (unsigned)domain->id;
    int count = xen_list_running(xen, id, &running, 1);
    if (count >= 0)
        return count == 1 && running.id == id && !running.dying &&
                       strcmp(running.uuid, domain->uuid) == 0
                   ? VERDICT_YES
                   : VERDICT_NO;
    if (value_at(xen, "/local/domain/%u/vm", id).size > 0 &&
        strcmp(uuid_of(xen, id, NULL), domain->uuid) == 0)
        return VERDICT_YES;
    return xen_broken(xen) ? VERDICT_UNKNOWN : VERDICT_NO;
}

enum status xen_check_alive(struct xen *xen, struct diags *diags, const struct domain *domain)
{
    switch (xen_domain_is_alive(xen, domain)) {
    case VERDICT_YES: return STATUS_OK;
    case VERDICT_NO:
        complain_error(diags, CODE_NO_SUCH_DOMAIN, "domain %s (%d) is gone", domain->name,
                       domain->id);
        return STATUS_REQUEST;
    case VERDICT_UNKNOWN: break;
    }
    const enum status status = xen_status(xen, XEN_FAILED);
    complain_error(diags, diag_code_of(status),
                   "cannot tell whether domain %s (%d) is still running: %s", domain->name,
                   domain->id, xen_broken(xen));
    return status;
}

bool xen_qemu_exited(struct xen *xen, const struct domain *domain)
{
    uint64_t pid;
    const char *path =
        arena_printf(xen_arena(xen), "/local/domain/%d/image/device-model-pid", domain->id);
    if (xen_read_number(xen, NULL, path, INT32_MAX, &pid) != XEN_OK)
        return false;
    return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}
