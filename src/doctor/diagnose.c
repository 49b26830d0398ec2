// SPDX-License-Identifier: MIT
#include "diagnose.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "diagnosing.h"
#include "plan/restorable.h"
#include "xen/advice.h"

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

static enum verdict verdict_of(bool yes)
{
    return yes ? VERDICT_YES : VERDICT_NO;
}

// ---- this host ----

static void answer_xenstored(struct subject *subject, const struct host_facts *facts)
{
    static const struct {
        enum verdict verdict;
        const char *evidence; // the path follows
        const char *fix;      // NULL: nothing is wrong
    } rows[] = {
        [PROBE_ANSWERED] = { VERDICT_YES, "at", NULL },
        [PROBE_ABSENT] = { VERDICT_NO,
                           "not a Xen host, or xenstored is not running: nothing listens at",
                           NULL },
        [PROBE_DENIED] = { VERDICT_UNKNOWN, "no permission to open", "run xenusb as root" },
        [PROBE_TIMEOUT] = { VERDICT_NO, "no answer in time from",
                            "reboot this host: xenstored cannot be restarted on its own" },
        [PROBE_FAILED] = { VERDICT_UNKNOWN, "could not connect to", "run xenusb as root" },
    };
    struct finding *finding =
        answer(subject, "xenstored of this host answers", rows[facts->xenstored].verdict,
               arena_printf(subject->arena, "%s %s", rows[facts->xenstored].evidence,
                            facts->xenstored_path));
    if (facts->xenstored == PROBE_ABSENT && facts->xen_host) {
        finding->evidence = arena_printf(
            subject->arena, "this is a Xen host, but nothing listens at %s", facts->xenstored_path);
        needs_attention(subject, finding,
                        "start Xen's daemons; if xenstored has exited, reboot this host: it cannot "
                        "be restarted on its own");
    }
    if (rows[facts->xenstored].fix)
        needs_attention(subject, finding, rows[facts->xenstored].fix);
}

static const char *xl_evidence(struct arena *arena, const struct toolstack *toolstack)
{
    if (toolstack->libxl)
        return arena_printf(arena, "%s, libxl %s (%s)",
                            toolstack->xl ? toolstack->xl : "program not found", toolstack->libxl,
                            toolstack->library);
    return toolstack->xl ? toolstack->xl : "found neither the program nor libxl";
}

void diagnose_host(struct arena *arena, const struct host_facts *facts, struct findings *findings)
{
    struct subject subject = { arena, NULL, findings };
    answer_xenstored(&subject, facts);
    answer(&subject, "xl is installed on this host", verdict_of(facts->toolstack.xl),
           xl_evidence(arena, &facts->toolstack));
    answer(&subject, "the kernel of this host supports PVUSB (usbback)", verdict_of(facts->usbback),
           facts->usbback ? "/sys/bus/usb/drivers/usbback"
                          : "/sys/bus/usb/drivers/usbback does not exist");
    answer(&subject, "QEMU on this host supports PVUSB", facts->toolstack.qemu_has_pvusb,
           facts->toolstack.qemu_why);
    diagnose_watcher(&subject, &facts->watch);
}

// ---- the QEMU of a domain ----

static bool has_kind(const struct topology *topology, enum pvusb_backend kind)
{
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next)
        if (at->pvusb == kind && !at->backend_domain)
            return true;
    return false;
}

static bool can_start_qemu(const struct topology *topology)
{
    return topology && topology->pvusb_qemu && !topology->pvusb_qemu->runs;
}

// The command that starts a PVUSB QEMU for that controller; NULL if there is none.
static const char *start_for(struct arena *arena, const struct domain *domain,
                             const struct controller *controller)
{
    if (!can_start_qemu(controller->topology) || !controller_uses_pvusb_qemu(controller))
        return NULL;
    return advice(arena, ADVICE_SERVE, domain, controller_word(arena, controller));
}

// The same for any controller of the domain, or with a new one.
static const char *start_of(struct arena *arena, const struct domain *domain,
                            const struct topology *topology)
{
    const char *start = NULL;
    if (!can_start_qemu(topology))
        return NULL;
    for (const struct controller *at = topology->controllers; at && !start; at = at->next)
        start = start_for(arena, domain, at);
    return start ? start : advice(arena, ADVICE_START_QEMU, domain, NULL);
}

