// SPDX-License-Identifier: MIT
#include "knowing.h"

#include "base/arena.h"

#include <stdlib.h>

const char *const record_known_paths[] = { "/libxl", "/local/domain/0/backend/vusb",
                                           "/local/domain/0/backend/qusb", "/xenusb" };
const size_t record_known_path_count = sizeof record_known_paths / sizeof *record_known_paths;

struct record_known *record_known_new(void)
{
    struct record_known *known = calloc(1, sizeof *known);
    if (!known)
        arena_give_up();
    return known;
}

void record_known_forget(struct record_known *known)
{
    for (size_t i = 0; i < known->count; i++)
        free(known->domains[i].claims);
    free(known->domains);
    *known = (struct record_known){ NULL, 0 };
}

void record_known_free(struct record_known *known)
{
    if (known)
        record_known_forget(known);
    free(known);
}

static struct known_domain *find(const struct record_known *known, int id)
{
    size_t from = 0, to = known->count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        struct known_domain *at = &known->domains[middle];
        if (at->id == id)
            return at;
        if (at->id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

// ---- changes ----

static void forget_domain(struct record_known *known, int id)
{
    struct known_domain *at = find(known, id);
    if (!at)
        return;
    free(at->claims);
    known->count--;
    const size_t index = (size_t)(at - known->domains);
    memmove(at, at + 1, (known->count - index) * sizeof *at);
}

// Whether a node of libxl's may be about USB, by what follows the domain's id: it is one of USB, or
// one that has those below it, which may have been removed with it.
static bool is_about_usb(struct text rest)
{
    static const char vusb[] = "/device/vusb";
    return rest.size < sizeof vusb - 1 ? memcmp(vusb, rest.size ? rest.at : "", rest.size) == 0
                                       : text_starts(rest, vusb);
}

void record_known_changed(struct record_known *known, const char *path)
{
    uint64_t id;
    for (size_t i = 0; i < record_known_path_count; i++) {
        const struct text text = text_of(path);
        const size_t root = strlen(record_known_paths[i]);
        if (!text_starts(text, record_known_paths[i]) || (path[root] && path[root] != '/'))
            continue;
        const size_t end = text_find(text, '/', root + 1);
        if (text_number(text_part(text, root + 1, end), 10, 0, UINT16_MAX, &id) != NUMBER_OK)
            record_known_forget(known);
        else if (i > 0 || is_about_usb(text_part(text, end, text.size)))
            forget_domain(known, (int)id);
    }
}

bool record_known_refresh(const struct session *session)
{
    const char *const *paths;
    size_t count;
    bool first[8] = { false };
    struct record_known *known = session->known;
    if (!known)
        return false;
    if (xen_changes(session->xen, &paths, &count) != XEN_OK) {
        record_known_forget(known);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t root = 0;
        while (root < record_known_path_count && strcmp(record_known_paths[root], paths[i]) != 0)
            root++;
        // Each watch reports its own path once when it is set.
        if (root == record_known_path_count || first[root])
            record_known_changed(known, paths[i]);
        else
            first[root] = true;
    }
    return true;
}

bool record_known_claims(const struct record_known *known, const struct domain *domain,
                         const struct record_claim **claims, size_t *count)
{
    const struct known_domain *at = known ? find(known, domain->id) : NULL;
    if (!at || strcmp(at->uuid, domain->uuid) != 0)
        return false;
    *claims = at->claims;
    *count = at->count;
    return true;
}
