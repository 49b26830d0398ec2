// SPDX-License-Identifier: MIT
#include "doctor.h"

#include "base/arena.h"
#include "examine.h"
#include "xen/xen.h"

// What has been found so far.
struct diagnosis {
    struct look look;
    const struct host_facts *host;
    struct problems problems;
    struct findings *findings;
};

// Returns whether the look at the domain succeeded.
static bool diagnose_one(struct diagnosis *diagnosis, size_t number)
{
    struct examination *examination = diagnosis->look.examination;
    struct arena *arena = examination->options->arena;
    struct survey *survey = &diagnosis->look.survey;
    struct domain *domain = &survey->domains[number];
    const struct session session = examination_session(examination, domain);
    struct domain_facts facts;
    struct diags diags;
    cleanup_examined struct examined examined = EXAMINED_NONE;
    const double began = clock_now();
    diags_init(&diags, arena);
    facts_of_domain(&session, &facts);
    survey_asked(survey, number, began);
    // If the QEMU of an emulated machine does not answer, do not wait for it a second time. A guest
    // without one can be examined in any case.
    if (facts.answers == VERDICT_YES || !domain_has_machine(domain->type) ||
        xen_qemu_exited(examination->xen, domain))
        examine_domain(&diagnosis->look, number, &diags, &examined, &diagnosis->problems);
    else if (domain->qmp_socket)
        examination_not_asked(examination, domain);
    // What can be added is an answer and not a condition: without it, that alone is unknown.
    for (const struct backend *at = examined.world.backends; examined.complete && at->ops; at++)
        (void)backend_supply(at, &examined.world.topology);
    const struct domain_diagnosis known = {
        .domain = domain,
        .host = diagnosis->host,
        .facts = &facts,
        .topology = examined.complete ? &examined.world.topology : NULL,
        .why_not = diags.first ? diags.first->message : NULL,
    };
    diagnose_domain(arena, &known, diagnosis->findings);
    return examined.complete;
}

static void diagnose_domains(struct diagnosis *diagnosis)
{
    const struct examination *examination = diagnosis->look.examination;
    struct arena *arena = examination->options->arena;
    bool *looked = arena_array_of(arena, bool, examination->count);
    for (size_t i = 0; i < examination->count; i++)
        looked[i] = diagnose_one(diagnosis, i);
    if (examine_xenstore(&diagnosis->look, &diagnosis->problems) != STATUS_OK)
        diagnose_unread(arena, "xenstore has records of domains that no longer exist",
                        diags_reason(examination->options->diags, "xenstore failed"),
                        diagnosis->findings);
    for (size_t i = 0; i < examination->count; i++) {
        const struct part part = looked[i] ? part_read() : part_unreadable("");
        diagnose_problems(arena, &examination->domains[i], &diagnosis->problems, &part,
                          diagnosis->findings);
    }
}

// If xenstored did not answer, it is not asked a second time.
static enum status find_domains(struct examination *examination,
                                const struct doctor_options *options, const struct host_facts *host)
{
    if (host->xenstored == PROBE_ANSWERED)
        return examination_open(examination, options);
    *examination = (struct examination){ .options = options };
    if (!options->domain && !host->xen_host)
        return STATUS_OK;
    enum status status = xen_complain_probe(options->diags, host->xenstored_path, host->xenstored,
                                            host->xenstored_seconds);
    examination->store = part_unreadable(diags_reason(options->diags, "xenstored failed"));
    return status;
}

// What could not be looked at is a finding, not a failure, unless a domain was asked for.
enum status doctor_run(const struct doctor_options *options, struct findings *findings)
{
    struct host_facts host;
    struct diags quiet;
    struct doctor_options own = *options;
    cleanup_examination struct examination examination = { .options = &own };
    struct diagnosis diagnosis = { .host = &host, .findings = findings };
    findings_init(findings);
    problems_init(&diagnosis.problems);
    diags_init(&quiet, options->arena);
    if (!options->domain)
        own.diags = &quiet;
    facts_of_host(options->arena, options->timeout_scale, &host);
    diagnose_host(options->arena, &host, findings);
    enum status status = find_domains(&examination, &own, &host);
    if (status == STATUS_REQUEST)
        return status;
    examination.toolstack = &host.toolstack;
    look_begin(&diagnosis.look, &examination);
    if (part_is_unreadable(&examination.store))
        diagnose_unread(options->arena, "domains of this host need attention",
                        examination.store.why, findings);
    else if (examination.store.state == PART_READ)
        diagnose_domains(&diagnosis);
    examine_host(&diagnosis.look, &diagnosis.problems);
    diagnose_problems(options->arena, NULL, &diagnosis.problems, &diagnosis.look.devices, findings);
    return options->domain ? status : STATUS_OK;
}
