// SPDX-License-Identifier: MIT
#include "bring.h"

#include "base/arena.h"
#include "host_policy.h"
#include "meant.h"
#include "owners.h"

static bool exists(const struct controller *controller)
{
    return controller && !controller->no_backend && !controller->stale;
}

static bool has_it(const struct topology *topology, const struct journal_step *step)
{
    const struct device *device = meant_device(meant_controller(topology, step), step);
    return device && device_is_given(device);
}

// The other step of the move.
static const struct journal_step *pair_of(const struct journal *journal,
                                          const struct journal_step *step)
{
    const struct journal_step *at = journal->steps;
    while (at && (!at->moves || at->adds || strcmp(at->kind, step->kind) != 0 ||
                  strcmp(at->busid, step->busid) != 0))
        at = at->next;
    return at;
}

struct stray *strays_find(struct arena *arena, const struct journal *journal,
                          const struct topology *topology)
{
    struct stray *first = NULL, **last = &first;
    for (const struct journal_step *to = journal->steps; to; to = to->next) {
        const struct journal_step *from = to->moves && to->adds ? pair_of(journal, to) : NULL;
        if (!from || has_it(topology, from) || (!journal->undoing && has_it(topology, to)))
            continue;
        const struct controller *old = meant_controller(topology, from),
                                *new = meant_controller(topology, to);
        bool back = journal->undoing || !exists(new);
        if (!exists(back ? old : new))
            continue;
        struct stray *stray = arena_new_of(arena, struct stray);
        *stray = (struct stray){ .step = back ? from : to, .controller = back ? old : new };
        *last = stray;
        last = &stray->next;
    }
    return first;
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
            buffer_join(done, ", ", "brought %s to controller %s",
                        *device_busid(at->device) ? device_busid(at->device)
                                                  : device_kind_name(at->device),
                        device_position(arena, at->device));
}

enum status strays_bring(struct world *world, struct host *host, const struct stray *strays,
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
