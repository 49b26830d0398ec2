// SPDX-License-Identifier: MIT
// The domain that a user names.
#include "advice.h"
#include "base/arena.h"
#include "base/suggest.h"
#include "listing.h"
#include "xen.h"

// The name in "domain=win10", "win10.cfg" or "win10:"; NULL if none of the names is in it.
static const char *name_within(const char *wanted, const char *const *names)
{
    const char *equals = strchr(wanted, '=');
    const struct text word = text_of(equals ? equals + 1 : wanted);
    for (; *names; names++) {
        const size_t size = strlen(*names);
        struct text rest = text_part(word, size, word.size);
        if (text_starts(word, *names) &&
            (!rest.size || text_is(rest, ".cfg") || text_is(rest, ":") || text_is(rest, ",")))
            return *names;
    }
    return NULL;
}

static enum status complain_unknown(struct diags *diags, const struct domain *domains, size_t count,
                                    const char *wanted)
{
    const char **names = arena_array_of(diags->arena, const char *, count + 1);
    size_t named = 0;
    for (size_t i = 0; i < count; i++)
        if (domains[i].id != 0 && domains[i].name[0])
            names[named++] = domains[i].name;
    struct diag *diag =
        complain_error(diags, CODE_NO_SUCH_DOMAIN, "there is no domain \"%s\"", wanted);
    const char *meant = name_within(wanted, names);
    if (meant)
        diag_hint(diags, diag, "did you mean '%s'?", meant);
    else
        diag_suggest(diags, diag, text_of(wanted), names,
                     advice(diags->arena, ADVICE_DOMAINS, NULL, NULL));
    return STATUS_REQUEST;
}

// Returns how many domains are named `name`; *found is the first. Dying ones only count if there is
// no other.
static unsigned find_named(const struct domain *domains, size_t count, const char *name,
                           const struct domain **found)
{
    for (int dying = 0; dying <= 1; dying++) {
        unsigned matches = 0;
        for (size_t i = 0; i < count; i++)
            if (domains[i].dying == (dying == 1) && strcmp(domains[i].name, name) == 0 &&
                matches++ == 0)
                *found = &domains[i];
        if (matches)
            return matches;
    }
    return 0;
}

static unsigned find_by_id_or_name(const struct domain *domains, size_t count, const char *wanted,
                                   const struct domain **found)
{
    uint64_t id;
    if (text_number(text_of(wanted), 10, 0, DOMAIN_ID_MAX, &id) == NUMBER_OK)
        for (size_t i = 0; i < count; i++)
            if ((uint64_t)domains[i].id == id) {
                *found = &domains[i];
                return 1;
            }
    return find_named(domains, count, wanted, found);
}

bool xen_domains_have(const struct domain *domains, size_t count, const char *name_or_id)
{
    const struct domain *found;
    return find_by_id_or_name(domains, count, name_or_id, &found) > 0;
}

// STATUS_REQUEST, after reporting why, if xenusb cannot do anything for the domain. `stub` is the
// domain of its QEMU, `version` which QEMU it is.
static enum status check_supported(struct diags *diags, const struct domain *domain,
                                   struct text stub, struct text version)
{
    const char *name = domain->name;
    unsigned id = (unsigned)domain->id;
    if (id == 0)
        diag_hint(diags, complain_error(diags, CODE_UNSUPPORTED, "domain 0 is this host itself"),
                  "name the guest that should get the device");
    else if (domain->dying)
        complain_error(diags, CODE_NO_SUCH_DOMAIN, "domain %s (%u) is shutting down", name, id);
    else if (text_is(version, "qemu_xen_traditional"))
        diag_hint(diags,
                  complain_error(diags, CODE_UNSUPPORTED,
                                 "domain %s (%u) uses qemu-traditional, which has no QMP monitor",
                                 name, id),
                  "create it with device_model_version=\"qemu-xen\"");
    else if (stub.size && !text_is(stub, "0"))
        diag_hint(diags,
                  complain_error(diags, CODE_UNSUPPORTED,
                                 "the QEMU of domain %s (%u) runs in stub domain %s, which has no "
                                 "access to this host's devices",
                                 name, id, text_show(diags->arena, stub, 16)),
                  "create it without device_model_stubdomain_override=1");
    else
        return STATUS_OK;
    return STATUS_REQUEST;
}

enum status xen_find_domain(struct xen *xen, struct diags *diags, const char *name_or_id,
                            struct domain **domain)
{
    const struct domain *domains;
    size_t count;
    *domain = NULL;
    enum status status = xen_domains(xen, diags, DOMAIN_NAME, &domains, &count);
    return status == STATUS_OK ? xen_find_among(xen, diags, domains, count, name_or_id, domain)
                               : status;
}

enum status xen_find_among(struct xen *xen, struct diags *diags, const struct domain *domains,
                           size_t count, const char *name_or_id, struct domain **domain)
{
    const struct domain *found = NULL;
    *domain = NULL;
    unsigned matches = find_by_id_or_name(domains, count, name_or_id, &found);
    if (matches == 0)
        return complain_unknown(diags, domains, count, name_or_id);
    if (matches > 1) {
        diag_hint(diags,
                  complain_error(diags, CODE_AMBIGUOUS, "%u domains are named \"%s\"", matches,
                                 name_or_id),
                  "use an id instead; the first of them is %d", found->id);
        return STATUS_REQUEST;
    }
    struct arena *arena = xen_arena(xen);
    struct xen_query asked[] = {
        { .path = arena_printf(arena, "/local/domain/%d/image/device-model-domid", found->id) },
        { .path = arena_printf(arena, "/libxl/%d/dm-version", found->id) },
        { .path = xen_domain_type_path(xen, found->id) },
    };
    (void)xen_ask(xen, asked, sizeof asked / sizeof *asked);
    enum status status = check_supported(diags, found, asked[0].value, asked[1].value);
    if (status != STATUS_OK)
        return status;
    *domain = arena_new_of(arena, struct domain);
    **domain = *found;
    xen_domain_complete(xen, *domain, asked[2].value);
    return STATUS_OK;
}
