// SPDX-License-Identifier: MIT
#include "world.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "owners.h"
#include "plan/presence.h"
#include "record/journal.h"
#include "record/record.h"
#include "record/saved.h"
#include "recover.h"
#include "xen/xen.h"

static struct domain *domain_of_socket(struct arena *arena, const char *socket)
{
    struct domain *domain = arena_new_of(arena, struct domain);
    domain->id = -1;
    domain->name = socket;
    domain->type = DOMAIN_HVM;
    domain->uuid = "";
    domain->qmp_socket = socket;
    return domain;
}

// Whether the backend supports any type of controller for that domain.
static bool serves(const struct backend_ops *ops, const struct domain *domain)
{
    static const enum controller_type types[] = { CONTROLLER_EMULATED, CONTROLLER_PV };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct config_controller any = { .type = types[i] };
        if (ops->suits(&any, domain))
            return true;
    }
    return false;
}

// Adds what the backend finds to the topology, with the backend in charge of it.
static enum status read_backend(const struct backend *backend, struct topology *topology)
{
    enum status status = backend->ops->look(backend->handle, topology);
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (!at->backend)
            at->backend = backend;
    if (topology->pvusb_qemu && !topology->pvusb_qemu->backend)
        topology->pvusb_qemu->backend = backend;
    return status;
}

static enum status open_backends(struct world *world)
{
    struct session *session = &world->session;
    struct backend *next = world->backends;
    world->topology.domain = session->domain;
    for (size_t i = 0; backends[i]; i++) {
        if (!serves(backends[i], session->domain))
            continue;
        enum status status = backends[i]->open(session, &next->handle);
        if (status != STATUS_OK)
            return status;
        next++->ops = backends[i];
    }
    return STATUS_OK;
}

static enum status read_backends(struct world *world)
{
    enum status status = STATUS_OK;
    for (const struct backend *at = world->backends; at->ops && status == STATUS_OK; at++)
        status = read_backend(at, &world->topology);
    return status;
}

// The backend in charge of emulated controllers; NULL if it is not open.
static const struct backend *emulated_backend(const struct world *world)
{
    const struct config_controller emulated = { .type = CONTROLLER_EMULATED };
    for (const struct backend *at = world->backends; at->ops; at++)
        if (at->ops->suits(&emulated, world->session.domain))
            return at;
    return NULL;
}

// Adds what is only in the record. Corrects the record first if something is about to change.
static enum status read_records(struct world *world, bool changes)
{
    struct session *session = &world->session;
    const struct record *record;
    enum status status = record_look(session, &record);
    if (status != STATUS_OK)
        return status;
    record_merge(session, record, &world->topology);
    presence_find(session, &world->topology);
    status = record_find_adoptions(session, record, &world->topology);
    if (status == STATUS_OK)
        status = record_recall_labels(session, &world->topology);
    for (struct controller *at = world->topology.controllers; at; at = at->next)
        if (at->stale)
            at->backend = emulated_backend(world);
    if (status == STATUS_OK)
        status = shortage_check(session->diags);
    if (status == STATUS_OK && changes)
        status = journal_check(session);
    if (status == STATUS_OK && changes)
        status = record_tidy(session, session->record, &world->topology);
    return status == STATUS_OK && changes ? record_correct_labels(session, &world->topology)
                                          : status;
}

// Which domains have the host's devices. The record of the domain itself was read before.
static enum status read_owners(struct world *world)
{
    struct session *session = &world->session;
    struct record_claim *claims = NULL;
    const struct domain *domains;
    size_t count;
    struct diags quiet;
    struct session own = *session;
    if (!session->xen) {
        owners_find_claims(session, &world->host);
        return STATUS_OK;
    }
    enum status status = xen_domains(session->xen, session->diags, DOMAIN_ID, &domains, &count);
    if (status != STATUS_OK)
        return status;
    // A record of another domain that cannot be read matters only if a device is given away.
    diags_init(&quiet, session->arena);
    own.diags = &quiet;
    status = record_claims_of(&own, domains, NULL, count, &claims);
    world->host.claims = status == STATUS_OK
                             ? part_read()
                             : part_unreadable(diags_reason(&quiet, "xenstore could not be read"));
    record_mark_owners(session->arena, claims, &world->host);
    return STATUS_OK;
}

static enum status read_domain(struct world *world, bool changes)
{
    enum status status = read_backends(world);
    return status == STATUS_OK ? read_records(world, changes) : status;
}

const struct host *world_look_at_host(struct arena *arena, struct diags *diags, struct host *host)
{
    struct diags quiet;
    diags_init(&quiet, arena);
    if (host_look(arena, &quiet, host) == STATUS_OK)
        return host;
    complain(diags, SEVERITY_WARNING, diags_code(&quiet), NULL, SPAN_NONE, "%s",
             diags_reason(&quiet, "cannot read this host's USB devices"));
    return NULL;
}

