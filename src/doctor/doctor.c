// SPDX-License-Identifier: MIT
#include "doctor.h"

#include "base/arena.h"
#include "examine.h"

// What has been found so far.
struct diagnosis {
    const struct examination *examination;
    const struct host_facts *host;
    struct problems problems;
    struct findings *findings;
};

// `host` may be NULL: then only the domain's QEMU is asked. *looked: the look at the domain
// succeeded.
static void diagnose_one(struct diagnosis *diagnosis, const struct host *host,
                         const struct domain *domain, bool *looked)
{
    struct arena *arena = diagnosis->examination->options->arena;
    struct domain copy = *domain;
    struct session session = examination_session(diagnosis->examination, &copy);
    struct domain_facts facts;
    struct diags diags;
    cleanup_examined struct examined examined = EXAMINED_NONE;
    diags_init(&diags, arena);
    // If the QEMU of an emulated machine does not answer, do not wait for it a second time. A guest
    // without one can be examined in any case.
    facts_of_domain(&session, &facts);
    if (host && (facts.answers == VERDICT_YES || !domain_has_machine(domain->type)))
        examine_domain(diagnosis->examination, host, domain, &diags, &examined,
                       &diagnosis->problems);
    *looked = examined.complete;
    // What can be added is an answer and not a condition: without it, that alone is unknown.
    for (const struct backend *at = examined.world.backends; *looked && at->ops; at++)
        (void)backend_supply(at, &examined.world.topology);
    const struct domain_diagnosis known = {
        .domain = domain,
        .host = diagnosis->host,
        .facts = &facts,
        .topology = examined.complete ? &examined.world.topology : NULL,
        .why_not = diags.first ? diags.first->message : NULL,
    };
    diagnose_domain(arena, &known, diagnosis->findings);
}

static enum status diagnose_domains(struct diagnosis *diagnosis)
{
    const struct examination *examination = diagnosis->examination;
    struct arena *arena = examination->options->arena;
    bool *looked = arena_array_of(arena, bool, examination->count);
    struct host host;
    enum status status = host_look(arena, examination->options->diags, &host);
    const struct host *read = status == STATUS_OK ? &host : NULL;
    for (size_t i = 0; i < examination->count; i++)
        diagnose_one(diagnosis, read, &examination->domains[i], &looked[i]);
    status = status_worse(status, examine_xenstore(examination, &diagnosis->problems));
    for (size_t i = 0; i < examination->count; i++)
        diagnose_problems(arena, &examination->domains[i], &diagnosis->problems, looked[i],
                          diagnosis->findings);
    return status;
}

enum status doctor_run(const struct doctor_options *options, struct findings *findings)
{
    struct host_facts host;
    cleanup_examination struct examination examination = { .options = options };
    struct diagnosis diagnosis = { &examination, &host, { 0 }, findings };
    enum status status = STATUS_OK;
    findings_init(findings);
    problems_init(&diagnosis.problems);
    facts_of_host(options->arena, options->timeout_scale, &host);
    diagnose_host(options->arena, &host, findings);
    // Without Xen there is still the host, unless a domain was asked for.
    if (host.xenstored == PROBE_ANSWERED || options->domain) {
        status = examination_open(&examination, options, true);
        examination.toolstack = &host.toolstack;
        if (status == STATUS_OK)
            status = diagnose_domains(&diagnosis);
        if (status == STATUS_REQUEST)
            return status;
    }
    status = status_worse(status, examine_host(&examination, &diagnosis.problems));
    diagnose_problems(options->arena, NULL, &diagnosis.problems, true, findings);
    return status;
}
