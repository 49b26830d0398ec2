// SPDX-License-Identifier: MIT
#include "diagnose.h"

#include "base/arena.h"

void findings_init(struct findings *findings)
{
    *findings = (struct findings){ .last = &findings->first };
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_NO] = "no", [VERDICT_YES] = "yes", [VERDICT_UNKNOWN] = "cannot know"
    };
    return names[verdict];
}

struct asking {
    struct arena *arena;
    const char *domain;
    struct findings *findings;
};

static struct finding *answer(struct asking *asking, const char *question, enum verdict verdict,
                              const char *evidence)
{
    struct finding *finding = arena_new_of(asking->arena, struct finding);
    finding->domain = asking->domain;
    finding->question = question;
    finding->answer = verdict;
    finding->evidence = evidence;
    *asking->findings->last = finding;
    asking->findings->last = &finding->next;
    return finding;
}

static void needs_attention(struct asking *asking, struct finding *finding, const char *mend)
{
    finding->attention = true;
    finding->mend = mend;
    asking->findings->attention++;
}

static enum verdict verdict_of(bool yes)
{
    return yes ? VERDICT_YES : VERDICT_NO;
}

// ---- this host ----

static void answer_xenstored(struct asking *asking, const struct host_facts *facts)
{
    static const struct {
        enum verdict verdict;
        const char *words;
        const char *mend; // NULL: as it may well be
    } rows[] = {
        [PROBE_ANSWERED] = { VERDICT_YES, "at %s", NULL },
        [PROBE_ABSENT] = { VERDICT_NO,
                           "nobody listens at %s: this is no Xen host, or it does not "
                           "run",
                           NULL },
        [PROBE_DENIED] = { VERDICT_UNKNOWN, "no permission for %s", "run xenusb as root" },
        [PROBE_TIMEOUT] = { VERDICT_NO, "no answer in time at %s",
                            "restart this host: xenstored cannot be restarted alone" },
        [PROBE_FAILED] = { VERDICT_UNKNOWN, "%s cannot be asked", "run xenusb as root" },
    };
    const char *words = rows[facts->xenstored].words;
    struct finding *finding =
        answer(asking, "xenstored of this host answers", rows[facts->xenstored].verdict,
               arena_printf(asking->arena, "%.*s%s%s", (int)(strstr(words, "%s") - words), words,
                            facts->xenstored_path, strstr(words, "%s") + 2));
    if (rows[facts->xenstored].mend)
        needs_attention(asking, finding, rows[facts->xenstored].mend);
}

void diagnose_host(struct arena *arena, const struct host_facts *facts, struct findings *findings)
{
    struct asking asking = { arena, NULL, findings };
    answer_xenstored(&asking, facts);
    answer(&asking, "xl is on this host", verdict_of(facts->toolstack.xl),
           facts->toolstack.libxl
               ? arena_printf(arena, "%s, libxl %s (%s)",
                              facts->toolstack.xl ? facts->toolstack.xl : "no program of that name",
                              facts->toolstack.libxl, facts->toolstack.library)
               : (facts->toolstack.xl ? facts->toolstack.xl
                                      : "neither the program nor libxl was found"));
    answer(&asking, "this host has PVUSB by kernel (usbback)", verdict_of(facts->usbback),
           facts->usbback ? "/sys/bus/usb/drivers/usbback"
                          : "/sys/bus/usb/drivers/usbback is not there");
    answer(&asking, "QEMU on this host can do PVUSB", facts->toolstack.qemu_can,
           facts->toolstack.qemu_why);
}

// ---- the QEMU of a domain ----

static bool has_kind(const struct topology *topology, enum pvusb_backend kind)
{
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next)
        if (at->pvusb == kind && !at->backend_domain)
            return true;
    return false;
}

static bool has_machine(const struct domain *domain)
{
    return domain_has_machine(domain->type);
}

// How it comes to have a QEMU again.
static const char *restart_of(struct arena *arena, const struct domain *domain,
                              const struct topology *topology)
{
    if (topology && topology->server)
        return "xenusb apply --start-backend starts another";
    return arena_printf(arena, "start %s anew", domain->name);
}

static void answer_qemu(struct asking *asking, const struct domain *domain,
                        const struct domain_facts *facts, const struct topology *topology)
{
    struct finding *finding =
        answer(asking, arena_printf(asking->arena, "QEMU of %s answers", domain->name),
               facts->answers, facts->why);
    bool needed = domain->qmp_socket || has_machine(domain) || has_kind(topology, PVUSB_QEMU);
    if (facts->answers == VERDICT_YES || !needed)
        return;
    if (facts->answers == VERDICT_UNKNOWN)
        needs_attention(asking, finding, "run xenusb as root, when nobody else talks to it");
    else
        needs_attention(asking, finding,
                        arena_printf(asking->arena, "/var/log/xen/qemu-dm-%s.log may tell why; %s",
                                     domain->name, restart_of(asking->arena, domain, topology)));
}

