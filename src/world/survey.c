// SPDX-License-Identifier: MIT
#include "survey.h"

#include "base/arena.h"
#include "qemu/qmp_client.h"
#include "qemu/qmp_probe.h"

// A QEMU that takes so much of its time limit to answer, or to fail, makes the others be probed:
// qmp_connect() gives up after a fifth if nothing listens.
#define SLOW (QMP_CONNECT_SECONDS / 5 * 0.9)
// Those that pass the probe and then do not answer either are not asked any more after this time.
#define PATIENCE_SECONDS (2 * QMP_ANSWER_SECONDS)

void survey_init(struct survey *survey, const struct world_options *options,
                 const struct world_common *common, const struct domain *domains, size_t count)
{
    *survey = (struct survey){
        .options = *options,
        .common = *common,
        .domains = arena_array_of(options->arena, struct domain, count),
        .count = count,
    };
    for (size_t i = 0; i < count; i++)
        survey->domains[i] = domains[i];
}

static void give_up(struct survey *survey, size_t from)
{
    for (size_t i = from; i < survey->count; i++)
        if (survey->domains[i].qmp_socket && !survey->domains[i].qemu_silent)
            survey->domains[i].qemu_silent = arena_printf(
                survey->options.arena, "QEMU at %s was not asked: others did not answer for %.0f s",
                survey->domains[i].qmp_socket, survey->waited);
}

static void probe(struct survey *survey, size_t from)
{
    struct arena *arena = survey->options.arena;
    struct qmp_probe *probes = arena_array_of(arena, struct qmp_probe, survey->count);
    struct domain **probed = arena_array_of(arena, struct domain *, survey->count);
    size_t count = 0;
    for (size_t i = from; i < survey->count; i++) {
        struct domain *domain = &survey->domains[i];
        if (!domain->qmp_socket || domain->qemu_silent)
            continue;
        probed[count] = domain;
        probes[count++].socket = domain->qmp_socket;
    }
    if (count)
        qmp_probe(arena, probes, count, survey->options.timeout_scale);
    for (size_t i = 0; i < count; i++) {
        probed[i]->qemu_silent = probes[i].why;
        probed[i]->qemu_exited = probes[i].exited;
    }
}

void survey_asked(struct survey *survey, size_t number, double began)
{
    const double scale = survey->options.timeout_scale;
    const double taken = clock_now() - began;
    if (!survey->domains[number].qmp_socket || taken < SLOW * scale)
        return;
    survey->waited += taken;
    if (survey->waited < PATIENCE_SECONDS * scale)
        probe(survey, number + 1);
    else
        give_up(survey, number + 1);
}

enum status survey_open(struct survey *survey, size_t number, struct diags *diags,
                        struct world *world)
{
    struct world_options options = survey->options;
    const double began = clock_now();
    options.diags = diags;
    enum status status =
        world_open_domain(world, &options, &survey->common, &survey->domains[number]);
    survey_asked(survey, number, began);
    return status;
}