static void answer_qemu(struct subject *subject, const struct domain *domain,
                        const struct domain_facts *facts, const struct topology *topology)
{
    struct finding *finding =
        answer(subject, arena_printf(subject->arena, "QEMU of %s answers", domain->name),
               facts->answers, facts->why);
    bool needed =
        domain->qmp_socket || domain_has_machine(domain->type) || has_kind(topology, PVUSB_QEMU);
    if (facts->answers == VERDICT_YES || !needed)
        return;
    if (facts->answers == VERDICT_UNKNOWN)
        needs_attention(subject, finding,
                        "run xenusb as root while nothing else is connected to it");
    else {
        const char *start = start_of(subject->arena, domain, topology);
        needs_attention(subject, finding,
                        arena_printf(subject->arena, "see /var/log/xen/qemu-dm-%s.log; %s%s",
                                     domain->name, start ? start : "restart ",
                                     start ? "" : domain->name));
    }
}

static void answer_offer(struct subject *subject, const struct domain_diagnosis *known)
{
    struct arena *arena = subject->arena;
    const struct domain *domain = known->domain;
    const struct topology *topology = known->topology;
    const struct domain_facts *facts = known->facts;
    struct finding *finding = answer(
        subject, arena_printf(arena, "QEMU of %s offers PVUSB", domain->name), facts->offers,
        facts->offers == VERDICT_NO ? arena_printf(arena, "%s does not exist", facts->offered)
                                    : facts->offered);
    // An HVM guest can use emulated controllers; any other has no USB without this.
    bool needed = has_kind(topology, PVUSB_QEMU) ||
                  (!domain_has_machine(domain->type) && !known->host->usbback);
    if (facts->offers != VERDICT_NO || !needed)
        return;
    const char *start = start_of(arena, domain, topology);
    if (start)
        needs_attention(subject, finding, start);
    else
        needs_attention(subject, finding,
                        arena_printf(arena,
                                     "restart %s with usbctrl=['type=qusb,...'] in its config",
                                     domain->name));
}

static void answer_pvusb_hotplug(struct subject *subject, const struct domain *domain,
                                 const struct topology *topology)
{
    struct arena *arena = subject->arena;
    const char *question =
        arena_printf(arena, "a PVUSB controller can be hot-plugged into %s", domain->name);
    const struct pvusb_supply *pvusb = topology ? &topology->pvusb : NULL;
    if (!pvusb || !pvusb->known)
        answer(subject, question, VERDICT_UNKNOWN, "it could not be examined");
    else if (!pvusb->no_kernel)
        answer(subject, question, VERDICT_YES, "through usbback");
    else if (!pvusb->no_qemu)
        answer(subject, question, VERDICT_YES, "through its QEMU (qusb)");
    else {
        struct finding *finding =
            answer(subject, question, VERDICT_NO,
                   arena_printf(arena, "%s; %s", pvusb->no_qemu, pvusb->no_kernel));
        const char *start = start_of(arena, domain, topology);
        finding->fix = start ? start : pvusb->advice;
    }
}

// ---- controllers ----

static void answer_hotplug(struct subject *subject, const struct domain *domain,
                           const struct topology *topology)
{
    struct arena *arena = subject->arena;
    const char *question =
        arena_printf(arena, "emulated controllers can be hot-plugged into %s", domain->name);
    struct buffer list = buffer_in(arena);
    const struct plugging *plugging = topology ? &topology->plugging : NULL;
    if (!domain_has_machine(domain->type)) {
        answer(subject, question, VERDICT_NO, "it has no emulated machine");
        return;
    }
    if (!plugging || !plugging->known) {
        answer(subject, question, VERDICT_UNKNOWN, "could not ask its QEMU");
        return;
    }
    for (size_t i = 0; controller_models[i].name; i++)
        if (plugging->models >> i & 1)
            buffer_join(&list, ", ", "%s", controller_models[i].name);
    if (!plugging->slots || !list.size)
        answer(subject, question, VERDICT_NO,
               !plugging->slots && plugging->why_not
                   ? plugging->why_not
                   : "its QEMU has no model that can be hot-plugged");
    else
        answer(subject, question, VERDICT_YES,
               arena_printf(arena, "%s; room for %u", buffer_string(&list), plugging->slots));
}

