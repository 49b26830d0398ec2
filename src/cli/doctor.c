// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "doctor/diagnose.h"
#include "patient.h"
#include "table.h"
#include "xen/xen.h"

enum { XENSTORE_SECONDS = 5 };

static const struct column columns[] = {
    { NULL, "domain", COLUMN_TEXT }, { "", "question", COLUMN_TEXT },
    { "", "answer", COLUMN_TEXT },   { "", "evidence", COLUMN_TEXT },
    { NULL, "mend", COLUMN_TEXT },   { NULL, "attention", COLUMN_FLAG },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void print(const struct invocation *invocation, const struct findings *findings)
{
    struct arena *arena = invocation->arena;
    bool json = invocation->given & OPTION_JSON;
    struct table *table = table_new(arena, columns, COLUMNS);
    for (const struct finding *at = findings->first; at; at = at->next) {
        const char *evidence = json || !at->mend
                                   ? at->evidence
                                   : arena_printf(arena, "%s -> %s", at->evidence, at->mend);
        const char *cells[COLUMNS] = {
            at->domain, at->question, verdict_name(at->answer),
            evidence,   at->mend,     at->attention ? "" : NULL,
        };
        table_row(table, cells);
    }
    if (json) {
        table_print_json(table, stdout);
        return;
    }
    table_print(table, stdout);
    if (!findings->attention)
        puts("Nothing needs attention.");
    else
        printf("%u thing%s attention.\n", findings->attention,
               findings->attention == 1 ? " needs" : "s need");
}

// What is examined, and what was found so far.
struct examination {
    const struct invocation *invocation;
    struct xen *xen;
    struct host_facts host;
    struct findings findings;
    struct problems problems;
};

static void examine_domain(struct examination *examination, const struct domain *domain,
                           bool *looked)
{
    const struct invocation *invocation = examination->invocation;
    struct session session = patient_session(invocation, examination->xen);
    struct domain copy = *domain;
    struct domain_facts facts;
    struct diags ignored;
    cleanup_patient struct patient patient = PATIENT_NONE;
    session.domain = &copy;
    diags_init(&ignored, invocation->arena);
    // Before its QEMU is asked further: an emulated machine that does not answer is not waited for
    // twice, and a guest without one can be looked at in any case.
    facts_of_domain(&session, &facts);
    bool has_machine = domain_has_machine(domain->type);
    if (facts.answers == VERDICT_YES || !has_machine)
        patient_open(&patient, invocation, &ignored, examination->xen, domain,
                     &examination->problems);
    *looked = patient.topology;
    diagnose_domain(invocation->arena, domain, &examination->host, &facts, patient.topology,
                    ignored.first ? ignored.first->message : NULL, &examination->findings);
}

static enum status examine_domains(struct examination *examination)
{
    const struct domain *domains, *all;
    size_t count, living;
    const struct invocation *invocation = examination->invocation;
    struct session session = patient_session(invocation, examination->xen);
    enum status status = patients_find(invocation, examination->xen, &domains, &count);
    if (status != STATUS_OK)
        return status;
    bool *looked = arena_array_of(invocation->arena, bool, count);
    for (size_t i = 0; i < count; i++)
        examine_domain(examination, &domains[i], &looked[i]);
    status = xen_domains(examination->xen, invocation->diags, &all, &living);
    if (status == STATUS_OK)
        status = problems_of_xenstore(&session, all, living, &examination->problems);
    for (size_t i = 0; i < count; i++)
        diagnose_problems(invocation->arena, &domains[i], &examination->problems, looked[i],
                          &examination->findings);
    return status;
}

static enum status run_doctor(const struct invocation *invocation)
{
    struct examination examination = { .invocation = invocation };
    struct arena *arena = invocation->arena;
    cleanup_xen struct xen *xen = NULL;
    enum status status = STATUS_OK;
    findings_init(&examination.findings);
    problems_init(&examination.problems);
    facts_of_host(arena, invocation->timeout_scale, &examination.host);
    diagnose_host(arena, &examination.host, &examination.findings);
    // Without Xen there is still the host; but a domain that was named cannot be looked at.
    if (examination.host.xenstored == PROBE_ANSWERED || invocation->count)
        status =
            xen_open(arena, invocation->diags, XENSTORE_SECONDS * invocation->timeout_scale, &xen);
    examination.xen = xen;
    if (status == STATUS_OK && xen)
        status = examine_domains(&examination);
    if (status != STATUS_REQUEST)
        status = status_worse(status, patient_host(invocation, xen, &examination.problems));
    if (status == STATUS_REQUEST)
        return status;
    diagnose_problems(arena, NULL, &examination.problems, true, &examination.findings);
    print(invocation, &examination.findings);
    return status == STATUS_OK && examination.findings.attention ? STATUS_CHANGES : status;
}

const struct command doctor_command = {
    .name = "doctor",
    .arguments = "[DOMAIN]",
    .summary = "Answer what this host and its domains can do, and what is wrong with them.",
    .details =
        "Every answer is looked up, and said with what it was found by; what cannot be known\n"
        "is said too. Changes nothing. Exits with 10 where something needs attention.",
    .options = OPTION_JSON | OPTION_TIMEOUT,
    .least = 0,
    .most = 1,
    .run = run_doctor,
};