static void answer_offer(struct asking *asking, const struct domain *domain,
                         const struct host_facts *host, const struct domain_facts *facts,
                         const struct topology *topology)
{
    struct arena *arena = asking->arena;
    struct finding *finding =
        answer(asking, arena_printf(arena, "QEMU of %s offers PVUSB", domain->name), facts->offers,
               facts->offers == VERDICT_NO ? arena_printf(arena, "%s is not there", facts->offered)
                                           : facts->offered);
    // What an HVM guest has are emulated controllers; another has this or nothing.
    if (facts->offers == VERDICT_NO &&
        (has_kind(topology, PVUSB_QEMU) || (!has_machine(domain) && !host->usbback)))
        needs_attention(asking, finding,
                        topology && topology->server
                            ? "xenusb apply --start-backend starts one"
                            : arena_printf(arena,
                                           "start %s with usbctrl=['type=qusb,...'] in its config",
                                           domain->name));
}

static void answer_pvusb_hotplug(struct asking *asking, const struct domain *domain,
                                 const struct topology *topology)
{
    struct arena *arena = asking->arena;
    const char *question =
        arena_printf(arena, "a PVUSB controller can be hot-plugged into %s", domain->name);
    const struct pvusb_supply *pvusb = topology ? &topology->pvusb : NULL;
    if (!pvusb || !pvusb->known)
        answer(asking, question, VERDICT_UNKNOWN, "it could not be looked at");
    else if (!pvusb->no_kernel)
        answer(asking, question, VERDICT_YES, "by usbback");
    else if (!pvusb->no_qemu)
        answer(asking, question, VERDICT_YES, "by its QEMU (qusb)");
    else
        answer(asking, question, VERDICT_NO,
               arena_printf(arena, "%s; %s", pvusb->no_qemu, pvusb->no_kernel))
            ->mend = pvusb->advice;
}

// ---- controllers ----

static void answer_hotplug(struct asking *asking, const struct domain *domain,
                           const struct topology *topology)
{
    struct arena *arena = asking->arena;
    const char *question =
        arena_printf(arena, "emulated controllers can be hot-plugged into %s", domain->name);
    const char *list = "";
    const struct plugging *plugging = topology ? &topology->plugging : NULL;
    if (!has_machine(domain)) {
        answer(asking, question, VERDICT_NO, "it has no emulated machine");
        return;
    }
    if (!plugging || !plugging->known) {
        answer(asking, question, VERDICT_UNKNOWN, "its QEMU could not be asked");
        return;
    }
    for (size_t i = 0; controller_models[i].name; i++)
        if (plugging->models >> i & 1)
            list =
                arena_printf(arena, "%s%s%s", list, *list ? ", " : "", controller_models[i].name);
    if (!plugging->slots || !*list)
        answer(asking, question, VERDICT_NO,
               !plugging->slots && plugging->why_not ? plugging->why_not
                                                     : "its QEMU has no model that plugs");
    else
        answer(asking, question, VERDICT_YES,
               arena_printf(arena, "%s; room for %u", list, plugging->slots));
}

static void answer_usb1(struct asking *asking, const struct controller *controller)
{
    struct arena *arena = asking->arena;
    unsigned taking = 0, first = 0;
    const char *question =
        arena_printf(arena, "a USB 1.1 device can go to controller %s", controller->name);
    const char *model = controller->model ? controller->model->name : controller->driver;
    for (unsigned port = 1; port <= controller->ports; port++) {
        struct port place = { 1, { (uint8_t)port } };
        if ((controller_port_speeds(controller, place) & SPEEDS_USB1) != SPEEDS_USB1)
            continue;
        first = first ? first : port;
        taking++;
    }
    if (!controller->model || !controller->ports)
        answer(asking, question, VERDICT_UNKNOWN,
               arena_printf(arena, "what its ports take is not known of %s", model));
    else if (taking == controller->ports)
        answer(asking, question, VERDICT_YES,
               arena_printf(arena, "%s: all %u ports take low and full speed", model, taking));
    else if (taking)
        answer(asking, question, VERDICT_YES,
               arena_printf(arena, "%s: %u of %u ports take low and full speed, port %u first",
                            model, taking, controller->ports, first));
    else
        answer(asking, question, VERDICT_NO,
               arena_printf(arena,
                            "%s without companions takes no low and full speed: use "
                            "usbversion=3",
                            model));
}

static const char *frontend_question(struct arena *arena, const struct domain *domain,
                                     const struct controller *controller)
{
    return arena_printf(arena, "frontend of %s at controller %s is connected", domain->name,
                        controller->name);
}

