// SPDX-License-Identifier: MIT
// The claims of all domains, from their ports (ports.c) and notes. Names are read only if a port
// has a busid.
#include "claims.h"

#include "base/arena.h"
#include "journal.h"
#include "known.h"
#include "recording.h"

enum { NAME_SHOWN = 64 }; // bytes of a name that a journal has

static const char *print(const struct claim_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *print(const struct claim_list *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(list->session->arena, format, args);
    va_end(args);
    return text;
}

static struct text value_of(struct claim_list *list, const char *path)
{
    struct text value = TEXT_EMPTY;
    if (list->result != XEN_OK)
        return value;
    list->result = change_ignore_absent(xen_read(list->session->xen, NULL, path, &value));
    return value;
}

static size_t children_of(struct claim_list *list, const char *path, const char *const **names)
{
    size_t count = 0;
    *names = NULL;
    if (list->result == XEN_OK)
        list->result =
            change_ignore_absent(xen_list(list->session->xen, NULL, path, names, &count));
    return count;
}

static struct record_claim *add_claim(struct claim_list *list, int domain, const char *busid)
{
    struct record_claim *claim = arena_new_of(list->session->arena, struct record_claim);
    claim->busid = busid;
    claim->domain = domain;
    claim->index = -1;
    *list->last = claim;
    list->last = &claim->next;
    return claim;
}

// ---- names, only for those that claim something ----

// Whether xenusb has notes of the domain; lists those of all domains once.
static bool has_notes(struct claim_list *list, int domain)
{
    const char *name = print(list, "%d", domain);
    if (!list->noted_listed)
        list->noted_count = children_of(list, "/xenusb", &list->noted);
    list->noted_listed = true;
    for (size_t i = 0; i < list->noted_count; i++)
        if (strcmp(list->noted[i], name) == 0)
            return true;
    return false;
}

static const char *noted_name(const struct record *record, const char *id, const char *fallback)
{
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (!note->of_device && *note->name && strcmp(note->id, id) == 0)
            return note->name;
    return fallback;
}

static bool is_own(const struct claim_list *list, int domain)
{
    return list->session->domain && list->session->domain->id == domain;
}

// The name of the controller with that id of QEMU's; `fallback` if it has none.
static const char *controller_name(struct claim_list *list, int domain, const char *id,
                                   const char *fallback)
{
    const char *key = record_key(list->session->arena, id);
    if (is_own(list, domain) && list->session->record)
        return noted_name(list->session->record, id, fallback);
    struct text name =
        has_notes(list, domain)
            ? value_of(list, print(list, "/xenusb/%d/controller/%s/name", domain, key))
            : TEXT_EMPTY;
    return name.size ? name.at : fallback;
}

static const char *domain_name(const struct claim_list *list, int domain)
{
    return is_own(list, domain) ? list->session->domain->name
                                : xen_domain_name(list->session->xen, domain);
}

// Reads the names once for all claims of a controller.
static const struct claim_named *name_controller(struct claim_list *list,
                                                 const struct claim_port *port)
{
    struct claim_named *named = &list->named;
    if (named->domain_name && named->domain == port->domain && named->index == port->index &&
        named->emulated == port->emulated)
        return named;
    const char *id = print(list, port->emulated ? "xenusb-%u" : "vusb-%u", port->index);
    if (!named->domain_name || named->domain != port->domain)
        named->domain_name = domain_name(list, port->domain);
    named->domain = port->domain;
    named->index = port->index;
    named->emulated = port->emulated;
    named->name = controller_name(list, port->domain, id, print(list, "%u", port->index));
    return named;
}

void claims_add_port(struct claim_list *list, const struct claim_port *port, struct text value)
{
    const char *busid = record_port_value(value);
    if (!busid || !*busid || strcmp(busid, RECORD_GARBAGE) == 0)
        return;
    const struct claim_named *named = name_controller(list, port);
    struct record_claim *claim = add_claim(list, port->domain, busid);
    claim->name = named->domain_name;
    claim->index = (int)port->index;
    claim->backend_domain = port->backend_domain;
    claim->port = port->port;
    claim->place = print(list, "%s.%u", named->name, port->port);
}

void claims_add_note(struct claim_list *list, int domain, const char *directory)
{
    struct text busid = value_of(list, print(list, "%s/busid", directory));
    const char *known = record_port_value(busid);
    if (!known || !*known || strcmp(known, RECORD_GARBAGE) == 0)
        return;
    struct record_claim *claim = add_claim(list, domain, known);
    struct text controller = value_of(list, print(list, "%s/controller", directory));
    struct text port = value_of(list, print(list, "%s/port", directory));
    const char *id = controller.at ? controller.at : "";
    claim->name = domain_name(list, domain);
    claim->place = print(list, "%s.%s", *id ? controller_name(list, domain, id, id) : "?",
                         port.at ? port.at : "?");
}

// Of a command that has not finished: also what it detaches, which is not free before it has.
static void add_journal(struct claim_list *list, const struct domain *domain, const char *name,
                        const struct journal *journal)
{
    char buf[PORT_TEXT_SIZE];
    if (!journal || journal->state != JOURNAL_OPEN)
        return;
    struct arena *arena = list->session->arena;
    const char *by = journal_owner_runs(arena, journal) ? journal_show(arena, journal) : NULL;
    for (const struct journal_step *at = journal->steps; at; at = at->next) {
        if (!*at->busid)
            continue;
        struct record_claim *claim = add_claim(list, domain->id, at->busid);
        claim->name = name;
        claim->open = true;
        claim->by = by;
        claim->place =
            print(list, "%s.%s, where %s has not finished",
                  text_show(arena, text_of(at->name), NAME_SHOWN), port_write(at->port, buf),
                  text_show(arena, text_of(journal->verb), NAME_SHOWN));
    }
}

static void read_journal(struct claim_list *list, const struct domain *domain)
{
    struct diags quiet;
    struct session own = *list->session;
    struct domain copy = *domain;
    struct journal journal;
    diags_init(&quiet, own.arena);
    own.diags = &quiet;
    own.domain = &copy;
    if (list->result == XEN_OK && journal_read(&own, &journal) != STATUS_OK)
        list->result = XEN_FAILED;
    else if (list->result == XEN_OK && journal.state == JOURNAL_OPEN)
        add_journal(list, domain, domain_name(list, domain->id), &journal);
}

static void add_notes(struct claim_list *list, const struct domain *domain)
{
    const char *const *keys;
    if (!has_notes(list, domain->id))
        return;
    struct text uuid = value_of(list, print(list, "/xenusb/%d/uuid", domain->id));
    const char *directory = print(list, "/xenusb/%d/device", domain->id);
    bool own = text_is(uuid, domain->uuid);
    size_t count = own ? children_of(list, directory, &keys) : 0;
    if (own)
        read_journal(list, domain);
    for (size_t i = 0; i < count; i++)
        claims_add_note(list, domain->id, print(list, "%s/%s", directory, keys[i]));
}

// ---- a domain whose record was read already ----

static void add_recorded_controller(struct claim_list *list, const struct domain *domain,
                                    const struct record *record, const struct record_controller *at)
{
    const char *id = print(list, at->kind == RECORD_EMULATED ? "xenusb-%u" : "vusb-%u", at->index);
    const char *name = noted_name(record, id, print(list, "%u", at->index));
    for (unsigned port = 1; port <= at->ports; port++) {
        const char *busid = at->port[port];
        if (!busid || !*busid || strcmp(busid, RECORD_GARBAGE) == 0)
            continue;
        struct record_claim *claim = add_claim(list, domain->id, busid);
        claim->name = *domain->name ? domain->name : domain_name(list, domain->id);
        claim->index = (int)at->index;
        claim->backend_domain = at->backend_domain;
        claim->port = port;
        claim->place = print(list, "%s.%u", name, port);
    }
}

static void add_record(struct claim_list *list, const struct domain *domain,
                       const struct record *record)
{
    for (const struct record_controller *at = record->controllers; at; at = at->next)
        add_recorded_controller(list, domain, record, at);
    for (const struct record_note *note = record->notes; note; note = note->next) {
        if (!*note->busid)
            continue;
        struct record_claim *claim = add_claim(list, domain->id, note->busid);
        claim->name = *domain->name ? domain->name : domain_name(list, domain->id);
        claim->place = print(list, "%s.%s", noted_name(record, note->controller, note->controller),
                             note->port);
    }
    add_journal(list, domain, *domain->name ? domain->name : domain_name(list, domain->id),
                record->journal);
}

// Adds what need not be read. False if that domain is not known.
static bool add_known(struct claim_list *list, const struct domain *domain)
{
    const struct record_claim *claims;
    size_t count;
    if (!record_known_claims(list->session->known, domain, &claims, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct record_claim *claim = add_claim(list, domain->id, claims[i].busid);
        *claim = claims[i];
    }
    return true;
}

// ---- all of them ----

void claims_begin(struct claim_list *list, const struct session *session)
{
    const struct record *record = session->record;
    *list = (struct claim_list){ .session = session };
    list->last = &list->first;
    if (!record)
        return;
    list->noted = record->noted;
    list->noted_count = record->noted_count;
    list->noted_listed = true;
}

// Reports that the claims of that domain could not be read.
static enum status complain_unread(struct claim_list *list, const struct domain *domain,
                                   enum xen_result result, const char *why)
{
    const struct session *session = list->session;
    enum status status = xen_status(session->xen, result);
    complain_error(session->diags, CODE_UNREADABLE,
                   "cannot read the record of domain %s (%d) from xenstore: %s",
                   *domain->name ? domain->name : domain_name(list, domain->id), domain->id, why);
    return status;
}

// The claims of domains whose record is not known, and of their notes.
static enum status add_unknown(struct claim_list *list, const struct domain *const *domains,
                               size_t count)
{
    struct xen *xen = list->session->xen;
    struct claim_domain *asked = arena_array_of(list->session->arena, struct claim_domain, count);
    struct claim_value *values;
    size_t value_count;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++)
        asked[i].id = domains[i]->id;
    ports_read(xen, asked, count, &values, &value_count);
    for (size_t i = 0; i < value_count; i++)
        claims_add_port(list, &values[i].port, values[i].value);
    // After a timeout the connection is lost.
    for (size_t i = 0; i < count && status != STATUS_TIMEOUT; i++) {
        if (asked[i].result == XEN_OK)
            add_notes(list, domains[i]);
        if (asked[i].result == XEN_OK && list->result != XEN_OK) {
            asked[i].result = list->result;
            asked[i].why = xen_why(xen);
        }
        list->result = XEN_OK;
        if (asked[i].result != XEN_OK)
            status = status_worse(status,
                                  complain_unread(list, domains[i], asked[i].result, asked[i].why));
    }
    return status;
}

enum status record_claims_of(const struct session *session, const struct domain *domains,
                             const struct record *const *records, size_t count,
                             struct record_claim **claims)
{
    struct claim_list list;
    const struct domain **unknown = arena_array_of(session->arena, const struct domain *, count);
    size_t unknown_count = 0;
    claims_begin(&list, session);
    (void)record_known_refresh(session);
    // Domain 0 is this host, so it is not given any of its devices.
    for (size_t i = 0; i < count; i++) {
        const struct domain *domain = &domains[i];
        const struct record *known = records ? records[i] : NULL;
        if (!known && is_own(&list, domain->id))
            known = session->record;
        if (domain->dying || domain->id == 0)
            continue;
        if (known)
            add_record(&list, domain, known);
        else if (!add_known(&list, domain))
            unknown[unknown_count++] = domain;
    }
    enum status status = add_unknown(&list, unknown, unknown_count);
    *claims = list.first;
    return status;
}

enum status record_claims_here(const struct session *session, struct record_claim **claims)
{
    const struct domain *domains;
    size_t count;
    struct session now = *session;
    now.record = NULL;
    *claims = NULL;
    if (!session->xen)
        return STATUS_OK;
    enum status status = xen_domains(session->xen, session->diags, DOMAIN_ID, &domains, &count);
    return status == STATUS_OK ? record_claims_of(&now, domains, NULL, count, claims) : status;
}

enum status record_claims(const struct session *session, struct record_claim **claims)
{
    struct session all = *session;
    all.known = NULL;
    return record_claims_here(&all, claims);
}

// What is recorded counts more than what is only in a journal.
static void mark_owner(struct arena *arena, const struct record_claim *claims,
                       struct host_device *device)
{
    for (int open = 0; open < 2; open++)
        for (const struct record_claim *at = claims; at && !device->owner; at = at->next) {
            if (at->backend_domain || at->open != open || strcmp(at->busid, device->busid) != 0)
                continue;
            device->owner = arena_printf(arena, "%s (%d), %s", at->name, at->domain, at->place);
            device->owner_domain = at->domain;
        }
    for (const struct record_claim *at = claims; at && !device->owner_changes; at = at->next)
        if (at->open && device->owner && at->domain == device->owner_domain &&
            strcmp(at->busid, device->busid) == 0)
            device->owner_changes = at->by;
}

void record_mark_owners(struct arena *arena, const struct record_claim *claims, struct host *host)
{
    for (struct host_device *device = host->devices; device; device = device->next)
        mark_owner(arena, claims, device);
}