static void answer_usb1(struct subject *subject, const struct controller *controller)
{
    struct arena *arena = subject->arena;
    unsigned taking = 0, first = 0;
    const char *question =
        arena_printf(arena, "controller %s accepts USB 1.1 devices", controller->name);
    const char *model = controller->model ? controller->model->name : controller->driver;
    for (unsigned port = 1; port <= controller->ports; port++) {
        struct port place = { 1, { (uint8_t)port } };
        if ((controller_port_speeds(controller, place) & SPEEDS_USB1) != SPEEDS_USB1)
            continue;
        first = first ? first : port;
        taking++;
    }
    if (!controller->model || !controller->ports)
        answer(subject, question, VERDICT_UNKNOWN,
               arena_printf(arena, "the port speeds of %s are not known", model));
    else if (taking == controller->ports)
        answer(subject, question, VERDICT_YES,
               arena_printf(arena, "%s: all %u ports accept low and full speed", model, taking));
    else if (taking)
        answer(subject, question, VERDICT_YES,
               arena_printf(arena,
                            "%s: %u of %u ports accept low and full speed, the first is port %u",
                            model, taking, controller->ports, first));
    else
        answer(subject, question, VERDICT_NO,
               arena_printf(arena,
                            "%s without companions does not accept low and full speed: use "
                            "usbversion=3",
                            model));
}

static const char *frontend_question(struct arena *arena, const struct domain *domain,
                                     const struct controller *controller)
{
    return arena_printf(arena, "frontend of %s at controller %s is connected", domain->name,
                        controller->name);
}

static void answer_no_backend(struct subject *subject, const struct domain *domain,
                              const struct controller *controller)
{
    struct arena *arena = subject->arena;
    const char *start = start_for(arena, domain, controller);
    const char *removal = advice(arena, ADVICE_REMOVE_CONTROLLER, domain, controller->name);
    needs_attention(subject,
                    answer(subject, frontend_question(arena, domain, controller), VERDICT_NO,
                           arena_printf(arena, "no backend serves it: %s", controller->no_backend)),
                    start ? arena_printf(arena, "%s; %s", start, removal) : removal);
}

static void answer_frontend(struct subject *subject, const struct domain *domain,
                            const struct controller *controller)
{
    struct arena *arena = subject->arena;
    enum xenbus_state frontend = controller->frontend_state, backend = controller->backend_state;
    bool connected = frontend == XENBUS_CONNECTED && backend == XENBUS_CONNECTED;
    const char *evidence = arena_printf(
        arena, "%s: frontend %s (state %d), backend %s (state %d)",
        controller->pvusb == PVUSB_KERNEL ? "PVUSB through usbback" : "PVUSB through QEMU",
        xenbus_state_name(frontend), (int)frontend, xenbus_state_name(backend), (int)backend);
    struct finding *finding = answer(subject, frontend_question(arena, domain, controller),
                                     verdict_of(connected), evidence);
    if (connected)
        return;
    // A frontend waits until something takes up its backend.
    bool unserved = backend == XENBUS_INITIALISING || backend == XENBUS_UNKNOWN;
    bool guest_at_fault = !unserved && frontend != XENBUS_CONNECTED;
    finding->evidence = arena_printf(
        arena, "%s; for how long is unknown (xenstore keeps no times): %s", evidence,
        guest_at_fault ? xenbus_frontend_meaning(frontend) : xenbus_backend_meaning(backend));
    if (unserved)
        needs_attention(subject, finding,
                        advice(arena, ADVICE_REMOVE_CONTROLLER, domain, controller->name));
    else if (!domain->paused) // a paused guest cannot connect
        needs_attention(subject, finding,
                        guest_at_fault ? "load xen-hcd in the guest" : "see the backend's log");
}

static void answer_frontends(struct subject *subject, const struct domain *domain,
                             const struct topology *topology)
{
    bool any = false;
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next) {
        if (!at->pvusb)
            continue;
        (at->no_backend ? answer_no_backend : answer_frontend)(subject, domain, at);
        any = true;
    }
    if (!any)
        answer(subject,
               arena_printf(subject->arena, "%s has a connected PVUSB frontend", domain->name),
               topology ? VERDICT_NO : VERDICT_UNKNOWN,
               topology ? "libxl's record has no PVUSB controller" : "it could not be examined");
}