static void answer_no_backend(struct asking *asking, const struct domain *domain,
                              const struct controller *controller)
{
    struct arena *arena = asking->arena;
    needs_attention(asking,
                    answer(asking, frontend_question(arena, domain, controller), VERDICT_NO,
                           arena_printf(arena, "nobody serves it: %s", controller->no_backend)),
                    arena_printf(arena,
                                 "xenusb apply --start-backend starts a QEMU for it; xenusb "
                                 "controller remove %s %s takes it away",
                                 domain->name, controller->name));
}

static void answer_frontend(struct asking *asking, const struct domain *domain,
                            const struct controller *controller)
{
    struct arena *arena = asking->arena;
    enum xenbus_state frontend = controller->frontend_state, backend = controller->backend_state;
    bool connected = frontend == XENBUS_CONNECTED && backend == XENBUS_CONNECTED;
    const char *evidence = arena_printf(
        arena, "%s: frontend %s (state %d), backend %s (state %d)",
        controller->pvusb == PVUSB_KERNEL ? "PVUSB by kernel" : "PVUSB by QEMU",
        xenbus_state_name(frontend), (int)frontend, xenbus_state_name(backend), (int)backend);
    struct finding *finding = answer(asking, frontend_question(arena, domain, controller),
                                     verdict_of(connected), evidence);
    if (connected)
        return;
    // A frontend waits for as long as nobody has taken its backend up.
    bool untaken = backend == XENBUS_INITIALISING || backend == XENBUS_UNKNOWN;
    bool guests = !untaken && frontend != XENBUS_CONNECTED;
    finding->evidence = arena_printf(
        arena, "%s, since when cannot be known (xenstore keeps no times): %s", evidence,
        guests ? xenbus_frontend_meaning(frontend) : xenbus_backend_meaning(backend));
    if (untaken)
        needs_attention(asking, finding,
                        arena_printf(arena, "xenusb controller remove %s %s takes it away",
                                     domain->name, controller->name));
    else if (!domain->paused) // a guest that cannot run yet has not failed at anything
        needs_attention(asking, finding,
                        guests ? "load xen-hcd in the guest" : "see the backend's log");
}

static void answer_frontends(struct asking *asking, const struct domain *domain,
                             const struct topology *topology)
{
    bool any = false;
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next) {
        if (!at->pvusb)
            continue;
        (at->no_backend ? answer_no_backend : answer_frontend)(asking, domain, at);
        any = true;
    }
    if (!any)
        answer(asking,
               arena_printf(asking->arena, "%s has a connected PVUSB frontend", domain->name),
               topology ? VERDICT_NO : VERDICT_UNKNOWN,
               topology ? "libxl's record has no PVUSB controller" : "it could not be looked at");
}

void diagnose_domain(struct arena *arena, const struct domain *domain,
                     const struct host_facts *host, const struct domain_facts *facts,
                     const struct topology *topology, const char *why_not,
                     struct findings *findings)
{
    struct asking asking = { arena, domain->name, findings };
    answer_qemu(&asking, domain, facts, topology);
    if (!topology && why_not)
        needs_attention(&asking,
                        answer(&asking, arena_printf(arena, "%s can be looked at", domain->name),
                               VERDICT_NO, why_not),
                        "try again, with more --timeout perhaps");
    answer_offer(&asking, domain, host, facts, topology);
    answer_pvusb_hotplug(&asking, domain, topology);
    answer_hotplug(&asking, domain, topology);
    answer_frontends(&asking, domain, topology);
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next)
        if (!at->stale)
            answer_usb1(&asking, at);
}

// ---- what can be mended ----

static const char *ill_as(const struct problem *problem)
{
    switch (problem->kind) {
    case PROBLEM_ORPHAN: return "without driver";
    case PROBLEM_UNKNOWN_CONTROLLER:
    case PROBLEM_UNKNOWN_DEVICE: return "in no record";
    default: return "stale";
    }
}

void diagnose_problems(struct arena *arena, const struct domain *domain,
                       const struct problems *problems, bool looked, struct findings *findings)
{
    int id = domain ? domain->id : -1;
    struct asking asking = { arena, domain ? domain->name : NULL, findings };
    bool any = false;
    for (const struct problem *at = problems->first; at; at = at->next) {
        if (at->domain != id)
            continue;
        struct finding *finding = answer(
            &asking, arena_printf(arena, "%s: %s", at->what, ill_as(at)), VERDICT_YES, at->why);
        needs_attention(&asking, finding, at->mend);
        any |= domain || at->kind == PROBLEM_ORPHAN;
    }
    if (!looked)
        answer(&asking, arena_printf(arena, "records of %s are stale", asking.domain),
               VERDICT_UNKNOWN, "it could not be looked at");
    else if (!any && domain)
        answer(&asking, arena_printf(arena, "records of %s are stale", domain->name), VERDICT_NO,
               "they agree with what was looked at");
    else if (!any)
        answer(&asking, "host devices have lost their drivers", VERDICT_NO,
               "each has one, or has an owner, or none is known for it");
}
