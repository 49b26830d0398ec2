// SPDX-License-Identifier: MIT
#include "presence.h"

#include "base/arena.h"
#include "host/bind.h"
#include "host/endpoints.h"
#include "place.h"

enum device_state presence_of(const struct presence_facts *facts)
{
    bool plugged = facts->plugged == VERDICT_YES;
    if (facts->plugged == VERDICT_UNKNOWN)
        return DEVICE_UNKNOWN;
    if (plugged && facts->opened == VERDICT_YES && facts->reported != VERDICT_NO) {
        if (!facts->authorized)
            return DEVICE_UNAUTHORIZED;
        if (facts->reported == VERDICT_UNKNOWN)
            return DEVICE_UNKNOWN;
        return facts->configured == VERDICT_NO ? DEVICE_GONE : DEVICE_ATTACHED;
    }
    if (plugged && facts->opened == VERDICT_UNKNOWN && facts->reported != VERDICT_NO)
        return DEVICE_UNKNOWN;
    if (!facts->waits)
        return DEVICE_GONE;
    if (!plugged)
        return DEVICE_WAITING;
    if (!facts->authorized)
        return DEVICE_UNAUTHORIZED;
    if (!facts->fits)
        return DEVICE_MISFIT;
    return facts->held ? DEVICE_HELD : DEVICE_WAITING;
}

// ---- finding the facts ----

struct finding {
    const struct session *session;
    struct topology *topology;
    struct arena *arena;
};

static const struct host_nodes *nodes_of(const struct finding *finding)
{
    struct topology *topology = finding->topology;
    if (!topology->nodes) {
        struct host_nodes *nodes = arena_new_of(finding->arena, struct host_nodes);
        *nodes = host_nodes_of(finding->session, topology->qemu_process);
        topology->nodes = nodes;
    }
    return topology->nodes;
}

// Whether usbback has all interfaces of the device. A device without interfaces is not its.
static enum verdict usbback_has(const struct host_device *there)
{
    const struct host_interface *at = there->interfaces;
    while (at && at->driver && strcmp(at->driver, DRIVER_USBBACK) == 0)
        at = at->next;
    return there->interfaces && !at ? VERDICT_YES : VERDICT_NO;
}

// Whether a handover of the device to usbback, or back, was begun and not finished, by its drivers.
static bool is_partly_handed_over(const struct device *device, const struct host_device *there)
{
    bool has_some = false;
    if (!there || device->controller->pvusb != PVUSB_KERNEL || usbback_has(there))
        return false;
    for (const struct host_interface *at = there->interfaces; at; at = at->next)
        has_some |= at->driver && strcmp(at->driver, DRIVER_USBBACK) == 0;
    return has_some || (there->interfaces && !*there->drivers);
}

// Whether its backend has that device. QEMU detaches the kernel's drivers when it opens a device:
// with one of them QEMU may have the node of a former device at that address, but not this device.
static enum verdict backend_has(const struct finding *finding, const struct device *device,
                                const struct host_device *there)
{
    if (device->controller->pvusb == PVUSB_KERNEL)
        return usbback_has(there);
    if (*there->drivers && !there->held)
        return VERDICT_NO;
    return host_nodes_have(nodes_of(finding), there);
}

// Whether another device of the topology is that host device.
static bool is_taken(const struct topology *topology, const struct host_device *there)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->host == there)
                return true;
    return false;
}

// The host device that this one can be: the one that its backend has; if it has none, one that is
// free, or else the first that matches. NULL if none matches.
static struct host_device *find_match(const struct finding *finding, const struct device *device,
                                      enum verdict *opened)
{
    struct host_device *best = NULL;
    bool best_taken = true;
    *opened = VERDICT_NO;
    const struct host *host = finding->session->host;
    for (struct host_device *at = NULL; (at = host_next(host, &device->selector, at));) {
        if (at->hub)
            continue;
        bool taken = is_taken(finding->topology, at);
        enum verdict has = taken ? VERDICT_NO : backend_has(finding, device, at);
        bool better = !best || (best_taken && !taken) ||
                      (*opened == VERDICT_NO && has != VERDICT_NO) ||
                      (*opened == VERDICT_UNKNOWN && has == VERDICT_YES);
        if (!better || *opened == VERDICT_YES)
            continue;
        best = at;
        best_taken = taken;
        *opened = has;
    }
    return best;
}

// What is plugged in where the device was, if nothing matches it any longer.
static struct host_device *find_now(const struct finding *finding, const struct device *device)
{
    struct selector socket = device->selector;
    socket.criteria &= SELECT_BUSID;
    return host_next(finding->session->host, &socket, NULL);
}