static enum status read_host(struct world *world, bool changes)
{
    struct session *session = &world->session;
    session->host = &world->host;
    if (changes || world->find_owners)
        return host_look(session->arena, session->diags, &world->host);
    session->host = world_look_at_host(session->arena, session->diags, &world->host);
    return STATUS_OK;
}

static enum status read_all(struct world *world, bool changes)
{
    if (changes && world->find_owners)
        record_watch_claims(&world->session);
    enum status status = open_backends(world);
    if (status == STATUS_OK)
        status = read_host(world, changes);
    if (status == STATUS_OK && changes)
        recover_handovers(&world->session, world->topology.domains, world->topology.domain_count,
                          &world->host);
    if (status == STATUS_OK)
        status = read_domain(world, changes);
    return status == STATUS_OK && world->find_owners ? read_owners(world) : status;
}

// If the domain shut down while the topology was read, the topology may be incomplete.
static enum status check_alive(struct world *world)
{
    const struct session *session = &world->session;
    return session->domain->id < 0 ? STATUS_OK
                                   : xen_check_alive(session->xen, session->diags, session->domain);
}

static void init(struct world *world, const struct world_options *options)
{
    *world = WORLD_NONE;
    struct saved *saved = arena_new_of(options->arena, struct saved);
    world->find_owners = options->find_owners;
    world->session = (struct session){
        .arena = options->arena,
        .diags = options->diags,
        .verb = options->verb,
        .command = options->command,
        .interrupt = interrupt_of_process(),
        .saved = saved,
        .keep_saved = options->keep_saved,
        .accept_ended = options->accept_ended,
        .require_guest = options->require_guest,
        .need_supply = options->find_owners || options->find_supply,
        .need_details = options->find_details,
        .timeout_scale = options->timeout_scale,
        .undo_scale = options->undo_scale,
    };
}

enum status world_open_xen(const struct world_options *options, struct xen **xen)
{
    enum status status =
        xen_open(options->arena, options->diags, XENSTORE_SECONDS * options->timeout_scale, xen);
    if (status == STATUS_FAILED)
        complain(options->diags, SEVERITY_NOTE, CODE_NO_XEN, NULL, SPAN_NONE,
                 "without Xen, name the guest's QEMU by its socket: --qmp SOCKET");
    return status;
}

static enum status open_xen(struct world *world, const struct world_options *options)
{
    world->owns_xen = !options->known;
    if (!options->known)
        return world_open_xen(options, &world->session.xen);
    world->session.xen = options->known->xen;
    world->session.known = options->known->claims;
    return STATUS_OK;
}

enum status world_find(struct world *world, const struct world_options *options, const char *name)
{
    struct session *session = &world->session;
    struct topology *topology = &world->topology;
    init(world, options);
    if (options->qmp_socket) {
        session->domain = domain_of_socket(session->arena, options->qmp_socket);
        return STATUS_OK;
    }
    enum status status = open_xen(world, options);
    if (status != STATUS_OK)
        return status;
    const struct world_known none = { NULL, NULL, NULL, 0 };
    const struct world_known *known = options->known ? options->known : &none;
    status = xen_domains_named(session->xen, session->diags, known->named, known->count,
                               &topology->domains, &topology->domain_count);
    return status == STATUS_OK ? xen_find_among(session->xen, session->diags, topology->domains,
                                                topology->domain_count, name, &session->domain)
                               : status;
}

enum status world_lock(struct world *world)
{
    if (world->domain_lock.fd >= 0)
        return STATUS_OK;
    interrupt_catch();
    return lock_domain(&world->session, &world->domain_lock);
}

enum status world_open(struct world *world, bool changes)
{
    enum status status = changes ? world_lock(world) : STATUS_OK;
    if (status == STATUS_OK)
        status = read_all(world, changes);
    // What was read then may be incomplete.
    if (session_interrupted(&world->session))
        return world_interrupted(world);
    if (status == STATUS_OK)
        status = shortage_check(world->session.diags);
    return status == STATUS_OK ? check_alive(world) : status;
}

enum status world_interrupted(const struct world *world)
{
    complain_error(world->session.diags, CODE_INTERRUPTED, "interrupted; nothing was changed");
    return STATUS_FAILED;
}

enum status world_open_domain(struct world *world, const struct world_options *options,
                              const struct world_common *common, const struct domain *domain)
{
    init(world, options);
    world->session.xen = common->xen;
    world->session.host = common->host;
    world->session.toolstack = common->toolstack;
    world->session.domain = arena_new_of(options->arena, struct domain);
    *world->session.domain = *domain;
    enum status status = open_backends(world);
    return status == STATUS_OK ? read_domain(world, false) : status;
}

void world_close(struct world *world)
{
    for (struct backend *at = world->backends; at->ops; at++)
        at->ops->close(at->handle);
    lock_release(&world->domain_lock);
    if (world->owns_xen)
        xen_close(world->session.xen);
    *world = WORLD_NONE;
}
