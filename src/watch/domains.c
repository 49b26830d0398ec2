// SPDX-License-Identifier: MIT
#include "domains.h"

#include "base/arena.h"
#include "xen/domain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char watch_saved_directory[] = "/var/lib/xen";

// libxl__userdata_path() in libxl_dom.c: userdata-d.<id>.<uuid>.libxl-json.
static const char saved_prefix[] = "userdata-d.", saved_suffix[] = ".libxl-json";

bool watch_is_saved(const char *name)
{
    const size_t size = strlen(name), suffix = sizeof saved_suffix - 1;
    return strncmp(name, saved_prefix, sizeof saved_prefix - 1) == 0 && size > suffix &&
           strcmp(name + size - suffix, saved_suffix) == 0;
}

static bool is_saved(struct arena *arena, const struct domain *domain)
{
    return access(arena_printf(arena, "%s/%s%d.%s%s", watch_saved_directory, saved_prefix,
                               domain->id, domain->uuid, saved_suffix),
                  F_OK) == 0;
}

static const struct watch_domain *known(const struct watch_domains *domains,
                                        const struct domain *domain)
{
    for (size_t i = 0; i < domains->count; i++)
        if (domains->domains[i].id == domain->id &&
            strcmp(domains->domains[i].uuid, domain->uuid) == 0)
            return &domains->domains[i];
    return NULL;
}

// A name that could not be read yet is read the next time.
static char *name_of(struct xen *xen, const struct watch_domain *before,
                     const struct domain *domain)
{
    const bool known = before && *before->name && !before->renamed;
    char *name = strdup(known ? before->name : xen_domain_name(xen, domain->id));
    if (!name)
        arena_give_up();
    return name;
}

bool watch_domains_renamed(struct watch_domains *domains, struct text uuid)
{
    bool any = false;
    for (size_t i = 0; i < domains->count; i++) {
        struct watch_domain *at = &domains->domains[i];
        at->renamed |= text_is(uuid, at->uuid);
        any |= at->renamed;
    }
    return any;
}

// What xl calls a domain until all of its state has arrived (main_migrate_receive() in
// xl_migrate.c).
static bool is_incoming(const char *name)
{
    static const char suffix[] = "--incoming";
    const size_t size = strlen(name);
    return size >= sizeof suffix && strcmp(name + size - (sizeof suffix - 1), suffix) == 0;
}

enum status watch_domains_update(struct watch_domains *domains, struct diags *diags, bool *unready)
{
    cleanup_xen struct xen *xen = NULL;
    const struct domain *running;
    size_t count;
    *unready = false;
    enum status status = xen_open(diags->arena, diags, XENSTORE_SECONDS, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, diags, DOMAIN_ID, &running, &count);
    if (status != STATUS_OK)
        return status;
    struct watch_domains now = { calloc(count + 1, sizeof *now.domains), 0 };
    if (!now.domains)
        arena_give_up();
    for (size_t i = 0; i < count; i++) {
        const struct domain *domain = &running[i];
        const struct watch_domain *before = known(domains, domain);
        if (domain->id == 0 || domain->dying)
            continue;
        struct watch_domain *at = &now.domains[now.count++];
        at->id = domain->id;
        snprintf(at->uuid, sizeof at->uuid, "%s", domain->uuid);
        at->name = name_of(xen, before, domain);
        const bool made =
            (before && before->ready) || !domain->paused || is_saved(diags->arena, domain);
        at->ready = made && !is_incoming(at->name);
        *unready |= !made || !*at->name;
    }
    watch_domains_free(domains);
    *domains = now;
    return STATUS_OK;
}

const struct watch_domain *watch_domains_named(const struct watch_domains *domains,
                                               const char *name)
{
    for (size_t i = domains->count; i > 0; i--) {
        const struct watch_domain *at = &domains->domains[i - 1];
        if (at->ready && strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}

const struct watch_domain *watch_domains_with(const struct watch_domains *domains, const char *uuid)
{
    const struct watch_domain *found = NULL;
    for (size_t i = domains->count; i > 0; i--) {
        const struct watch_domain *at = &domains->domains[i - 1];
        if (strcmp(at->uuid, uuid) == 0 && (!found || (at->ready && !found->ready)))
            found = at;
    }
    return found;
}

size_t watch_domains_known(const struct watch_domains *domains, struct arena *arena, int except,
                           const struct domain **known)
{
    size_t count = 0;
    struct domain *all = arena_array_of(arena, struct domain, domains->count);
    for (size_t i = 0; i < domains->count; i++) {
        const struct watch_domain *at = &domains->domains[i];
        if (at->id != except && *at->name)
            all[count++] = (struct domain){ .id = at->id, .name = at->name, .uuid = at->uuid };
    }
    *known = all;
    return count;
}

void watch_domains_free(struct watch_domains *domains)
{
    for (size_t i = 0; i < domains->count; i++)
        free(domains->domains[i].name);
    free(domains->domains);
    *domains = (struct watch_domains){ NULL, 0 };
}
