// SPDX-License-Identifier: MIT
#include "bring.h"

#include "base/arena.h"
#include "host_policy.h"
#include "meant.h"
#include "owners.h"
#include "record/record.h"

static bool exists(const struct controller *controller)
{
    return controller && !controller->no_backend && !controller->stale;
}

static bool has_it(const struct topology *topology, const struct journal_step *step)
{
    const struct device *device = meant_device(meant_controller(topology, step), step);
    return device && device_is_given(device);
}

// The other step of the move; NULL if it is in another domain.
static const struct journal_step *pair_of(const struct journal *journal,
                                          const struct journal_step *step)
{
    const struct journal_step *at = journal->steps;
    while (at && (!at->moves || at->adds == step->adds || strcmp(at->kind, step->kind) != 0 ||
                  strcmp(at->busid, step->busid) != 0))
        at = at->next;
    return at;
}

static bool is_claimed(const struct record_claim *claims, const char *busid, int but)
{
    while (claims && (claims->open || claims->domain == but || strcmp(claims->busid, busid) != 0))
        claims = claims->next;
    return claims;
}

// The step for the place where the device of a removal shall be; NULL if it is at one.
static const struct journal_step *target_of(const struct journal *journal,
                                            const struct topology *topology,
                                            const struct journal_step *from,
                                            const struct record_claim *claims)
{
    const struct journal_step *to = pair_of(journal, from);
    if (has_it(topology, from))
        return NULL;
    if (!to)
        return is_claimed(claims, from->busid, topology->domain->id) ? NULL : from;
    if (!journal->undoing && has_it(topology, to))
        return NULL;
    return journal->undoing || !exists(meant_controller(topology, to)) ? from : to;
}

enum status strays_find(const struct session *session, const struct journal *journal,
                        const struct topology *topology, struct stray **strays)
{
    struct record_claim *claims = NULL;
    struct stray **last = strays;
    *strays = NULL;
    enum status status = journal->to > 0 ? record_claims(session, &claims) : STATUS_OK;
    for (const struct journal_step *at = journal->steps; at && status == STATUS_OK; at = at->next) {
        const struct journal_step *step =
            at->moves && !at->adds ? target_of(journal, topology, at, claims) : NULL;
        const struct controller *controller = step ? meant_controller(topology, step) : NULL;
        if (!exists(controller))
            continue;
        struct stray *stray = arena_new_of(session->arena, struct stray);
        *stray = (struct stray){ .step = step, .controller = controller };
        *last = stray;
        last = &stray->next;
    }
    return status;
}

// As attach would be asked for it.
static struct config_device *wanted_of(struct arena *arena, const struct stray *stray)
{
    const struct span all = { 0, 1 };
    struct config_device *device = arena_new_of(arena, struct config_device);
    const struct device_model *model = device_model_named(text_of(stray->step->kind));
    *device = (struct config_device){ .origin = ORIGIN_USBCONTROLLER,
                                      .why = all,
                                      .kind = model ? model->kind : DEVICE_OTHER,
                                      .selector_at = all,
                                      .port = stray->step->port,
                                      .port_at = all };
    device->controller_name = (struct config_text){ all, text_of(stray->controller->name) };
    device->selector.criteria = *stray->step->busid ? SELECT_BUSID : 0;
    memcpy(device->selector.busid, stray->step->busid, strlen(stray->step->busid) + 1);
    return device;
}

static struct config *config_of(struct arena *arena, const struct stray *strays)
{
    static const char *const word = "what a killed command was moving";
    struct config *config = arena_new_of(arena, struct config);
    struct config_device **last = &config->devices;
    config->source = source_from_words(arena, "<journal>", &word, 1);
    config->from_command_line = true;
    for (const struct stray *at = strays; at; at = at->next) {
        *last = wanted_of(arena, at);
        last = &(*last)->next;
        config->device_count++;
    }
    return config;
}

static void say(struct arena *arena, const struct plan *plan, struct buffer *done)
{
    for (const struct step *at = plan->first; at; at = at->next)
        if (at->op == STEP_ADD && at->state == STEP_DONE)
            buffer_join(done, ", ", "brought %s to %s",
                        *device_busid(at->device) ? device_busid(at->device)
                                                  : device_kind_name(at->device),
                        device_position(arena, at->device));
}

static enum status bring(struct world *world, struct host *host, const struct stray *strays,
                         const struct execution *execution, struct buffer *done)
{
    struct session *session = &world->session;
    struct plan plan;
    const struct config *config = config_of(session->arena, strays);
    owners_find_claims(session, host);
    owners_find_asked(session, config, &world->topology, host);
    const struct plan_options options = { .backends = world->backends,
                                          .policy = host_policy(session->arena) };
    enum status status = plan_make(session->diags, config, &world->topology, host, &options, &plan);
    if (status == STATUS_OK)
        status = execute(session, &plan, execution);
    say(session->arena, &plan, done);
    return status;
}

enum status strays_bring(const struct world_options *options, struct xen *xen,
                         const struct domain *domain, const struct stray *strays,
                         const struct execution *execution, struct buffer *done)
{
    cleanup_world struct world world = WORLD_NONE;
    struct host host;
    const struct world_common common = { .xen = xen, .host = &host };
    enum status status = host_look(options->arena, options->diags, &host);
    if (status == STATUS_OK)
        status = world_open_domain(&world, options, &common, domain);
    return status == STATUS_OK ? bring(&world, &host, strays, execution, done) : status;
}
