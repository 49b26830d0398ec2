// SPDX-License-Identifier: MIT
#include "world.h"

#include "backends/backends.h"
#include "base/arena.h"
#include "record/record.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

volatile sig_atomic_t world_interrupted;

static void stop(int number)
{
    (void)number;
    world_interrupted = 1;
}

void world_catch_signals(void)
{
    static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
    const struct sigaction stopping = { .sa_handler = stop };
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        struct sigaction present;
        if (sigaction(asking[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(asking[i], &stopping, NULL);
    }
}

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

static enum status find_domain(struct world *world, const struct invocation *invocation,
                               const char *name)
{
    struct session *session = &world->session;
    if (invocation->qmp) {
        session->domain = domain_of_socket(session->arena, invocation->qmp);
        return STATUS_OK;
    }
    enum status status = xen_open(session->arena, session->diags,
                                  XENSTORE_SECONDS * session->timeout_scale, &session->xen);
    if (status != STATUS_OK)
        return status;
    world->own_xen = true;
    return xen_find_domain(session->xen, session->diags, name, &session->domain);
}

// A backend is opened for a domain if it would serve any sort of controller there.
static bool serves(const struct backend *backend, const struct domain *domain)
{
    static const enum controller_type types[] = { CONTROLLER_EMULATED, CONTROLLER_PV };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct config_controller any = { .type = types[i] };
        if (backend->suits(&any, domain))
            return true;
    }
    return false;
}

static enum status look_at_backends(struct world *world)
{
    struct session *session = &world->session;
    enum status status = STATUS_OK;
    for (size_t i = 0; backends[i] && status == STATUS_OK; i++) {
        if (!serves(backends[i], session->domain))
            continue;
        status = backends[i]->open(session, &world->handles[i]);
        world->opened[i] = status == STATUS_OK;
        if (status == STATUS_OK)
            status = backends[i]->look(world->handles[i], &world->topology);
    }
    return status;
}

// Who takes a record away whose controller is gone.
static const struct backend *server_of_emulated(const struct domain *domain)
{
    const struct config_controller emulated = { .type = CONTROLLER_EMULATED };
    for (size_t i = 0; backends[i]; i++)
        if (backends[i]->suits(&emulated, domain))
            return backends[i];
    return NULL;
}

// What the records know beyond QEMU. Whoever is about to change something mends them first.
static enum status look_at_records(struct world *world, bool changes)
{
    struct session *session = &world->session;
    struct record record = { 0 };
    enum status status = record_read(session, &record);
    if (status != STATUS_OK)
        return status;
    record_merge(session, &record, &world->host, &world->topology);
    for (struct controller *at = world->topology.controllers; at; at = at->next)
        if (at->stale)
            at->backend = server_of_emulated(session->domain);
    return changes ? record_tidy(session, &record, &world->topology) : STATUS_OK;
}

static enum status look(struct world *world, bool changes)
{
    struct session *session = &world->session;
    struct claim *claims = NULL;
    enum status status = host_look(session->arena, session->diags, &world->host);
    session->host = &world->host;
    world->topology.domain = session->domain;
    if (status == STATUS_OK)
        status = record_claims(session, &claims);
    record_mark_owners(session->arena, claims, &world->host);
    if (status == STATUS_OK)
        status = look_at_backends(world);
    return status == STATUS_OK ? look_at_records(world, changes) : status;
}

// What was seen while the domain came to its end is not what it has.
static enum status check_lives(struct world *world)
{
    const struct session *session = &world->session;
    if (session->domain->id < 0 || xen_domain_lives(session->xen, session->domain))
        return STATUS_OK;
    complain_error(session->diags, "%s (domain %d) has ended meanwhile", session->domain->name,
                   session->domain->id);
    return STATUS_REQUEST;
}

static void begin(struct world *world, const struct invocation *invocation)
{
    *world = WORLD_NONE;
    world->session = (struct session){
        .arena = invocation->arena,
        .diags = invocation->diags,
        .interrupted = &world_interrupted,
        .keep_saved = invocation->given & OPTION_NO_SAVE,
        .require_guest = invocation->given & OPTION_REQUIRE_GUEST,
        .timeout_scale = invocation->timeout_scale,
    };
}

enum status world_open(struct world *world, const struct invocation *invocation, const char *name,
                       bool changes)
{
    begin(world, invocation);
    if (changes)
        world_catch_signals();
    enum status status = find_domain(world, invocation, name);
    // The domain's turn comes before the host's everywhere, so that no two wait for each other.
    if (status == STATUS_OK && changes)
        status = lock_domain(&world->session, &world->domain_turn);
    if (status == STATUS_OK && changes)
        status = lock_host(&world->session, &world->host_turn);
    // libxl's own order: this one, then that for QEMU's monitor (the backends'), then the saved
    // configuration's.
    if (status == STATUS_OK && changes && world->session.domain->id >= 0)
        status = lock_libxl(&world->session, LOCK_LIBXL_DEVICES, &world->libxl_turn);
    if (status == STATUS_OK)
        status = look(world, changes);
    return status == STATUS_OK ? check_lives(world) : status;
}

enum status world_open_domain(struct world *world, const struct invocation *invocation,
                              struct xen *xen, const struct domain *domain)
{
    begin(world, invocation);
    world->session.xen = xen;
    world->session.domain = arena_new_of(invocation->arena, struct domain);
    *world->session.domain = *domain;
    return look(world, false);
}

void world_close(struct world *world)
{
    for (size_t i = 0; i < WORLD_BACKENDS && backends[i]; i++)
        if (world->opened[i])
            backends[i]->close(world->handles[i]);
    lock_release(&world->libxl_turn);
    lock_release(&world->host_turn);
    lock_release(&world->domain_turn);
    if (world->own_xen)
        xen_close(world->session.xen);
    *world = WORLD_NONE;
}

void *world_handle(void *of, const struct backend *backend)
{
    struct world *world = of;
    for (size_t i = 0; i < WORLD_BACKENDS && backends[i]; i++)
        if (backends[i] == backend)
            return world->handles[i];
    return NULL;
}