// The speeds of its port; of all ports of its controller if QEMU does not report the port.
static speed_mask speeds_offered(const struct device *device)
{
    const struct controller *controller = device->controller;
    speed_mask speeds = 0;
    if (device->port.depth)
        return controller_port_speeds(controller, device->port);
    for (unsigned i = 1; i <= controller->ports && i <= UINT8_MAX; i++)
        speeds |= controller_port_speeds(controller, (struct port){ 1, { (uint8_t)i } });
    return speeds;
}

// Also true if the port's speeds or the device's endpoints are not known.
static bool fits_port(const struct device *device, const struct host_device *there)
{
    const struct device like = { .kind = DEVICE_HOSTDEV, .host = there, .speed = there->speed };
    speed_mask offered = speeds_offered(device);
    return !offered || place_speeds(&like, offered) || host_endpoints(there).unread;
}

// Who else has the device that is plugged in, for messages; NULL if nobody has, or if that cannot
// be seen.
static const char *other_holder(const struct finding *finding, struct host_device *there)
{
    const struct host_guest guest = topology_guest(finding->topology);
    const struct host_hold *hold = &there->hold;
    host_find_holders(finding->session, &there, 1);
    return hold->holders || hold->driver || hold->unauthorized
               ? host_hold_show(finding->arena, hold, &guest)
               : NULL;
}

// ---- the reasons ----

static const char *backend_of(const struct device *device)
{
    return device->controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU";
}

static bool has_address(const struct selector *given, const struct host_device *device)
{
    return given->bus == device->bus && given->address == device->address;
}

// Why a device is gone. For one that PVUSB has, only its busid is known.
static const char *why_gone(struct arena *arena, const struct device *device)
{
    const struct host_device *now = device->now;
    const struct selector *given = &device->selector;
    if (device->report.ended)
        return device->report.ended;
    if (!device->controller->pvusb && !*device->path)
        return "only in libxl's record; QEMU has nothing at that port";
    if (!now && given->criteria & SELECT_BUSID)
        return arena_printf(arena, "unplugged; %s is empty", given->busid);
    if (!now)
        return "unplugged from this host, or replugged";
    if (device->report.attached == VERDICT_YES && device->report.configured == VERDICT_NO)
        return arena_printf(
            arena,
            "%s now has %s, replugged as %u.%u; QEMU has opened it, but did not tell the guest",
            now->busid, host_device_label(arena, now), now->bus, now->address);
    if (device->partly)
        return arena_printf(arena, "usbback does not have all interfaces of %s (drivers: %s)",
                            now->busid, *now->drivers ? now->drivers : "none");
    if (given->criteria & SELECT_ADDRESS && !has_address(given, now))
        return arena_printf(arena, "%s now has %s, replugged as %u.%u", now->busid,
                            host_device_label(arena, now), now->bus, now->address);
    return arena_printf(arena, "%s now has %s (%u.%u), which %s does not have open", now->busid,
                        host_device_label(arena, now), now->bus, now->address, backend_of(device));
}

static const char *why_waiting(const struct finding *finding, const struct device *device)
{
    const struct host_device *now = device->now;
    if (!now)
        return NULL;
    if (!selector_matches(&device->selector, now))
        return arena_printf(finding->arena, "%s now has another device, %s", now->busid,
                            host_device_label(finding->arena, now));
    return arena_printf(finding->arena, "plugged in as %s, but QEMU has not opened it%s",
                        now->busid,
                        finding->topology->domain->paused ? ", since the guest is paused" : "");
}

static const char *why_unknown(const struct finding *finding, const struct device *device)
{
    if (!finding->session->host)
        return "this host's USB devices could not be read";
    if (device->report.attached == VERDICT_UNKNOWN)
        return device->report.why;
    if (!device->selector.criteria)
        return "QEMU does not report which device it was given";
    return nodes_of(finding)->part.why;
}

static const char *where(struct arena *arena, const struct device *device)
{
    return device->port.depth ? device_position(arena, device)
                              : arena_printf(arena, "controller %s", device->controller->name);
}

static const char *reason_of(const struct finding *finding, const struct device *device,
                             const char *holder)
{
    struct arena *arena = finding->arena;
    const char *busid = device->now ? device->now->busid : "";
    switch (device->state) {
    case DEVICE_GONE:
        return holder ? arena_printf(arena, "%s; %s", why_gone(arena, device), holder)
                      : why_gone(arena, device);
    case DEVICE_WAITING: return why_waiting(finding, device);
    case DEVICE_MISFIT:
        return arena_printf(arena, "plugged in as %s, but %s speed does not fit %s", busid,
                            speed_name(device->now->speed), where(arena, device));
    case DEVICE_HELD: return arena_printf(arena, "plugged in as %s, but %s", busid, holder);
    case DEVICE_UNAUTHORIZED:
        return arena_printf(arena,
                            "%s is not authorized on this host: authorized is 0 in sysfs, as "
                            "usbguard sets it",
                            busid);
    case DEVICE_UNKNOWN: return why_unknown(finding, device);
    case DEVICE_PLANNED:
    case DEVICE_ATTACHED:
    case DEVICE_PRESENT: break;
    }
    return NULL;
}