static void answer_restorable(struct subject *subject, const struct domain *domain,
                              const struct topology *topology)
{
    struct arena *arena = subject->arena;
    const struct restorable restorable =
        topology ? restorable_of(arena, topology)
                 : (struct restorable){ VERDICT_UNKNOWN, "it could not be examined", false };
    struct finding *finding =
        answer(subject, arena_printf(arena, "%s can be saved and restored", domain->name),
               restorable.verdict, restorable.why);
    finding->notable = restorable.verdict == VERDICT_NO;
    if (finding->notable)
        finding->fix = restorable.parkable
                           ? advice(arena, ADVICE_PARK, domain, NULL)
                           : "detach and remove that before it is saved or migrated";
}

void diagnose_domain(struct arena *arena, const struct domain_diagnosis *known,
                     struct findings *findings)
{
    const struct domain *domain = known->domain;
    const struct topology *topology = known->topology;
    struct subject subject = { arena, domain->name, findings };
    answer_qemu(&subject, domain, known->facts, topology);
    if (!topology && known->why_not)
        needs_attention(&subject,
                        answer(&subject, arena_printf(arena, "%s can be examined", domain->name),
                               VERDICT_NO, known->why_not),
                        "try again, perhaps with a larger --timeout");
    answer_offer(&subject, known);
    answer_pvusb_hotplug(&subject, domain, topology);
    answer_hotplug(&subject, domain, topology);
    answer_restorable(&subject, domain, topology);
    answer_frontends(&subject, domain, topology);
    for (const struct controller *at = topology ? topology->controllers : NULL; at; at = at->next)
        if (!at->stale)
            answer_usb1(&subject, at);
    diagnose_wanted(&subject, &known->host->watch, domain);
}

// ---- problems ----

static const char *symptom(const struct problem *problem)
{
    switch (problem->kind) {
    case PROBLEM_HANDOVER: return "handed over only partly";
    case PROBLEM_ORPHAN: return "without a driver";
    case PROBLEM_UNKNOWN_CONTROLLER:
    case PROBLEM_UNKNOWN_DEVICE: return "not recorded";
    case PROBLEM_SAVED: return "incomplete";
    case PROBLEM_JOURNAL: return "not finished";
    default: return "stale";
    }
}

void diagnose_unread(struct arena *arena, const char *question, const char *why,
                     struct findings *findings)
{
    struct subject subject = { arena, NULL, findings };
    needs_attention(&subject,
                    answer(&subject, question, VERDICT_UNKNOWN,
                           arena_printf(arena, "could not be looked at: %s", why)),
                    NULL);
}

static void answer_symptom(struct subject *subject, const char *question, enum verdict verdict,
                           const char *evidence)
{
    answer(subject, question, verdict, evidence)->symptom = true;
}

void diagnose_problems(struct arena *arena, const struct domain *domain,
                       const struct problems *problems, const struct part *unread,
                       struct findings *findings)
{
    int id = domain ? domain->id : -1;
    struct subject subject = { arena, domain ? domain->name : NULL, findings };
    bool any = false;
    for (const struct problem *at = problems->first; at; at = at->next) {
        if (at->domain != id)
            continue;
        struct finding *finding =
            answer(&subject, arena_printf(arena, "%s: %s", at->what, symptom(at)),
                   at->unknown ? VERDICT_UNKNOWN : VERDICT_YES, at->why);
        needs_attention(&subject, finding, at->fix);
        any |= domain || problem_scope(at) == SCOPE_HOST;
    }
    if (part_is_unreadable(unread) && domain)
        answer_symptom(&subject, arena_printf(arena, "records of %s are stale", subject.domain),
                       VERDICT_UNKNOWN, "it could not be examined");
    else if (part_is_unreadable(unread))
        diagnose_unread(arena, "host devices have lost their drivers", unread->why, findings);
    else if (!any && domain)
        answer_symptom(&subject, arena_printf(arena, "records of %s are stale", domain->name),
                       VERDICT_NO, "they match what is there");
    else if (!any)
        answer_symptom(&subject, "host devices have lost their drivers", VERDICT_NO,
                       "each has a driver or an owner, or the kernel has no driver for it");
}