// ---- settling ----

// Whether the host can be searched for the device.
static enum verdict can_be_found(const struct finding *finding, const struct device *device)
{
    if (!finding->session->host || device->controller->backend_domain)
        return VERDICT_UNKNOWN;
    if (device->selector.criteria)
        return VERDICT_YES;
    return device->report.attached == VERDICT_NO ? VERDICT_NO : VERDICT_UNKNOWN;
}

// Whether attach takes what is plugged in where a device was, and puts it at the same port.
static bool can_return(const struct device *device, const char *holder)
{
    return device->state == DEVICE_GONE && device->now && !device->now->hub && !device->now->busy &&
           !part_is_unreadable(&device->now->use) && !holder && !device->report.ended &&
           fits_port(device, device->now);
}

// Sets what the device could be, and the facts about that; returns it.
static struct host_device *find_facts(const struct finding *finding, const struct device *device,
                                      struct presence_facts *facts)
{
    struct host_device *there = NULL;
    *facts = (struct presence_facts){ .plugged = can_be_found(finding, device),
                                      .reported = device->report.attached,
                                      .configured = device->report.configured,
                                      .waits = device->report.waits };
    if (facts->plugged == VERDICT_YES) {
        there = find_match(finding, device, &facts->opened);
        facts->plugged = there ? VERDICT_YES : VERDICT_NO;
    }
    if (there) {
        facts->authorized = there->interfaces || host_is_authorized(finding->arena, there->busid);
        // That may have to be read from the device.
        facts->fits = facts->opened != VERDICT_NO || fits_port(device, there);
    }
    return there;
}

static bool is_exact(const struct selector *selector)
{
    return selector->criteria & (SELECT_BUSID | SELECT_ADDRESS);
}

static void settle(const struct finding *finding, struct device *device)
{
    struct presence_facts facts;
    struct host_device *there = find_facts(finding, device, &facts);
    const char *holder = NULL;
    if (there && presence_of(&facts) == DEVICE_WAITING)
        holder = other_holder(finding, there);
    facts.held = holder;
    device->state = presence_of(&facts);
    if (device->state == DEVICE_ATTACHED)
        device->host = there;
    else if (device->state == DEVICE_GONE || device->state == DEVICE_WAITING)
        device->now = there =
            there || facts.plugged == VERDICT_UNKNOWN ? there : find_now(finding, device);
    else if (device->state != DEVICE_UNKNOWN || is_exact(&device->selector))
        device->now = there;
    device->speed = device->host ? device->host->speed : SPEED_UNKNOWN;
    if (device->state == DEVICE_GONE && there) {
        holder = other_holder(finding, there);
        host_find_use(finding->session, &there, 1);
    }
    device->partly = device->state == DEVICE_GONE && is_partly_handed_over(device, device->now);
    device->returns = can_return(device, holder);
    device->reason = reason_of(finding, device, holder);
}

void presence_find(const struct session *session, struct topology *topology)
{
    const struct finding finding = { session, topology, session->arena };
    for (struct controller *at = topology->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            if (device->kind == DEVICE_HOSTDEV && device->state != DEVICE_PLANNED)
                device->host = device->now = NULL;
    // First those that can only be one device, so that the others do not match theirs.
    for (int exact = 1; exact >= 0; exact--)
        for (struct controller *at = topology->controllers; at; at = at->next)
            for (struct device *device = at->devices; device; device = device->next)
                if (device->kind == DEVICE_HOSTDEV && device->state != DEVICE_PLANNED &&
                    is_exact(&device->selector) == (exact == 1))
                    settle(&finding, device);
}

bool device_may_have_been(const struct selector *wanted, const struct device *gone)
{
    struct host_device was = { .bus = gone->selector.bus,
                               .address = gone->selector.address,
                               .manufacturer = "",
                               .name = "",
                               .serial = "" };
    struct selector without = *wanted;
    uint16_t vendor, product;
    memcpy(was.busid, device_busid(gone), strlen(device_busid(gone)) + 1);
    if (gone->label && host_label_read(text_of(gone->label), &vendor, &product)) {
        was.vendor = vendor;
        was.product = product;
    }
    without.criteria &= ~(unsigned)SELECT_SERIAL;
    return selector_matches(&without, &was);
}
